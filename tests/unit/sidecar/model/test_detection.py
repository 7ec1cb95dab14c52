"""Detection, reset and false pages, against the tables of the literature and against counting."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from sidecar.model.detection import (
    detection_nanos,
    false_pages_a_month,
    outage_nanos,
    poisson_at_least,
    reset_nanos,
)
from sidecar.model.duration import DAY, HOUR, MINUTE
from sidecar.model.indicator import Available
from sidecar.model.objective import Objective
from sidecar.model.tiers import DEFAULT_TIERS, PAGE, Tier, TierInForce, tiers_in_force

SECOND = 10**9


def objective(ratio: str, min_bad: int = 5, tiers: tuple[Tier, ...] = DEFAULT_TIERS) -> Objective:
    """An objective over 30 days."""
    return Objective("a", Available(), ratio, tiers=tiers, min_bad=min_bad)


def in_force(ratio: str) -> tuple[TierInForce, ...]:
    """The shipped tiers of an objective over 30 days."""
    return tiers_in_force(DEFAULT_TIERS, ratio, 30 * DAY)


# (objective, share of bad events, detection and reset of the four tiers in minutes; None: never)
TABLE = [
    ("0.999", "1", [(0.864, 4.928), (2.16, 29.82), (4.32, 119.64), (4.32, 359.64)]),
    ("0.999", "0.15", [(5.76, 4.52), (14.4, 28.8), (28.8, 117.6), (28.8, 357.6)]),
    ("0.999", "0.05", [(17.28, 3.56), (43.2, 26.4), (86.4, 112.8), (86.4, 352.8)]),
    ("0.999", "0.02", [(43.2, 1.4), (108, 21), (216, 102), (216, 342)]),
    ("0.999", "0.01", [None, (216, 12), (432, 84), (432, 324)]),
    ("0.999", "0.005", [None, None, (864, 48), (864, 288)]),
    ("0.999", "0.002", [None, None, None, (2160, 180)]),
    ("0.99", "1", [(8.64, 4.28), (21.6, 28.2), (43.2, 116.4), (43.2, 356.4)]),
    ("0.99", "0.15", [(57.6, 0.2), (144, 18), (288, 96), (288, 336)]),
    ("0.99", "0.1", [None, (216, 12), (432, 84), (432, 324)]),
    ("0.99", "0.02", [None, None, None, (2160, 180)]),
    ("0.95", "1", [(43.2, 1.4), (108, 21), (216, 102), (216, 342)]),
    ("0.95", "0.5", [None, (216, 12), (432, 84), (432, 324)]),
    ("0.95", "0.15", [None, None, None, (1440, 240)]),
]


@pytest.mark.parametrize(("ratio", "errors", "expected"), TABLE)
def test_detection_and_reset_are_those_of_the_closed_form(
    ratio: str, errors: str, expected: list[tuple[float, float] | None]
) -> None:
    share = Fraction(errors)
    for tier, minutes in zip(in_force(ratio), expected, strict=True):
        found = detection_nanos(tier, share), reset_nanos(tier, share)
        if minutes is None:
            assert found == (None, None), tier.tier.name
            continue
        assert [float(each or 0) / MINUTE for each in found] == pytest.approx(minutes)


# (objective, events an hour, hours of 30 days that fire for nothing: unguarded, and with five bad events)
FALSE = [
    ("0.999", 10, 7.2, 6e-10),
    ("0.999", 50, 35, 2e-6),
    ("0.999", 69, 48, 9e-6),
    ("0.999", 70, 1.7, 1e-5),
    ("0.999", 100, 3.4, 6e-5),
    ("0.999", 200, 0.8, 2e-3),
    ("0.99", 5, 35, None),
    ("0.99", 10, 3.4, None),
]


@pytest.mark.parametrize(("ratio", "an_hour", "unguarded", "guarded"), FALSE)
def test_false_pages_of_one_tier_are_those_of_the_table(
    ratio: str, an_hour: int, unguarded: float, guarded: float | None
) -> None:
    rate = Fraction(an_hour, HOUR)
    fast = DEFAULT_TIERS[:1]
    assert false_pages_a_month(objective(ratio, 1, fast), rate) == pytest.approx(
        unguarded, rel=0.06
    )
    if guarded is not None:
        assert false_pages_a_month(objective(ratio, 5, fast), rate) == pytest.approx(
            guarded, rel=0.2
        )


def test_false_pages_add_up_over_pages_and_leave_tickets_out() -> None:
    rate = Fraction(300, HOUR)
    fast, slow = (
        false_pages_a_month(objective("0.999", 5, (each,)), rate) for each in DEFAULT_TIERS[:2]
    )
    assert fast > 0
    assert slow > 0
    assert false_pages_a_month(objective("0.999"), rate) == pytest.approx(fast + slow)
    assert false_pages_a_month(objective("0.999", 5, DEFAULT_TIERS[2:]), rate) == 0


@pytest.mark.parametrize(
    ("count", "mean"), [(1, 0.01), (5, 2.0), (3, 7.5), (40, 30.0), (30, 30.0), (0, 1.0)]
)
def test_the_poisson_tail_is_what_counting_gives(count: int, mean: float) -> None:
    below = sum(math.exp(-mean) * mean**n / math.factorial(n) for n in range(count))
    assert poisson_at_least(count, mean) == pytest.approx(1 - below, rel=1e-9)


def test_the_poisson_tail_has_no_step_where_it_becomes_normal() -> None:
    below, above = (poisson_at_least(int(mean) + 2000, mean) for mean in (999_999.0, 1_000_000.0))
    assert below == pytest.approx(above, rel=0.02)
    assert below == pytest.approx(0.0228, rel=0.03)


@pytest.mark.parametrize(
    ("ratio", "an_hour", "minutes"),
    [
        ("0.999", 3600, 2),  # the guard's three minutes: fifty bad ones come sooner, at 50 s
        ("0.999", 36_000_000, 0.864),  # the closed form
        ("0.999", 70, 5 / 70 * 60),  # five bad events
        ("0.999", 10, 30),
        ("0.99", 10, 30),
        ("0.95", 10, 43.2),
        ("0.999", 0.5, 360),  # three bad ones and nothing good for six hours
        ("0.999", 0.25, 720),
    ],
)
def test_a_full_outage_is_told_when_share_and_guard_allow(
    ratio: str, an_hour: float, minutes: float
) -> None:
    told = outage_nanos(objective(ratio), Fraction(an_hour) / HOUR)
    assert told is not None
    expected = 50 / 60 if an_hour == 3600 else minutes
    assert float(told) / MINUTE == pytest.approx(
        max(expected, 0.864) if ratio == "0.999" else expected
    )


def test_without_pages_nothing_is_told() -> None:
    tickets = tuple(each for each in DEFAULT_TIERS if each.severity != PAGE)
    assert outage_nanos(objective("0.999", 5, tickets), Fraction(1, SECOND)) is None
