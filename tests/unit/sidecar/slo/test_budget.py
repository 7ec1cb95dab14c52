"""What is left of a budget, and when it is spent: against figures of the workbook and exact confidence limits."""

from __future__ import annotations

from fractions import Fraction

import pytest

from sidecar.model.duration import DAY, HOUR
from sidecar.model.sections.objectives import Exhaustion
from sidecar.slo.budget import exhaustion, poisson_interval, remaining
from sidecar.slo.ring import Sums
from sidecar.slo.tier_judge import Course

PERIOD = 30 * DAY
ALLOWED = Fraction(1, 100)
SCALE = 10


def sums(good: int, bad: int) -> Sums:
    return Sums(good * SCALE, bad * SCALE, SCALE, good > 0, min(bad, 60))


def course(good: int, bad: int, covered: int = PERIOD) -> Course:
    return Course(sums(good, bad), PERIOD, covered, 0.0)


@pytest.mark.parametrize(
    ("good", "bad", "left"),
    [(1000, 0, 1.0), (995, 5, 0.5), (990, 10, 0.0), (970, 30, -2.0), (0, 7, -99.0), (0, 0, None)],
)
def test_what_is_left_is_what_was_allowed_less_what_was_bad(
    good: int, bad: int, left: float | None
) -> None:
    found = remaining(sums(good, bad), ALLOWED)
    assert found == (left if left is None else pytest.approx(left))


@pytest.mark.parametrize(
    ("count", "low", "high", "within"),
    # Garwood's exact limits: chi-square quantiles of 2n and 2n + 2 degrees of freedom, halved.
    [
        (0, 0.0, 3.689, 0.03),
        (3, 0.6187, 8.767, 0.03),
        (5, 1.623, 11.668, 0.01),
        (10, 4.795, 18.390, 0.01),
        (100, 81.36, 121.63, 0.01),
    ],
)
def test_the_interval_is_garwood_s(count: int, low: float, high: float, within: float) -> None:
    least, most = poisson_interval(count)
    assert least == pytest.approx(low, rel=within)
    assert most == pytest.approx(high, rel=within)


def test_the_shortest_window_with_enough_bad_events_tells_the_rate() -> None:
    hour, day = sums(1000, 9), sums(10_000, 400)
    found = exhaustion(course(100_000, 500), ALLOWED, [(HOUR, hour), (DAY, day)])
    assert found is not None
    assert found.window_nanos == DAY
    enough = exhaustion(course(100_000, 500), ALLOWED, [(HOUR, sums(200, 10)), (DAY, day)])
    assert enough is not None
    assert enough.window_nanos == HOUR
    few = exhaustion(course(100_000, 500), ALLOWED, [(HOUR, sums(10, 3)), (DAY, sums(90, 5))])
    assert few is not None
    assert few.window_nanos == DAY, "none has enough: the longest has the most"


def test_the_time_is_the_workbook_s_with_what_so_few_events_leave_open() -> None:
    """An untouched budget at a burn of ten lasts three days; 100 bad events tell a rate within a fifth."""
    found = exhaustion(course(1_000_000, 0), ALLOWED, [(HOUR, sums(900, 100))])
    assert found is not None
    assert found.nanos == pytest.approx(3 * DAY)
    assert found.soonest_nanos == pytest.approx(PERIOD / 12.163, rel=0.01)
    assert found.latest_nanos == pytest.approx(PERIOD / 8.136, rel=0.01)


def test_it_may_never_be_spent_and_is_known_to_be_when_it_is() -> None:
    hour = [(HOUR, sums(880, 12))]
    perhaps = exhaustion(course(1_000_000, 0), ALLOWED, hour)
    assert perhaps is not None
    assert perhaps.latest_nanos is None, "12 of 892 may be a rate inside the budget"
    assert perhaps.soonest_nanos < perhaps.nanos
    assert exhaustion(course(1_000_000, 0), ALLOWED, [(HOUR, sums(10_000, 50))]) is None
    assert exhaustion(course(1_000_000, 0), ALLOWED, [(HOUR, sums(10_000, 0))]) is None
    spent = exhaustion(course(990, 10), ALLOWED, hour)
    assert spent == Exhaustion(0, 0, 0, PERIOD)
