"""The user's YAML, typed, and the policy made of it. Only `files` is light enough for control to import."""
