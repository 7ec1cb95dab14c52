"""Attacks and bad input, by their rows in docs/how-it-works.md: `python -m tests.hazards` measures what they cost."""
