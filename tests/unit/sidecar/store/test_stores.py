"""Both stores have one face: what a test says here holds for either."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sidecar.model.windows import SavedClock, SeriesKey
from sidecar.store.clock import KEY as CLOCK
from sidecar.store.clock import read_clock, write_clock
from sidecar.store.face import Store
from sidecar.store.kept import KeptStore
from sidecar.store.lives import KEY, begin_life
from sidecar.store.sqlite import SqliteStore
from tests.fakes.lines import Lines
from tests.fakes.saved_series import KEY as SERIES
from tests.fakes.saved_series import NOW, rings, saved, sums

Life = Callable[[], Store]


@pytest.fixture(params=["sqlite", "kept"])
def life(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Life]:
    """Begin another life over the same state."""
    open_now: list[Store] = []
    memory: dict[str, bytes] = {}

    def begin() -> Store:
        for store in open_now:
            store.close()
        open_now[:] = [
            SqliteStore(str(tmp_path / "state"), Lines())
            if request.param == "sqlite"
            else KeptStore(memory, memory.__setitem__, Lines())
        ]
        return open_now[0]

    yield begin
    for store in open_now:
        store.close()


def test_what_was_committed_is_there_in_the_next_life(life: Life) -> None:
    store = life()
    assert store.read("a") is None
    store.write("a", b"1")
    store.write("b", b"\x00\xff")
    assert store.read("a") == b"1", "at once in the same life"
    store.commit()
    assert store.read("a") == b"1", "on its way"
    store.write("a", b"2")
    store.commit()
    later = life()
    assert (later.read("a"), later.read("b"), later.read("c")) == (b"2", b"\x00\xff", None)


def test_what_was_not_committed_is_lost_whole(life: Life) -> None:
    store = life()
    store.write("a", b"1")
    store.commit()
    store.write("a", b"2")
    store.write("b", b"2")
    store.save_series([saved()])
    later = life()
    assert (later.read("a"), later.read("b")) == (b"1", None)
    assert later.read_series() == []


def test_an_empty_value_forgets(life: Life) -> None:
    store = life()
    store.write("a", b"1")
    store.commit()
    store.write("a", b"")
    assert store.read("a") is None
    store.commit()
    assert store.read("a") is None
    assert life().read("a") is None


def test_lives_are_counted_from_one(life: Life) -> None:
    assert [begin_life(life()) for _ in range(3)] == [1, 2, 3]


@pytest.mark.parametrize("count", [b"many", b"9" * 5000, "²".encode()])
def test_a_count_that_cannot_be_read_begins_anew(life: Life, count: bytes) -> None:
    store = life()
    store.write(KEY, count)
    store.commit()
    assert begin_life(life()) == 1


@pytest.mark.parametrize(
    "clock", [b"", b"\xff", b"[1]", b'["boot", 1, 1e400]', b'["boot", -1, 2]', b'["boot", 1, 1e20]', b"[" * 100_000]
)  # fmt: skip
def test_a_clock_that_makes_no_sense_is_none(life: Life, clock: bytes) -> None:
    store = life()
    store.write(CLOCK, clock)
    store.commit()
    assert read_clock(life()) is None


def test_a_clock_is_found_where_it_stood(life: Life) -> None:
    stood, store = SavedClock("boot", 7, NOW), life()
    write_clock(store, stood)
    store.commit()
    assert read_clock(life()) == stood


def test_a_series_is_found_again_with_its_head_and_all_its_events(life: Life) -> None:
    series = saved(rings((NOW - n, 10, n % 2) for n in range(0, 300, 7)), good=430, bad=21)
    store = life()
    store.save_series([series])
    store.commit()
    (found,) = life().read_series()
    for field in ("key", "epoch_unix_nanos", "good", "bad", "excluded", "firing", "pending"):
        assert getattr(found, field) == getattr(series, field)
    assert (found.last_traffic_nanos, found.since_nanos) == (
        series.last_traffic_nanos,
        series.since_nanos,
    )
    for ring in range(4):
        assert sums(found.slots, ring) == sums(series.slots, ring)


def test_models_of_one_objective_are_series_of_their_own(life: Life) -> None:
    keys = [SeriesKey(SERIES.objective_id, model) for model in ("", "a", "b")]
    store = life()
    store.save_series([saved(key=key, good=n) for n, key in enumerate(keys)])
    store.commit()
    assert {each.key: each.good for each in life().read_series()} == {
        key: n for n, key in enumerate(keys)
    }


def test_a_forgotten_series_is_gone_and_may_come_again(life: Life) -> None:
    store = life()
    other = SeriesKey("fedcba9876543210", "")
    store.save_series([saved(rings([(NOW, 1, 0)])), saved(key=other)])
    store.commit()
    store.forget_series([SERIES])
    store.commit()
    later = life()
    assert [each.key for each in later.read_series()] == [other]
    later.save_series([saved(rings([(NOW, 5, 0)]))])
    later.commit()
    found = {each.key: each for each in life().read_series()}
    assert sums(found[SERIES].slots, 0) == (5, 0, 0), "nothing of before"


def test_it_says_where_it_keeps(life: Life) -> None:
    store = life()
    reading = store.reading()
    assert (reading.home, reading.up) == ("disk" if store.keeps_slots else "tap", True)
    assert (reading.reason, reading.set_aside, reading.behind_seconds) == ("", "", 0.0)
