"""What whoever has something to tell needs of the log."""

from __future__ import annotations

from typing import Protocol


class Log(Protocol):
    """Lines for people, each with fields; the process that writes them decides how they look."""

    def info(self, message: str, **fields: object) -> None:
        """Something a reader of the log wants to know."""

    def warning(self, message: str, **fields: object) -> None:
        """Something that works less well than asked for."""

    def error(self, message: str, **fields: object) -> None:
        """Something that does not work."""
