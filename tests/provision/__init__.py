"""Fetching what the tests need, and the one rule about what happens when it is not there."""
