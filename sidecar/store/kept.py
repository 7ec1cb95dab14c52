"""The tap's memory as a store: outlives control, not the tap. For where there is no disk, as in Kubernetes.

The tap holds 1 MiB in all and refuses what would pass that: it counts the refusal and goes on holding the value before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sidecar.model.log import Log

# Nothing larger could be kept, and a frame far above it would be no frame of the seam.
MAX_VALUE_BYTES = 1 << 20


class KeptStore:
    """Begins with what the tap gave back in its hello."""

    def __init__(
        self, kept: Mapping[str, bytes], keep: Callable[[str, bytes], None], log: Log
    ) -> None:
        """`keep` hands a value to the tap."""
        self._values = dict(kept)
        self._keep = keep
        self._log = log
        self._written: dict[str, bytes] = {}

    def read(self, key: str) -> bytes | None:
        """See Store."""
        return self._written.get(key, self._values.get(key)) or None

    def write(self, key: str, value: bytes) -> None:
        """See Store."""
        if len(value) > MAX_VALUE_BYTES:
            self._log.error(
                "state is too large for the tap to keep", key=key, value_bytes=len(value)
            )
        elif self.read(key) != (value or None):
            self._written[key] = value

    def commit(self) -> None:
        """See Store. Only what has changed travels, what is forgotten first: it makes room."""
        written, self._written = self._written, {}
        for key, value in sorted(written.items(), key=lambda each: bool(each[1])):
            self._keep(key, value)
        self._values.update(written)

    def close(self) -> None:
        """See Store."""
