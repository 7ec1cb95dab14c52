"""What the machine's clocks say: the wall clock, which may be moved, and the time since boot, which may not."""

from __future__ import annotations

import time

from sidecar.slo.timeline import Instant

_BOOT_ID = "/proc/sys/kernel/random/boot_id"


class MachineClock:
    """Tells one boot from the next by the kernel's own id of it; where there is none, by the wall clock alone."""

    def __init__(self) -> None:
        try:
            with open(_BOOT_ID, encoding="ascii") as handle:
                self._boot_id = handle.read().strip()
        except OSError:
            # No two lives then share a boot, so that the next one asks the wall clock how long it took.
            self._boot_id = f"unknown-{time.time_ns()}"

    def now(self) -> Instant:
        """Return this moment. CLOCK_BOOTTIME goes on while the machine sleeps."""
        return Instant(self._boot_id, time.clock_gettime_ns(time.CLOCK_BOOTTIME), time.time_ns())
