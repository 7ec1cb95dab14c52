"""The command `wayside`: parse, call, print. What each command does lives elsewhere."""

from __future__ import annotations

from sidecar.cli.main import main

__all__ = ["main"]
