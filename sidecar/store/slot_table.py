"""Slots of one series in few bytes: of a busy month there are 2,300, and as a tuple each takes 200 bytes."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from sidecar.model.windows import RINGS, Slot

# So many slots of a ring are told apart: those of its span, the one that now lies in, and the oldest, half gone.
PLACES = tuple(-(-ring.span_nanos // ring.slot_nanos) + 2 for ring in RINGS)
# number, good, bad, minutes with something bad
_FIELDS = 4


class SlotTable(Sequence[Slot]):
    """32 bytes a slot, by ring, in the order in which they came: of two with one number the later one counts.

    Of a ring at most an eighth more than it has places; what comes first is dropped first. While a disk is away a month
    of 500 series waits here.
    """

    __slots__ = ("_rings",)

    def __init__(self, slots: Iterable[Slot] = ()) -> None:
        self._rings = [array("Q") for _ in RINGS]
        for slot in slots:
            self.put(slot)

    def put(self, slot: Slot) -> None:
        """Add a slot, in the place of the last one of its ring if that has its number."""
        ring, *row = slot
        rows = self._rings[ring]
        if rows and rows[-_FIELDS] == slot.number:
            rows[-_FIELDS:] = array("Q", row)
        else:
            self.append(ring, row)

    def append(self, ring: int, row: Iterable[int]) -> None:
        """Add a slot of which none with its number came before: number, good, bad, minutes with something bad."""
        rows = self._rings[ring]
        rows.extend(row)
        # Not one by one: each time all others are moved.
        if len(rows) > _most(ring) * _FIELDS:
            del rows[: -PLACES[ring] * _FIELDS]

    def __len__(self) -> int:
        return sum(map(len, self._rings)) // _FIELDS

    def __iter__(self) -> Iterator[Slot]:
        for ring, rows in enumerate(self._rings):
            for at in range(0, len(rows), _FIELDS):
                yield Slot(ring, *rows[at : at + _FIELDS])

    @overload
    def __getitem__(self, at: int) -> Slot: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Slot]: ...
    def __getitem__(self, at: int | slice) -> Slot | Sequence[Slot]:
        return tuple(self)[at]


def _most(ring: int) -> int:
    """Return how many slots of a ring are held before the oldest are dropped."""
    return PLACES[ring] * 9 // 8
