"""Slots in few bytes, and ticks that become one batch."""

from __future__ import annotations

from sidecar.model.windows import SeriesKey, Slot
from sidecar.store.batch import Batch
from sidecar.store.slot_table import PLACES, SlotTable
from tests.fakes.saved_series import KEY, saved


def test_a_slot_that_grows_stays_one() -> None:
    table = SlotTable([Slot(0, 5, 1, 0, 0), Slot(1, 1, 1, 0, 0), Slot(0, 5, 2, 1, 1)])
    assert list(table) == [Slot(0, 5, 2, 1, 1), Slot(1, 1, 1, 0, 0)]
    assert (len(table), table[0], table[-1].ring) == (2, Slot(0, 5, 2, 1, 1), 1)
    assert table[1:] == (Slot(1, 1, 1, 0, 0),)


def test_it_does_not_grow_without_end() -> None:
    table = SlotTable(Slot(0, number, 1, 0, 0) for number in range(10 * PLACES[0]))
    assert PLACES[0] <= len(table) <= PLACES[0] * 9 // 8
    assert [slot.number for slot in table][-1] == 10 * PLACES[0] - 1
    assert {slot.number for slot in table} >= set(range(9 * PLACES[0], 10 * PLACES[0]))


def test_counts_of_64_bits_fit() -> None:
    slot = Slot(3, 2**63, 2**64 - 1, 2**64 - 1, 60)
    assert list(SlotTable([slot])) == [slot]


def batch(*slots: Slot, key: SeriesKey = KEY, good: int = 0) -> Batch:
    found = Batch()
    found.save(saved(slots, key=key, good=good))
    return found


def test_of_merged_batches_the_later_one_counts() -> None:
    first = batch(Slot(0, 1, 1, 0, 0), Slot(0, 2, 1, 0, 0), good=2)
    first.values["a"] = b"1"
    later = batch(Slot(0, 2, 5, 0, 0), Slot(0, 3, 1, 0, 0), good=7)
    later.values["a"] = b""
    first.merge(later)
    assert first.heads[KEY].good == 7
    assert [(slot.number, slot.good) for slot in first.slots[KEY]] == [(1, 1), (2, 5), (3, 1)]
    assert first.values == {"a": b""}


def test_what_was_forgotten_and_came_again_has_nothing_of_before() -> None:
    first = batch(Slot(0, 1, 1, 0, 0))
    later = Batch()
    later.forget(KEY)
    later.save(saved([Slot(0, 2, 1, 0, 0)]))
    first.merge(later)
    assert [slot.number for slot in first.slots[KEY]] == [2]
    assert first.forgotten == {KEY}, "what is in the file goes first"


def test_a_batch_of_nothing_is_false() -> None:
    assert not Batch()
    forgetting = Batch()
    forgetting.forget(KEY)
    assert forgetting
