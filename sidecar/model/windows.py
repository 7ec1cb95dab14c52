"""The rings in which events are kept, and what one series of them must find again in its next life.

A window of some length is read off the finest ring that is long enough for it. Numbers of slots count from the Unix
epoch on the engine's own clock (sidecar/slo/timeline.py), which no change of the wall clock moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sidecar.model.duration import DAY, HOUR, MINUTE, SECOND

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_PERIOD_NANOS = 92 * DAY
# Without a disk: what fits into the tap's memory, coarsened (design section 7, *Two scopes*).
LONGEST_WITHOUT_DISK_NANOS = 6 * HOUR


class RingSize(NamedTuple):
    """How finely a ring keeps events, and how far back."""

    slot_nanos: int
    span_nanos: int


# The last one's span is the objective's period.
RINGS = (
    RingSize(10 * SECOND, HOUR),
    RingSize(MINUTE, 6 * HOUR),
    RingSize(5 * MINUTE, 3 * DAY),
    RingSize(HOUR, MAX_PERIOD_NANOS),
)


class Slot(NamedTuple):
    """What one slot of one ring holds."""

    ring: int  # place in RINGS
    number: int  # slot = time // slot_nanos
    good: int
    bad: int
    bad_minutes: int  # minutes of it in which something was bad; of the first ring 0 or 1


class SeriesKey(NamedTuple):
    """Whose events they are: an objective's, or one model's of an objective that is counted by model."""

    objective_id: str
    model: str  # empty: the objective's as a whole


@dataclass(frozen=True, slots=True)
class SavedSeries:
    """What one series is to find again. `slots` are those that changed since it was last saved, or all of them."""

    key: SeriesKey
    epoch_unix_nanos: int  # the tap's life in which the cumulative counts below were read
    good: int
    bad: int
    excluded: int
    last_traffic_nanos: int  # engine's clock; 0 = never
    since_nanos: int  # engine's clock: from here on events are known
    firing: tuple[tuple[str, int], ...] = ()  # (tier, since on the engine's clock)
    pending: tuple[tuple[str, int], ...] = ()  # the same of what has not lasted long enough to fire
    slots: Sequence[Slot] = ()


@dataclass(frozen=True, slots=True)
class SavedClock:
    """Where the engine's clock stood, and by what it is carried on: see sidecar/slo/timeline.py."""

    boot_id: str
    boottime_nanos: int
    now_nanos: int
