"""Series for tests of the store, as an engine would save them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sidecar.model.windows import RINGS, SavedSeries, SeriesKey, Slot

KEY = SeriesKey("0123456789abcdef", "resnet50")
# In units of 10 s: some moment of the year 2030, in the middle of a minute.
NOW = 190_000_005
PER_MINUTE = 6


def saved(
    slots: Sequence[Slot] = (), *, key: SeriesKey = KEY, good: int = 0, bad: int = 0
) -> SavedSeries:
    """A series with some history."""
    return SavedSeries(
        key,
        epoch_unix_nanos=1_900_000_000_123_456_789,
        good=good,
        bad=bad,
        excluded=7,
        last_traffic_nanos=NOW * RINGS[0].slot_nanos,
        since_nanos=1_800_000_000_000_000_001,
        firing=(("page-fast", NOW * RINGS[0].slot_nanos),),
        pending=(("stalled", 5),),
        slots=slots,
    )


def rings(events: Iterable[tuple[int, int, int]]) -> list[Slot]:
    """Count events (unit of 10 s, good, bad) into all rings, as the engine does: each once in each ring."""
    found: dict[tuple[int, int], tuple[int, int, int]] = {}
    bad_minutes: set[int] = set()
    for unit, good, bad in sorted(events):
        minute = unit // PER_MINUTE
        fresh = int(bad > 0 and minute not in bad_minutes)
        if fresh:
            bad_minutes.add(minute)
        for ring, size in enumerate(RINGS):
            at = ring, unit * RINGS[0].slot_nanos // size.slot_nanos
            held = found.get(at, (0, 0, 0))
            found[at] = held[0] + good, held[1] + bad, held[2] + fresh
    return [Slot(*at, *counts) for at, counts in found.items()]


def sums(slots: Iterable[Slot], ring: int) -> tuple[int, int, int]:
    """Add up good, bad and bad minutes of one ring."""
    inside = [slot for slot in slots if slot.ring == ring]
    return (
        sum(slot.good for slot in inside),
        sum(slot.bad for slot in inside),
        sum(slot.bad_minutes for slot in inside),
    )
