"""The words in which promtool's tests write series."""

from __future__ import annotations

import pytest

from alerts.promtool_tests import (
    EXPECTED,
    Moments,
    can_test,
    counter,
    expected_of,
    flat,
    fleet,
    steps,
)
from alerts.scope import Scope
from sidecar.model.indicator import Available
from sidecar.model.objective import Objective


def values(written: str) -> list[int]:
    """What promtool makes of a series: `a+bxn` is a, and b more n times."""
    found: list[int] = []
    for word in written.split():
        first, _, rest = word.partition("+")
        step, _, times = rest.partition("x")
        found += [int(first) + at * int(step or 0) for at in range(int(times or 0) + 1)]
    return found


def test_a_counter_goes_on_where_a_phase_ends() -> None:
    assert values(counter((2, 3), (0, 2), (5, 1))) == [0, 2, 4, 6, 6, 6, 11]
    assert values(flat(7, 2)) == [7, 7, 7]
    assert values(steps(3, 7)) == [0, 0, 0, 1, 1, 1, 2]


# The table of research 6.2, in minutes: threshold / errors x long window, short window x (1 - threshold / errors).
@pytest.mark.parametrize(
    ("ratio", "tier", "detection", "reset"),
    [
        ("0.999", "fast", 5.76, 4.52),
        ("0.999", "slow", 14.4, 28.8),
        ("0.99", "fast", 8.64, 4.28),
        ("0.99", "slow", 21.6, 28.2),
        ("0.95", "fast", 43.2, 1.4),
        ("0.95", "slow", 108, 21),
    ],
)
def test_pages_are_expected_around_the_closed_form(
    ratio: str, tier: str, detection: float, reset: float
) -> None:
    moments: Moments = getattr(EXPECTED[ratio].pages, tier)
    # A long window of more than an hour is told on a grid of five minutes.
    assert detection < moments.fires <= detection + (1 if tier == "fast" else 5)
    assert moments.silent < moments.fires
    assert moments.still < reset < moments.clear <= reset + 1


@pytest.mark.parametrize(
    ("ratio", "detection", "fast", "slow"),
    [("0.999", 216, 102, 342), ("0.99", 432, 84, 324), ("0.95", 432, 84, 324)],
)
def test_tickets_are_expected_around_the_closed_form(
    ratio: str, detection: float, fast: float, slow: float
) -> None:
    tickets = EXPECTED[ratio].tickets
    for moments, reset in ((tickets.fast, fast), (tickets.slow, slow)):
        assert moments.silent < detection < moments.fires <= detection + 5
        assert moments.still < reset < moments.clear <= reset + 5


def test_what_is_unusual_has_no_expectations() -> None:
    assert expected_of(Objective("a", Available(), "0.999")) is EXPECTED["0.999"]
    assert expected_of(Objective("a", Available(), "0.9995")) is None
    assert expected_of(Objective("a", Available(), "0.999", min_bad=6)) is None
    assert expected_of(Objective("a", Available(), "0.999", tiers=())) is None


def test_cases_are_told_apart_by_a_label_that_is_not_asked_for() -> None:
    asked = Scope(matchers=(("workload", "chat"), ("namespace", "vision")))
    assert fleet("idle", Scope()) == {"namespace": "ml", "workload": "idle"}
    assert fleet("idle", asked) == {"namespace": "vision", "workload": "chat", "cluster": "idle"}
    assert can_test(asked)
    assert not can_test(Scope(matchers=(*asked.matchers, ("cluster", "a"))))
