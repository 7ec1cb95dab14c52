"""Any series fits into a kilobyte with its head and sums; any other bytes make no series and no harm."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sidecar.model.windows import RINGS, SavedSeries, SeriesKey, Slot
from sidecar.store.kept import SHARD_PREFIX, KeptStore, _joined
from sidecar.store.packed_series import MAX_PACKED_BYTES, pack, unpack
from sidecar.store.slot_table import PLACES
from tests.fakes.lines import Lines
from tests.fakes.saved_series import rings, saved, sums

COUNTS = st.integers(0, 2**63 - 1)
SMALL = st.one_of(st.integers(0, 3), st.integers(0, 10**6), st.integers(0, 2**50))
NEWEST = st.integers(2_200, 2**32)
AGES = st.one_of(st.integers(0, 40), st.integers(0, 400), st.integers(0, 6 * 360 - 1))
TIERS = st.lists(st.tuples(st.text(max_size=12), COUNTS), max_size=6).map(tuple)
NAMES = st.builds(
    SeriesKey, st.text("0123456789abcdef", min_size=16, max_size=16), st.text(max_size=32)
)


@st.composite
def histories(draw: st.DrawFn) -> list[Slot]:
    """Return what the engine would have after some events within six hours."""
    newest = draw(NEWEST)
    events = draw(st.lists(st.tuples(AGES, SMALL, SMALL), max_size=60))
    dense = draw(st.integers(0, 2_000))
    step = draw(st.integers(1, 12))
    steady = draw(st.tuples(SMALL, SMALL))
    found = [(newest - age, good, bad) for age, good, bad in events]
    found += [(newest - age, *steady) for age in range(0, dense, step)]
    return [slot for slot in rings(found) if slot.good or slot.bad]


HEADS = st.builds(SavedSeries, NAMES, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, TIERS, TIERS)


@given(HEADS, histories())
def test_heads_and_sums_come_back(head: SavedSeries, slots: list[Slot]) -> None:
    packed = pack(replace(head, slots=slots))
    assert len(packed) <= MAX_PACKED_BYTES
    found = unpack(packed)
    assert replace(found, slots=()) == head
    for ring in range(1, len(RINGS)):
        assert sums(found.slots, ring) == sums(slots, 1), RINGS[ring]
    newest = max((slot.number for slot in slots if slot.ring == 0), default=0)
    for slot in found.slots:
        assert slot.bad_minutes <= slot.bad
        assert slot.bad_minutes <= max(RINGS[slot.ring].slot_nanos // RINGS[1].slot_nanos, 1)
        assert slot.number * RINGS[slot.ring].slot_nanos <= newest * RINGS[0].slot_nanos
        if slot.ring == 0:
            assert slot.number > newest - PLACES[0]


@given(histories())
def test_the_last_hour_of_the_finest_ring_holds_what_its_minutes_hold(slots: list[Slot]) -> None:
    found = unpack(pack(saved(slots)))
    newest = max((slot.number for slot in slots if slot.ring == 0), default=0)
    hour = (newest - 6 * 60 + 6) // 6
    minutes = [slot for slot in found.slots if slot.ring == 1 and slot.number >= hour]
    seconds = [slot for slot in found.slots if slot.ring == 0 and slot.number >= hour * 6]
    assert sums(seconds, 0) == sums(minutes, 1)


@given(histories())
def test_packing_what_came_back_loses_nothing_more(slots: list[Slot]) -> None:
    once = unpack(pack(saved(slots)))
    again = unpack(pack(once))
    assert sums(again.slots, 1) == sums(once.slots, 1)


SLOTS = st.builds(Slot, st.integers(0, 3), st.integers(0, 2**20), SMALL, SMALL, st.integers(0, 60))


@given(st.lists(SLOTS, max_size=50))
def test_slots_that_no_engine_would_have_are_packed_all_the_same(slots: list[Slot]) -> None:
    packed = pack(saved(slots))
    assert len(packed) <= MAX_PACKED_BYTES
    assert pack(unpack(packed))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Return a series with some bytes changed, or none of it."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=200))
    packed = bytearray(pack(saved(draw(histories()))))
    for _ in range(draw(st.integers(1, 4))):
        packed[draw(st.integers(0, len(packed) - 1))] = draw(st.integers(0, 255))
    return bytes(packed[: draw(st.integers(0, len(packed)))])


@given(damaged(), st.booleans())
def test_no_bytes_harm_a_store(content: bytes, has_checksum: bool) -> None:
    value = _joined({SeriesKey("", ""): content}) if has_checksum else content
    log = Lines()
    store = KeptStore({f"{SHARD_PREFIX}0": value}, lambda key, value: None, log)
    for series in store.read_series():
        pack(series)
    assert store.read_series() or log.lines or not value
