"""What engines see of the store."""

from __future__ import annotations

from typing import Protocol


class Store(Protocol):
    """Values by key, written during a tick and kept at its end.

    Each value is kept whole or stays as it was. What must agree belongs under one key: only a disk keeps several in one
    piece.
    """

    def read(self, key: str) -> bytes | None:
        """Return what was last written under a key, in this life or an earlier one; None where it cannot be read."""

    def write(self, key: str, value: bytes) -> None:
        """Replace what is under a key, with the next commit; an empty value forgets it."""

    def commit(self) -> None:
        """Make the writes since the last commit outlive this process."""

    def close(self) -> None:
        """Give back what the store holds. What was not committed is lost."""
