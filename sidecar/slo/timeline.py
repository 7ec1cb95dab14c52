"""The engine's clock: it goes on as time elapses, whatever happens to the wall clock.

It is set by the wall clock once, at the first tick of all, and carried on by the machine's time since boot
(CLOCK_BOOTTIME, which counts suspension too). Only a reboot has to ask the wall clock how long it took, and then the
clock stands still rather than go back.
"""

from __future__ import annotations

from typing import NamedTuple

from sidecar.model.duration import SECOND
from sidecar.model.windows import SavedClock


class Instant(NamedTuple):
    """What the machine's clocks say at one moment."""

    boot_id: str
    boottime_nanos: int
    unix_nanos: int


class Timeline:
    """Now, for windows, across restarts."""

    def __init__(self, saved: SavedClock | None = None) -> None:
        self._last = saved
        self.moved_nanos = 0
        """How far the wall clock is ahead of this one, in whole seconds: what it was set by since the first tick."""

    def now(self, instant: Instant) -> int:
        """Return the time, never before one returned earlier. Nanoseconds since the Unix epoch, as it was at first."""
        last = self._last
        if last is None:
            now = instant.unix_nanos
        elif last.boot_id == instant.boot_id:
            now = last.now_nanos + max(instant.boottime_nanos - last.boottime_nanos, 0)
        else:
            now = max(last.now_nanos, instant.unix_nanos)
        self._last = SavedClock(instant.boot_id, instant.boottime_nanos, now)
        self.moved_nanos = round((instant.unix_nanos - now) / SECOND) * SECOND
        return now

    def saved(self) -> SavedClock | None:
        """Return what an instance in a later life is to begin with."""
        return self._last
