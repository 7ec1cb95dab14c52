"""A ring of slots, and the sums of the windows that are read off it, kept as the slots come and go.

A window reaches back from now by its length. Slots that lie in it count whole, of the oldest one the share that still
does: events are taken as spread evenly over a slot. Sums are therefore told times `slot_nanos`, in whole numbers.

Adding costs one addition for the ring and one for each window; a slot that leaves costs one subtraction. Neither
depends on how long a window is.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, NamedTuple

from sidecar.model.windows import Slot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# The slot that now lies in, and the oldest one of which a part is left.
_PARTIAL_SLOTS = 2


class Sums(NamedTuple):
    """What lies in a window, times `scale`; the exact numbers are these, divided by it."""

    good: int
    bad: int
    scale: int
    any_good: bool  # some lie in it, in part or whole
    bad_minutes: int  # at most: a minute of which a part lies in it counts


class Window:
    """The sums of one length. What is inside whole, and where its oldest slot is."""

    __slots__ = ("bad", "good", "minutes", "nanos", "oldest")

    def __init__(self, nanos: int) -> None:
        self.nanos = nanos
        self.good = self.bad = self.minutes = 0
        self.oldest = 0  # number of the slot of which only a part lies in it


class Ring:
    """Good and bad events by slot, and the minutes in which something was bad."""

    __slots__ = ("_bad", "_good", "_minutes", "_size", "current", "slot_nanos", "windows")

    def __init__(self, slot_nanos: int, span_nanos: int, lengths: Iterable[int], now: int) -> None:
        """Empty at `now`; `lengths` are those of the windows, none longer than the span or shorter than a slot."""
        self.slot_nanos = slot_nanos
        self._size = -(-span_nanos // slot_nanos) + _PARTIAL_SLOTS
        # Four bytes hold 4 x 10^9 events a slot; where that is too little they are widened.
        self._good = array("I", bytes(4 * self._size))
        self._bad = array("I", bytes(4 * self._size))
        self._minutes = array("B", bytes(self._size))  # at most the 60 of an hour
        self.current = now // slot_nanos
        self.windows = tuple(Window(nanos) for nanos in lengths)
        for window in self.windows:
            window.oldest = (now - window.nanos) // slot_nanos

    def add(self, good: int, bad: int, minutes: int) -> None:
        """Count events in the slot of now; `minutes`: how many more minutes have something bad."""
        at = self.current % self._size
        self._put(at, self._good[at] + good, self._bad[at] + bad)
        self._minutes[at] += minutes
        for window in self.windows:
            window.good += good
            window.bad += bad
            window.minutes += minutes

    def _put(self, at: int, good: int, bad: int) -> None:
        """Put counts into a slot, wider if they need that."""
        if max(good, bad) >= 1 << 32 and self._good.typecode == "I":
            self._good, self._bad = array("Q", self._good), array("Q", self._bad)
        self._good[at], self._bad[at] = good, bad

    def advance(self, now: int) -> None:
        """Let what has become too old go; `now` never goes back."""
        slot_nanos, size, last = self.slot_nanos, self._size, self.current
        current = now // slot_nanos
        good, bad, minutes = self._good, self._bad, self._minutes
        for window in self.windows:
            oldest = (now - window.nanos) // slot_nanos
            if oldest == window.oldest:
                continue
            if oldest >= last:
                window.good = window.bad = window.minutes = 0
            else:
                for number in range(window.oldest + 1, oldest + 1):
                    at = number % size
                    window.good -= good[at]
                    window.bad -= bad[at]
                    window.minutes -= minutes[at]
            window.oldest = oldest
        for number in range(last + 1, min(current, last + size) + 1):
            at = number % size
            good[at] = bad[at] = minutes[at] = 0
        self.current = current

    def sums(self, window: Window, now: int) -> Sums:
        """Return what lies in one of its windows; the ring has been advanced to `now`."""
        at = window.oldest % self._size
        left = (window.oldest + 1) * self.slot_nanos - (now - window.nanos)
        good, bad, scale = self._good[at], self._bad[at], self.slot_nanos
        return Sums(
            window.good * scale + good * left,
            window.bad * scale + bad * left,
            scale,
            bool(window.good or good),
            window.minutes + self._minutes[at],
        )

    def slot(self, ring: int, number: int) -> Slot:
        """Return what a slot holds that is in the ring."""
        at = number % self._size
        return Slot(ring, number, self._good[at], self._bad[at], self._minutes[at])

    def slots(self, ring: int, since: int) -> Iterator[Slot]:
        """Yield the slots from a number on in which something happened."""
        for number in range(max(since, self.current - self._size + 1), self.current + 1):
            slot = self.slot(ring, number)
            if slot.good or slot.bad:
                yield slot

    def fill(self, slots: Iterable[Slot], now: int) -> None:
        """Take slots of an earlier life, those that are not too old; nothing has been counted yet."""
        self.advance(now)
        for slot in slots:
            if self.current - self._size < slot.number <= self.current:
                at = slot.number % self._size
                self._put(at, slot.good, slot.bad)
                self._minutes[at] = min(slot.bad_minutes, 60)
        for window in self.windows:
            inside = [number % self._size for number in range(window.oldest + 1, self.current + 1)]
            window.good = sum(self._good[at] for at in inside)
            window.bad = sum(self._bad[at] for at in inside)
            window.minutes = sum(self._minutes[at] for at in inside)
