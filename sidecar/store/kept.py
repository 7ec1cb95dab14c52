"""The tap's memory as a store: outlives control, not the tap. For where there is no disk, as in Kubernetes.

The tap holds 1 MiB in all and refuses what would pass that: it counts the refusal and goes on holding the value before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class KeptStore:
    """Begins with what the tap gave back in its hello."""

    def __init__(self, kept: Mapping[str, bytes], keep: Callable[[str, bytes], None]) -> None:
        """`keep` hands a value to the tap."""
        self._values = dict(kept)
        self._keep = keep
        self._written: dict[str, bytes] = {}

    def read(self, key: str) -> bytes | None:
        """See Store."""
        return self._written.get(key, self._values.get(key)) or None

    def write(self, key: str, value: bytes) -> None:
        """See Store."""
        if self.read(key) != (value or None):
            self._written[key] = value

    def commit(self) -> None:
        """See Store. Only what has changed travels."""
        written, self._written = self._written, {}
        for key, value in written.items():
            self._keep(key, value)
        self._values.update(written)

    def close(self) -> None:
        """See Store."""
