"""Attacks and bad input, each by its row in the table of docs/how-it-works.md: `python -m tests.hazards` measures them."""
