"""Objectives: definitions, states, events, and how fast this replica's budget burns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters.prometheus.families import counters, gauges, infos
from sidecar.model import metrics
from sidecar.model.objective import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.metrics_core import Metric as Family

    from sidecar.model.page import Page
    from sidecar.model.sections.objectives import Objectives


def families(objectives: Objectives, page: Page) -> Iterator[Family]:
    """Yield what there is to tell; events from 0 on, as the first bad one must be an increase, not an appearance."""
    events = (
        ((each.objective.name, each.model, outcome), getattr(each.events, outcome))
        for each in objectives.readings
        for outcome in ("good", "bad", "excluded")
    )
    yield from counters(metrics.SLO_EVENTS, events)
    excluded = (
        ((each.objective.name, each.model, reason), count)
        for each in page.instances
        for reason, count in each.events.excluded_by
    )
    yield from counters(metrics.SLO_EXCLUDED, excluded)
    # Once, however many models an objective is counted by.
    defined = {each.objective.name: each.objective for each in objectives.readings}
    yield from infos(metrics.SLO_INFO, ((name, each.spec_hash) for name, each in defined.items()))
    targets = (((name,), float(each.ratio)) for name, each in defined.items())
    yield from gauges(metrics.SLO_OBJECTIVE, targets)
    states = (
        ((each.objective.name, each.model, state.value), float(state is each.state))
        for each in page.instances
        for state in State
    )
    yield from gauges(metrics.SLO_STATE, states)
    yield from _burn(page)


def _burn(page: Page) -> Iterator[Family]:
    """Of this replica alone: what is absent is not known."""
    burns = page.burns
    rates = (((*at, window), rate) for at, burn in burns.items() for window, rate in burn.rates)
    yield from gauges(metrics.REPLICA_BURN_RATE, rates)
    for metric, values in (
        (metrics.REPLICA_BUDGET_REMAINING, {at: each.remaining for at, each in burns.items()}),
        (metrics.REPLICA_EXHAUSTION, {at: each.exhausted_in for at, each in burns.items()}),
        (metrics.REPLICA_WINDOW, {at: each.covered for at, each in burns.items()}),
    ):
        yield from gauges(
            metric, ((at, value) for at, value in values.items() if value is not None)
        )
    tiers = (
        ((*at, tier), float(firing)) for at, burn in burns.items() for tier, firing in burn.firing
    )
    yield from gauges(metrics.REPLICA_TIER_FIRING, tiers)
