"""/api/v1/snapshot: one tick as JSON, a file for the keys of each section.

A key without data is absent, never 0 or null.
"""
