"""Six hours in a kilobyte: how coarse, where events lie afterwards, and what nothing is made of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sidecar.model.windows import RINGS, SavedSeries, Slot
from sidecar.store.packed_series import MAX_PACKED_BYTES, pack, unpack
from tests.fakes.saved_series import NOW, PER_MINUTE, rings, saved, sums

MINUTE = NOW // PER_MINUTE


def through(*events: tuple[int, int, int]) -> SavedSeries:
    return unpack(pack(saved(rings(events))))


def in_ring(series: SavedSeries, ring: int) -> dict[int, tuple[int, int, int]]:
    return {slot.number: slot[2:] for slot in series.slots if slot.ring == ring}


def test_the_newest_minutes_keep_their_seconds() -> None:
    found = through((NOW, 1, 0), (NOW - 1, 2, 3), (NOW - 10, 4, 0))
    assert in_ring(found, 0) == {NOW: (1, 0, 0), NOW - 1: (2, 3, 1), NOW - 10: (4, 0, 0)}
    assert in_ring(found, 1) == {MINUTE: (3, 3, 1), MINUTE - 2: (4, 0, 0)}


def test_a_minute_that_was_bad_twice_is_one_bad_minute() -> None:
    assert in_ring(through((NOW, 0, 1), (NOW - 1, 0, 1)), 0) == {
        NOW - 1: (0, 1, 1),
        NOW: (0, 1, 0),
    }


def test_the_last_hour_keeps_its_minutes_and_what_is_older_five_of_them() -> None:
    old = (MINUTE // 60 - 3) * 60
    found = through(
        (NOW, 1, 0),
        ((MINUTE - 30) * PER_MINUTE, 5, 0),
        (old * PER_MINUTE, 6, 0),
        ((old + 4) * PER_MINUTE, 1, 0),
    )
    assert in_ring(found, 0) == {NOW: (1, 0, 0), (MINUTE - 30) * PER_MINUTE + 3: (5, 0, 0)}
    assert in_ring(found, 1) == {
        MINUTE: (1, 0, 0),
        MINUTE - 30: (5, 0, 0),
        old + 2: (7, 0, 0),
    }


def test_bad_minutes_of_a_coarse_slot_stay_as_many() -> None:
    old = (MINUTE // 60 - 3) * 60
    found = through((NOW, 1, 0), *(((old + n) * PER_MINUTE, 10, 2) for n in (0, 1, 4)))
    assert in_ring(found, 1) == {
        MINUTE: (1, 0, 0),
        old + 1: (0, 1, 1),
        old + 2: (30, 4, 1),
        old + 3: (0, 1, 1),
    }
    assert in_ring(found, 2)[old // 5] == (30, 6, 3)


def test_nothing_is_later_than_the_newest() -> None:
    coarse = [(NOW - n, 10**12 + n, 10**12) for n in range(6 * 360)]
    series = saved(rings(coarse))
    packed = pack(series)
    assert len(packed) <= MAX_PACKED_BYTES
    found = unpack(packed)
    for ring, size in enumerate(RINGS):
        newest = NOW * RINGS[0].slot_nanos // size.slot_nanos
        assert max(in_ring(found, ring)) <= newest
    assert sums(found.slots, 1) == sums(series.slots, 1)


@pytest.mark.parametrize("count", [4**n for n in range(25)])
def test_however_much_happened_it_is_a_kilobyte(count: int) -> None:
    series = saved(rings((NOW - n, count + n, count // 3) for n in range(6 * 360)))
    packed = pack(series)
    assert 500 < len(packed) <= MAX_PACKED_BYTES, "and no coarser than it takes"
    assert sums(unpack(packed).slots, 1) == sums(series.slots, 1)


def test_what_is_older_than_six_hours_is_not_kept() -> None:
    found = through((NOW, 1, 0), (NOW - 363 * PER_MINUTE, 5, 5))
    assert [sums(found.slots, ring) for ring in range(4)] == [(1, 0, 0)] * 4


@pytest.mark.parametrize("age", range(355, 362))
@pytest.mark.parametrize("now", range(NOW, NOW + 5 * PER_MINUTE, PER_MINUTE))
def test_what_was_kept_once_is_kept_again(now: int, age: int) -> None:
    once = through((now, 1, 0), (now - age * PER_MINUTE, 0, 2))
    assert sums(once.slots, 1) == (1, 2, 1)
    assert sums(unpack(pack(once)).slots, 1) == (1, 2, 1), "its middle is not out of reach"


def test_seconds_that_do_not_add_up_to_their_minute_are_not_believed() -> None:
    slots = [*rings([(NOW, 3, 1)]), Slot(0, NOW - 1, 9, 9, 0)]
    found = unpack(pack(saved(slots)))
    assert sums(found.slots, 0) == sums(found.slots, 1) == (3, 1, 1)


def test_a_series_without_slots_keeps_its_head() -> None:
    series = saved()
    found = unpack(pack(series))
    assert replace(found, slots=()) == series
    assert len(found.slots) == 0


@pytest.mark.parametrize("cut", range(1, 40))
def test_what_is_cut_off_is_not_taken_for_a_series(cut: int) -> None:
    packed = pack(saved())
    with pytest.raises(ValueError, match="cut off"):
        unpack(packed[:-cut])
