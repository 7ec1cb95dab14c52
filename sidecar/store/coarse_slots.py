"""Six hours of a series in a few coarse slots, the older the coarser, and back into rings.

The second ring is what counts: its minutes reach back over all of it. Of the newest minutes the first ring tells more,
where it tells the same. Coarse slots do not overlap: every event is in one of them, and of their sums nothing is lost.

Going back, the events of a coarse slot are taken to have happened in its middle, and those of n bad minutes in n
minutes around it, one in each and the rest in the middle one. None is put later than the newest that was known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sidecar.model.windows import RINGS, Slot
from sidecar.store.slot_table import PLACES, SlotTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SECONDS_RING, MINUTES_RING = 0, 1
# The shortest slots; all times here are counted in these.
UNITS_PER_MINUTE = RINGS[MINUTES_RING].slot_nanos // RINGS[SECONDS_RING].slot_nanos
# How long a coarse slot may be, in units: 10 s, 1 min, 5 min, 15 min and 1 h. Each divides the next.
LENGTHS = (1, 6, 30, 90, 360)
# Minutes that are told in seconds.
_NEWEST_MINUTES = 5


class Coarse(NamedTuple):
    """A coarse slot: where it begins and how long it is, in units since the epoch, and what lies in it."""

    begin: int
    units: int
    good: int
    bad: int
    bad_minutes: int


class Grain(NamedTuple):
    """How coarse: minutes of a slot, for what is older than so many minutes. The last step takes all the rest."""

    steps: tuple[tuple[int, int], ...]
    with_seconds: bool = True


# From the finest to the coarsest; what is oldest is made coarser first.
GRAINS = (
    Grain(((5, 60), (1, 0))),
    Grain(((15, 60), (1, 0))),
    Grain(((60, 60), (5, 60), (1, 0))),
    Grain(((60, 60), (5, 30), (1, 0))),
    Grain(((60, 60), (5, 5), (1, 0))),
    Grain(((60, 60), (5, 5), (1, 0)), with_seconds=False),
    Grain(((60, 60), (5, 0)), with_seconds=False),
    Grain(((60, 0),), with_seconds=False),
)


class Fine(NamedTuple):
    """The slots of a series that count, by number, and the newest unit of which anything is known."""

    seconds: dict[int, Slot]
    minutes: dict[int, Slot]
    newest: int


def fine(slots: Iterable[Slot]) -> Fine:
    """Sort the slots of a series; of two with one number the later one counts."""
    rings: tuple[dict[int, Slot], dict[int, Slot]] = ({}, {})
    for slot in slots:
        if slot.ring <= MINUTES_RING and (slot.good or slot.bad):
            rings[slot.ring][slot.number] = slot
    seconds, minutes = rings
    newest = max(
        max(seconds, default=0),
        max(minutes, default=0) * UNITS_PER_MINUTE,
    )
    oldest = newest // UNITS_PER_MINUTE - PLACES[MINUTES_RING]
    return Fine(seconds, {at: slot for at, slot in sorted(minutes.items()) if at > oldest}, newest)


def coarsened(known: Fine, grain: Grain) -> list[Coarse]:
    """Return what a series holds in coarse slots, ascending."""
    found: dict[int, list[int]] = {}  # begin: units, good, bad, bad minutes
    newest = known.newest // UNITS_PER_MINUTE
    for at, slot in known.minutes.items():
        is_new = grain.with_seconds and newest - at < _NEWEST_MINUTES
        if is_new and (seconds := _seconds_of(at, slot, known.seconds)):
            found.update((each.number, [1, each.good, each.bad, 0]) for each in seconds)
            continue
        minutes = _minutes_at(at, newest, grain)
        begin = at // minutes * minutes * UNITS_PER_MINUTE
        held = found.setdefault(begin, [minutes * UNITS_PER_MINUTE, 0, 0, 0])
        held[1] += slot.good
        held[2] += slot.bad
        held[3] += slot.bad > 0
    return [Coarse(begin, *held) for begin, held in found.items()]


def _minutes_at(minute: int, newest: int, grain: Grain) -> int:
    """Return how long the slot is that a minute falls into: the longest that is old enough as a whole."""
    for minutes, older_than in grain.steps[:-1]:
        if newest - (minute // minutes * minutes + minutes - 1) >= older_than:
            return minutes
    return grain.steps[-1][0]


def _seconds_of(minute: int, slot: Slot, seconds: dict[int, Slot]) -> Sequence[Slot]:
    """Return a minute by seconds; nothing where they do not add up to it."""
    first = minute * UNITS_PER_MINUTE
    parts = [seconds[at] for at in range(first, first + UNITS_PER_MINUTE) if at in seconds]
    good, bad = sum(each.good for each in parts), sum(each.bad for each in parts)
    return parts if (good, bad) == (slot.good, slot.bad) else ()


def refined(slots: Iterable[Coarse], newest: int) -> SlotTable:
    """Return slots of all rings that hold what coarse ones hold, each event once in each ring."""
    rings: list[dict[int, tuple[int, int, int]]] = [{} for _ in RINGS]
    bad_minutes: set[int] = set()
    for slot in slots:
        for unit, good, bad in _spread(slot, newest):
            # The first in its minute, as slots come in the order of time.
            minute = unit // UNITS_PER_MINUTE
            fresh = int(bad > 0 and minute not in bad_minutes)
            if fresh:
                bad_minutes.add(minute)
            for ring, size in enumerate(RINGS):
                at = unit * RINGS[0].slot_nanos // size.slot_nanos
                held = rings[ring].get(at, (0, 0, 0))
                rings[ring][at] = (held[0] + good, held[1] + bad, held[2] + fresh)
    oldest = newest - PLACES[SECONDS_RING]
    return SlotTable(
        Slot(ring, at, *counts)
        for ring, by_number in enumerate(rings)
        for at, counts in sorted(by_number.items())
        if ring != SECONDS_RING or at > oldest
    )


def _spread(slot: Coarse, newest: int) -> Iterable[tuple[int, int, int]]:
    """Yield when the events of a coarse slot are taken to have happened: unit, good, bad."""
    if slot.units < UNITS_PER_MINUTE:
        yield slot.begin, slot.good, slot.bad
        return
    # What is put out of the ring's reach is lost the next time.
    now, first = newest // UNITS_PER_MINUTE, slot.begin // UNITS_PER_MINUTE
    end = min(first + slot.units // UNITS_PER_MINUTE, now + 1)
    first = max(first, now + 1 - PLACES[MINUTES_RING])
    spread = max(slot.bad_minutes, 1)
    begin = (first + end - spread) // 2
    middle = begin + spread // 2
    for minute in range(begin, begin + spread):
        unit = min(minute * UNITS_PER_MINUTE + UNITS_PER_MINUTE // 2, newest)
        if minute == middle:
            yield unit, slot.good, slot.bad - (spread - 1)
        else:
            yield unit, 0, 1
