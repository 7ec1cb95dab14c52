"""Months of services that keep their targets page nobody for nothing, and outages are told in time."""

from __future__ import annotations

import statistics

import pytest

from sidecar.model.duration import HOUR, MINUTE
from sidecar.model.indicator import Available
from sidecar.model.objective import Objective
from sidecar.model.tiers import PAGE
from tests.fakes.promises import START, Ticker
from tests.harness.months import (
    Service,
    month,
    outage_told_after,
    pages,
    rules,
    tickets,
    times_fired,
)

SEEDS = 10
OUTAGES = 200


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("calls_per_hour", [10, 50, 70, 500])
@pytest.mark.parametrize("ratio", ["0.999", "0.99", "0.95"])
def test_a_service_on_target_pages_at_most_once_a_month_and_one_at_half_writes_no_ticket(
    ratio: str, calls_per_hour: int, clustered: bool
) -> None:
    on_target = Service(ratio, calls_per_hour, clustered)
    at_half = Service(ratio, calls_per_hour, clustered, budget_used=0.5)
    assert statistics.mean(pages(on_target, seed) for seed in range(SEEDS)) <= 1
    assert sum(tickets(at_half, seed) for seed in range(SEEDS)) == 0


@pytest.mark.parametrize(
    ("ratio", "median_minutes", "p95_minutes"),
    [("0.999", 30, 70), ("0.99", 30, 70), ("0.95", 50, None)],
)
def test_an_outage_at_ten_calls_an_hour_is_told(
    ratio: str, median_minutes: int, p95_minutes: int | None
) -> None:
    service = Service(ratio, 10)
    told = sorted(outage_told_after(service, seed) / MINUTE for seed in range(OUTAGES))
    assert statistics.median(told) <= median_minutes
    if p95_minutes is not None:
        assert told[int(OUTAGES * 0.95)] <= p95_minutes


def test_the_engine_fires_as_often_as_brute_force_says() -> None:
    """A bad month, so that there is something to compare: three times the budget, in clusters."""
    service = Service("0.99", 50, clustered=True, budget_used=3.0)
    history = month(service, seed=1)
    expected = {rule.name: times_fired(history, rule) for rule in rules(service.ratio, PAGE)}
    ticker = Ticker([Objective("answers", Available(), service.ratio)])
    ticker.tick(START)
    found = dict.fromkeys(expected, 0)
    told = sorted([(at, 1, 0) for at in history.good] + [(at, 0, 1) for at in history.bad])
    for at, good, bad in told:
        if bad:
            ticker.tick(START + at - 1)
        ticker.tick(START + at, good, bad)
        for change in ticker.engine.tier_changes:
            if change.tier.firing and change.tier.name in found:
                found[change.tier.name] += 1
    assert sum(expected.values()) > 20
    # The slots of so few events take an oldest one by its share, and brute force has none.
    for name, count in expected.items():
        assert found[name] == pytest.approx(count, abs=max(3, 0.25 * count)), name
    assert ticker.now > START + 700 * HOUR
