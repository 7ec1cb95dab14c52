"""A mixed load for as long as one likes, and a verdict on what grew: `python -m tests.soak [SECONDS]`."""
