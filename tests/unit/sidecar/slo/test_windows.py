"""Windows against brute force: exact where slots are aligned, and whatever came before is found again."""

from __future__ import annotations

import bisect
import itertools
import random

from hypothesis import given
from hypothesis import strategies as st

from sidecar.model.duration import DAY, HOUR, MINUTE
from sidecar.model.windows import RINGS, Slot
from sidecar.slo.windows import Windows
from tests.fakes.promises import SECOND, START

LENGTHS = (MINUTE, 5 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, DAY, 3 * DAY, 30 * DAY)


class BruteForce:
    """Every event, with the time at which it was told."""

    def __init__(self) -> None:
        self.times: list[int] = []
        self.good, self.bad = [0], [0]
        self.bad_times: list[int] = []

    def add(self, now: int, good: int, bad: int) -> None:
        self.times.append(now)
        self.good.append(self.good[-1] + good)
        self.bad.append(self.bad[-1] + bad)
        if bad:
            self.bad_times.append(now)

    def within(self, nanos: int, now: int) -> tuple[int, int]:
        """Events since `now - nanos`, which is the beginning of a slot."""
        first = bisect.bisect_left(self.times, now - nanos)
        return self.good[-1] - self.good[first], self.bad[-1] - self.bad[first]

    def bad_minutes(self, nanos: int, now: int) -> int:
        """Minutes in which something was bad."""
        since = bisect.bisect_left(self.bad_times, now - nanos)
        return len({at // MINUTE for at in self.bad_times[since:]})


def exact(windows: Windows, nanos: int) -> tuple[int, int, int]:
    """What a window holds when its oldest slot lies in it whole."""
    sums = windows.sums(nanos)
    assert sums.good % sums.scale == sums.bad % sums.scale == 0
    return sums.good // sums.scale, sums.bad // sums.scale, sums.bad_minutes


def test_a_million_events_in_forty_days_are_where_brute_force_has_them() -> None:
    draws = random.Random(7)
    windows, brute = Windows(LENGTHS, 30 * DAY, START), BruteForce()
    now, told, checked = START, 0, 0
    while told < 1_000_000:
        # Mostly ticks of a second or a minute; now and then hours, once days of silence.
        now += draws.choice([SECOND, SECOND, 7 * SECOND, 90 * SECOND, 700 * SECOND, 3 * HOUR])
        if draws.random() < 0.0005:
            now += draws.randrange(4 * DAY)
        good, bad = draws.randrange(120), draws.choice([0, 0, 0, draws.randrange(20)])
        windows.advance(now)
        windows.add(good, bad)
        brute.add(now, good, bad)
        told += good + bad
        if draws.random() < 0.01:
            now = -(-(now + 1) // HOUR) * HOUR
            windows.advance(now)
            checked += 1
            for nanos in LENGTHS:
                assert exact(windows, nanos)[:2] == brute.within(nanos, now), nanos
                if nanos <= 6 * HOUR:
                    assert exact(windows, nanos)[2] == brute.bad_minutes(nanos, now), nanos
    assert checked > 50
    assert now - START > 60 * DAY


def test_between_slots_the_oldest_counts_by_the_share_that_is_left_of_it() -> None:
    windows = Windows([5 * MINUTE], HOUR, START)
    windows.add(10, 30)
    for after, good, bad in (
        (5 * MINUTE, 10, 30),
        (5 * MINUTE + SECOND, 9, 27),
        (5 * MINUTE + 9 * SECOND, 1, 3),
        (5 * MINUTE + 10 * SECOND, 0, 0),
    ):
        windows.advance(START + after)
        sums = windows.sums(5 * MINUTE)
        assert (sums.good / sums.scale, sums.bad / sums.scale) == (good, bad), after


@given(
    st.lists(
        st.tuples(st.integers(0, 40 * 60), st.integers(0, 9), st.integers(0, 3)), max_size=200
    ),
    st.integers(0, 3 * 3600),
)
def test_what_is_saved_is_found_again(
    steps: list[tuple[int, int, int]], silence_seconds: int
) -> None:
    """By all slots, and by the changed ones merged, as a disk has them."""
    windows = Windows(LENGTHS, 30 * DAY, START)
    disk: dict[tuple[int, int], Slot] = {}
    now = START
    for seconds, good, bad in steps:
        now += seconds * SECOND
        windows.advance(now)
        windows.add(good, bad)
        disk |= {(slot.ring, slot.number): slot for slot in windows.take_changed()}
    now += silence_seconds * SECOND
    windows.advance(now)
    expected = [windows.sums(nanos) for nanos in LENGTHS]
    for slots in (windows.all_slots(), list(disk.values())):
        found = Windows(LENGTHS, 30 * DAY, START)
        found.fill(slots, now)
        assert [found.sums(nanos) for nanos in LENGTHS] == expected


def test_a_bad_minute_is_counted_once_over_a_restart() -> None:
    windows = Windows([HOUR], HOUR, START)
    windows.add(0, 1)
    found = Windows([HOUR], HOUR, START)
    found.fill(windows.all_slots(), START + 20 * SECOND)
    found.add(0, 1)
    assert found.sums(HOUR).bad_minutes == 1
    found.advance(START + MINUTE)
    found.add(0, 1)
    assert found.sums(HOUR).bad_minutes == 2


def test_a_longer_period_begins_with_what_the_shorter_one_knew() -> None:
    short = Windows([HOUR, 6 * HOUR], 6 * HOUR, START)
    for minute in range(300):
        short.advance(START + minute * MINUTE)
        short.add(2, 1)
    long = Windows([HOUR, 6 * HOUR, 3 * DAY, 30 * DAY], 30 * DAY, START)
    long.fill(short.all_slots(), short.now)
    for nanos in (6 * HOUR, 3 * DAY, 30 * DAY):
        sums = long.sums(nanos)
        assert (sums.good // sums.scale, sums.bad // sums.scale) == (600, 300), nanos
        assert sums.bad_minutes == 300


def test_time_that_goes_back_is_taken_as_none() -> None:
    windows = Windows([5 * MINUTE], HOUR, START)
    windows.advance(START + HOUR)
    windows.advance(START)
    windows.add(1, 1)
    assert windows.now == START + HOUR
    assert exact(windows, 5 * MINUTE)[:2] == (1, 1)


def test_rings_are_finer_the_younger_and_each_slot_is_whole_ones_of_the_finer() -> None:
    for finer, coarser in itertools.pairwise(RINGS):
        assert coarser.slot_nanos % finer.slot_nanos == 0
        assert coarser.span_nanos > finer.span_nanos
        assert finer.span_nanos % coarser.slot_nanos == 0


def test_a_slot_holds_more_than_four_bytes_do() -> None:
    """A control that was away for a week finds what came meanwhile at once."""
    windows = Windows([5 * MINUTE, 30 * DAY], 30 * DAY, START)
    windows.add(7, 1)
    windows.advance(START + SECOND)
    windows.add(20_000 * 604_800, 6 * 10**9)
    assert exact(windows, 30 * DAY)[:2] == (20_000 * 604_800 + 7, 6 * 10**9 + 1)
    found = Windows([5 * MINUTE, 30 * DAY], 30 * DAY, START)
    found.fill(windows.all_slots(), windows.now)
    assert found.sums(5 * MINUTE) == windows.sums(5 * MINUTE)
