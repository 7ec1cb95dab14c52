"""Attacks and bad input, by their rows in docs/how-it-works.md: `make prove ARGS="hazards"` measures what they cost."""
