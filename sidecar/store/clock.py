"""Where the clock of the windows stood, for the next life of control."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sidecar.model.windows import SavedClock

if TYPE_CHECKING:
    from sidecar.store.face import Store

KEY = "slo/clock"


def read_clock(store: Store) -> SavedClock | None:
    """Return what was written last; None: nothing, or nothing that can be read."""
    try:
        boot_id, boottime_nanos, now_nanos = json.loads(store.read(KEY) or b"")
        if not all(
            type(nanos) is int and 0 <= nanos < 2**63 for nanos in (boottime_nanos, now_nanos)
        ):
            return None
        return SavedClock(str(boot_id), boottime_nanos, now_nanos)
    except (ValueError, TypeError, RecursionError):
        return None


def write_clock(store: Store, clock: SavedClock | None) -> None:
    """Write where it stands, with the next commit."""
    if clock is not None:
        plain = [clock.boot_id, clock.boottime_nanos, clock.now_nanos]
        store.write(KEY, json.dumps(plain).encode())
