"""Rules of tiers: exactly above the threshold, and believed only where it is no accident."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sidecar.model.duration import DAY, HOUR, MINUTE
from sidecar.model.tiers import (
    DEFAULT_PERIOD_NANOS,
    DEFAULT_TIERS,
    PAGE,
    TICKET,
    Guard,
    tiers_in_force,
)
from sidecar.slo.ring import Sums
from sidecar.slo.tier_judge import Course, Rule, Verdict, judge, nanos_until

PAGE_FAST, _, _, TICKET_SLOW = (
    Rule.of(each) for each in tiers_in_force(DEFAULT_TIERS, "0.99", DEFAULT_PERIOD_NANOS)
)
GUARD = Guard()
GOOD_BEFORE = Sums(60, 0, 1, True, 0)


def window(good: int, bad: int, minutes: int = 10) -> Sums:
    """A window."""
    return Sums(good, bad, 1, good > 0, minutes)


def verdict(long: Sums, short: Sums | None = None, streak: Sums = GOOD_BEFORE) -> Verdict:
    """What page-fast of a 99 % objective makes of it: its threshold is 14.4 %."""
    return judge(PAGE_FAST, GUARD, long, short or long, streak)


def test_both_windows_must_be_above_and_not_just_at_the_threshold() -> None:
    assert verdict(window(85_599, 14_401)) is Verdict.FIRES
    assert verdict(window(85_600, 14_400)) is Verdict.QUIET
    assert verdict(window(85_599, 14_401), short=window(85_600, 14_400)) is Verdict.QUIET
    assert verdict(window(85_600, 14_400), short=window(0, 9)) is Verdict.QUIET


def test_nothing_is_not_above() -> None:
    assert verdict(window(0, 0)) is Verdict.QUIET


@pytest.mark.parametrize(
    ("bad", "minutes", "expected"),
    [
        (4, 4, Verdict.HELD),  # too few
        (5, 5, Verdict.FIRES),
        (5, 2, Verdict.HELD),  # one request that is repeated, over the edge of a minute
        (49, 2, Verdict.HELD),
        (50, 1, Verdict.FIRES),  # so many that it does not matter when
    ],
)
def test_the_guard_of_low_traffic(bad: int, minutes: int, expected: Verdict) -> None:
    assert verdict(window(bad - 1, bad, minutes)) is expected


def test_a_user_s_own_least_number_of_bad_events() -> None:
    guard = replace(GUARD, min_bad=2, minutes=1)
    assert judge(PAGE_FAST, guard, window(1, 2), window(1, 2), GOOD_BEFORE) is Verdict.FIRES


def test_three_bad_and_none_good_in_six_hours_are_an_outage() -> None:
    assert verdict(window(0, 3, 1), streak=window(0, 3)) is Verdict.FIRES
    assert verdict(window(0, 3, 1), streak=window(1, 3)) is Verdict.HELD
    assert verdict(window(0, 2, 1), streak=window(0, 2)) is Verdict.HELD


def test_few_bursts_among_many_good_ones_are_no_page_and_many_are() -> None:
    """15 of 100 in three minutes may be three clients that repeat; in fifteen minutes they are not."""
    assert verdict(window(85, 15, 3)) is Verdict.HELD
    assert verdict(window(80, 20, 15)) is Verdict.FIRES


def test_a_ticket_waits_until_chance_is_unlikely() -> None:
    def ticket(good: int, bad: int, minutes: int) -> Verdict:
        long = window(good, bad, minutes)
        return judge(TICKET_SLOW, GUARD, long, long, GOOD_BEFORE)

    assert TICKET_SLOW.severity == TICKET
    assert ticket(712, 8, 8) is Verdict.HELD, "7.2 are allowed"
    assert ticket(704, 16, 16) is Verdict.HELD
    assert ticket(690, 30, 30) is Verdict.FIRES
    assert ticket(9_890, 110, 110) is Verdict.HELD, "so many may still be chance"
    assert ticket(9_850, 150, 150) is Verdict.FIRES
    assert ticket(9_850, 150, 5) is Verdict.HELD, "in five minutes of three days"
    few = window(0, 4, 4)
    assert judge(TICKET_SLOW, GUARD, few, few, few) is Verdict.HELD, "a page tells of that"
    assert judge(PAGE_FAST, GUARD, few, few, few) is Verdict.FIRES


@pytest.mark.parametrize(
    ("bad", "expected"), [(250, Verdict.FIRES), (249, Verdict.HELD), (30_000, Verdict.FIRES)]
)
def test_a_short_outage_of_much_is_no_chance_to_a_ticket(bad: int, expected: Verdict) -> None:
    """Three sigmas of five draws are never met: nine minutes of everything may spend a month of 99.99 % twice."""
    long = window(80 * bad, bad, 5)
    assert judge(TICKET_SLOW, GUARD, long, long, GOOD_BEFORE) is expected


def test_the_severities_are_those_of_the_table() -> None:
    assert [each.severity for each in DEFAULT_TIERS] == [PAGE, PAGE, TICKET, TICKET]


@pytest.mark.parametrize(
    ("good", "bad", "covered", "rate", "expected"),
    [
        (1000, 0, HOUR, 1.0, 360 * 10**9),  # a full window: 10 % of it
        (1000, 0, 30 * MINUTE, 1.0, 200 * 10**9),  # half a window: t = 0.1 (30 m + t)
        (1000, 0, HOUR, 0.1, None),  # at the threshold it stays there
        (1000, 200, HOUR, 0.0, 0),  # it is above
        (0, 0, HOUR, 1.0, None),  # nothing to go by
        (1000, 50, HOUR, 0.5, None),
    ],
)
def test_when_a_share_is_passed(
    good: int, bad: int, covered: int, rate: float, expected: int | None
) -> None:
    found = nanos_until(0.1, Course(window(good, bad), HOUR, covered, rate))
    if (good, bad, rate) == (1000, 50, 0.5):
        now = 50 / 1050
        expected = round(HOUR * (0.1 - now) / (0.5 - now))
    assert found == pytest.approx(expected, rel=1e-6) if expected else found == expected


def test_the_workbook_s_times_to_exhaustion() -> None:
    """Burn 1, 2, 10 and 1000 end a budget of 99.9 % in 30 d, 15 d, 3 d and 43 min."""
    for burn, nanos in ((2, 15 * DAY), (10, 3 * DAY), (1000, 30 * DAY // 1000)):
        course = Course(window(1_000_000, 0), 30 * DAY, 30 * DAY, 0.001 * burn)
        assert nanos_until(0.001, course) == pytest.approx(nanos)
