"""What engines see of the store."""

from __future__ import annotations

from typing import Protocol


class Store(Protocol):
    """Values by key. What was written during a tick takes effect in one piece, at its end."""

    def read(self, key: str) -> bytes | None:
        """Return what was last written under a key, in this life or an earlier one."""

    def write(self, key: str, value: bytes) -> None:
        """Replace what is under a key, with the next commit; an empty value forgets it."""

    def commit(self) -> None:
        """Make the writes since the last commit outlive this process, all of them or none."""

    def close(self) -> None:
        """Give back what the store holds. What was not committed is lost."""
