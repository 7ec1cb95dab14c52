"""The windows of one series of events, from minutes to the whole period, over rings of coarser and coarser slots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sidecar.model.duration import MINUTE
from sidecar.model.windows import RINGS, Slot
from sidecar.slo.ring import Ring, Sums, Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# The finest ring that can tell one minute from the next.
_MINUTES_RING = 1


class Windows:
    """Each window is read off the finest ring that reaches back so far."""

    __slots__ = ("_bad_minute", "_counts", "_dirty", "_minutes", "_rings", "now")

    def __init__(self, lengths: Iterable[int], longest_nanos: int, now: int) -> None:
        """Empty at `now`; nothing is kept for longer than `longest_nanos`, and no length may be longer than that."""
        lengths = sorted(set(lengths))
        spans = [min(size.span_nanos, longest_nanos) for size in RINGS]
        used = [at for at in range(len(RINGS)) if at == 0 or spans[at] > spans[at - 1]]
        # A shorter period needs no coarser ring, and minutes are told by the second in any case.
        used = sorted({*used, _MINUTES_RING})
        place = {
            nanos: next(at for at in used if nanos <= RINGS[at].span_nanos) for nanos in lengths
        }
        self.now = now
        self._rings: dict[int, Ring] = {}
        for at in used:
            counted = {nanos for nanos in lengths if place[nanos] == at}
            # What the first ring counts by slots of seconds has its minutes counted in the next.
            shadows = {nanos for nanos in lengths if place[nanos] < at == _MINUTES_RING}
            shadows = {nanos for nanos in shadows if nanos >= RINGS[at].slot_nanos}
            self._rings[at] = Ring(RINGS[at].slot_nanos, spans[at], sorted(counted | shadows), now)
        self._counts = {nanos: self._found(place[nanos], nanos) for nanos in lengths}
        self._minutes = {
            nanos: self._found(max(place[nanos], _MINUTES_RING), nanos)
            for nanos in lengths
            if nanos >= MINUTE
        }
        self._bad_minute = -1
        self._dirty: set[tuple[int, int]] = set()

    def _found(self, at: int, nanos: int) -> tuple[Ring, Window]:
        ring = self._rings[at]
        return ring, next(each for each in ring.windows if each.nanos == nanos)

    def advance(self, now: int) -> None:
        """Go on to `now`; what is before the last one is taken as the last one."""
        self.now = max(now, self.now)
        for ring in self._rings.values():
            ring.advance(self.now)

    def add(self, good: int, bad: int) -> None:
        """Count events that happened now."""
        minute = self.now // MINUTE
        fresh = int(bad > 0 and minute != self._bad_minute)
        if fresh:
            self._bad_minute = minute
        for at, ring in self._rings.items():
            ring.add(good, bad, fresh)
            self._dirty.add((at, ring.current))

    def sums(self, nanos: int) -> Sums:
        """Return what lies in the window of this length."""
        ring, window = self._counts[nanos]
        sums = ring.sums(window, self.now)
        by_minute = self._minutes.get(nanos)
        if by_minute is None or by_minute[0] is ring:
            return sums
        ring, window = by_minute
        return sums._replace(bad_minutes=ring.sums(window, self.now).bad_minutes)

    def total(self) -> tuple[int, int]:
        """Return how many good and bad events there are, as far back as anything is kept."""
        coarsest = max(self._rings)
        slots = list(self._rings[coarsest].slots(coarsest, 0))
        return sum(slot.good for slot in slots), sum(slot.bad for slot in slots)

    def lengths(self) -> tuple[int, ...]:
        """Return the lengths of all windows, ascending."""
        return tuple(self._counts)

    def take_changed(self) -> list[Slot]:
        """Return the slots that changed since this was last asked, as they are now."""
        changed = [self._rings[at].slot(at, number) for at, number in sorted(self._dirty)]
        self._dirty.clear()
        return changed

    def all_slots(self) -> list[Slot]:
        """Return every slot in which something happened."""
        self._dirty.clear()
        return [slot for at, ring in self._rings.items() for slot in ring.slots(at, 0)]

    def join(self, slots: Sequence[Slot]) -> None:
        """Add what was counted and saved elsewhere, slot by slot; what is otherwise than there is to be saved."""
        ours = {(slot.ring, slot.number): slot for slot in self.all_slots()}
        joined = dict(ours)
        for slot in slots:
            place = slot.ring, slot.number
            joined[place] = _sum(slot, ours[place]) if place in ours else slot
        self.fill(list(joined.values()), self.now)
        self._dirty = set(ours)

    def fill(self, slots: Sequence[Slot], now: int) -> None:
        """Begin with the slots of an earlier life; a ring that there was not begins with those of the finer one."""
        self.now = now
        by_ring: dict[int, list[Slot]] = {at: [] for at in range(len(RINGS))}
        for slot in slots:
            by_ring.get(slot.ring, []).append(slot)
        for at, ring in self._rings.items():
            if not by_ring[at] and at > _MINUTES_RING:
                by_ring[at] = _coarser(by_ring[at - 1], at)
            ring.fill(by_ring[at], now)
        bad = [slot.number for slot in by_ring[_MINUTES_RING] if slot.bad]
        self._bad_minute = max(bad, default=-1)


def _sum(one: Slot, other: Slot) -> Slot:
    """Return a slot that holds both. In which minutes something was bad is not told, so perhaps in the same ones."""
    ring, number, good, bad, minutes = one
    most = max(RINGS[ring].slot_nanos // MINUTE, 1)
    together = min(minutes + other.bad_minutes, most)
    return Slot(ring, number, good + other.good, bad + other.bad, together)


def _coarser(slots: Iterable[Slot], ring: int) -> list[Slot]:
    """Return the slots of a ring that hold what those of the finer one before it hold."""
    ratio = RINGS[ring].slot_nanos // RINGS[ring - 1].slot_nanos
    found: dict[int, Slot] = {}
    for _, number, good, bad, minutes in slots:
        at = number // ratio
        held = found.get(at, Slot(ring, at, 0, 0, 0))
        found[at] = Slot(ring, at, held.good + good, held.bad + bad, held.bad_minutes + minutes)
    return list(found.values())
