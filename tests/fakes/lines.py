"""A log that remembers what it was told."""

from __future__ import annotations


class Lines:
    """See sidecar/model/log.py."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.fields: list[dict[str, object]] = []

    def info(self, message: str, **fields: object) -> None:
        """Any level: tests look at messages."""
        self.lines.append(message)
        self.fields.append(fields)

    warning = error = info
