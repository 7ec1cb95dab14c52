"""The user's YAML, typed, and the policy made of it. Only `files` is light enough for control to import."""

import os

# Pydantic looks for plugins by reading the metadata of every installed package: 20 ms in a small environment, far more
# in an image with hundreds of them, and traffic waits for it.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
