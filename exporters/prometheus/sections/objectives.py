"""Objectives: definitions, states and events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters.prometheus.families import counters, gauges, infos
from sidecar.model import metrics
from sidecar.model.objective import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.metrics_core import Metric as Family

    from sidecar.model.sections.objectives import Objectives


def families(objectives: Objectives) -> Iterator[Family]:
    """Yield what there is to tell; events from 0 on, as the first bad one must be an increase, not an appearance."""
    readings = [(each.objective, each) for each in objectives.readings]
    events = (
        ((objective.name, outcome), getattr(each.events, outcome))
        for objective, each in readings
        for outcome in ("good", "bad", "excluded")
    )
    yield from counters(metrics.SLO_EVENTS, events)
    excluded = (
        ((objective.name, reason), count)
        for objective, each in readings
        for reason, count in each.events.excluded_by
    )
    yield from counters(metrics.SLO_EXCLUDED, excluded)
    yield from infos(metrics.SLO_INFO, ((each.name, each.spec_hash) for each, _ in readings))
    yield from gauges(
        metrics.SLO_OBJECTIVE, (((each.name,), float(each.ratio)) for each, _ in readings)
    )
    states = (
        ((objective.name, state.value), float(state is each.state))
        for objective, each in readings
        for state in State
    )
    yield from gauges(metrics.SLO_STATE, states)
