"""Which tick of which tap everything else is about."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Moment:
    """Counts are cumulative since `epoch_unix_nanos`, the tap's start."""

    tick: int  # counts ticks of this life of control: a cache key
    version: str
    tap_version: str
    epoch_unix_nanos: int
    sequence: int
    at_unix_nanos: int  # wall clock, for display only
    uptime_nanos: int  # monotonic, for ages
