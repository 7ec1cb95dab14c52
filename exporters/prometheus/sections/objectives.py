"""Objectives: definitions, states, events, and how fast this replica's budget burns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters.prometheus.families import Point, dated, gauges, infos
from sidecar.model import metrics
from sidecar.model.exemplar import exemplar_of
from sidecar.model.windows import SeriesKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exporters.prometheus.families import Family
    from sidecar.model.objectives_page import ObjectivesPage
    from sidecar.model.sections.objectives import ObjectiveReading, Objectives
    from sidecar.model.sections.traffic import Traffic
    from sidecar.model.series import EventView


def families(objectives: Objectives, page: ObjectivesPage, traffic: Traffic) -> Iterator[Family]:
    """Yield what there is to tell; events from 0 on, as the first bad one must be an increase, not an appearance."""
    events = (one for each in objectives.readings for one in _events(each, traffic))
    yield dated(metrics.SLO_EVENTS, events)
    instances = page.instances
    since = {
        (each.objective.name, each.model): counted.since_nanos
        for each in objectives.readings
        if (counted := _counted(each, traffic))
    }
    excluded = (
        Point((*each.at, reason), count, None, since.get(each.at))
        for each in instances
        for reason, count in each.exclusions
    )
    yield dated(metrics.SLO_EXCLUDED, excluded)
    # Once, however many models an objective is counted by.
    defined = {each.objective.name: each.objective for each in objectives.readings}
    yield infos(metrics.SLO_INFO, ((name, each.spec_hash) for name, each in defined.items()))
    targets = (((name,), float(each.ratio)) for name, each in defined.items())
    yield gauges(metrics.SLO_OBJECTIVE, targets)
    states = (
        ((*each.at, state), float(is_in)) for each in instances for state, is_in in each.states
    )
    yield gauges(metrics.SLO_STATE, states)
    yield from _burn(page)


def _events(reading: ObjectiveReading, traffic: Traffic) -> Iterator[Point]:
    """Yield the events of one objective, or of one model of it, and of the bad ones one to look at."""
    objective, model, events = reading.objective, reading.model, reading.events
    counted = _counted(reading, traffic)
    exemplar = exemplar_of(counted.exemplar) if counted else None
    since = counted.since_nanos if counted else None
    yield Point((objective.name, model, "good"), events.good, None, since)
    yield Point((objective.name, model, "bad"), events.bad, exemplar, since)
    yield Point((objective.name, model, "excluded"), events.excluded, None, since)


def _counted(reading: ObjectiveReading, traffic: Traffic) -> EventView | None:
    """Return what the tap counted of a reading; None before it knows of it."""
    return traffic.events.get(SeriesKey(reading.objective.id, reading.model))


def _burn(page: ObjectivesPage) -> Iterator[Family]:
    """Of this replica alone: what is absent is not known."""
    burns = {each.at: each.burn for each in page.instances if each.burn is not None}
    rates = (((*at, window), rate) for at, burn in burns.items() for window, rate in burn.rates)
    yield gauges(metrics.REPLICA_BURN_RATE, rates)
    for metric, values in (
        (metrics.REPLICA_BUDGET_REMAINING, {at: each.remaining for at, each in burns.items()}),
        (metrics.REPLICA_EXHAUSTION, {at: each.exhausted_in for at, each in burns.items()}),
        (metrics.REPLICA_WINDOW, {at: each.covered for at, each in burns.items()}),
    ):
        known = [(at, value) for at, value in values.items() if value is not None]
        yield gauges(metric, known)
    tiers = (
        ((*at, tier), float(firing)) for at, burn in burns.items() for tier, firing in burn.firing
    )
    yield gauges(metrics.REPLICA_TIER_FIRING, tiers)
