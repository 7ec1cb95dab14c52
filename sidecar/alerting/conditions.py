"""What is to be told of a tick: each condition with the labels that it is known by, as the rules of a fleet have them.

An objective's tier is an alert of its own. A state is one of the model server and not of an objective: one alert,
whichever objectives see it. What waits before it is told waits as in the rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sidecar.alerting import wording
from sidecar.model import alert_names as names
from sidecar.model.duration import MINUTE
from sidecar.model.objective import STATE_TIERS, State
from sidecar.model.tiers import PAGE, TICKET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sidecar.model.sections.alerts import Pairs
    from sidecar.model.sections.config import Config
    from sidecar.model.sections.objectives import ObjectiveReading, Objectives, TierReading

# As `for:` in alerts/templates/replicas.yaml.j2. Tiers of states have waited already.
BLIND_FOR_NANOS = 10 * MINUTE
CONFIG_INVALID_FOR_NANOS = 5 * MINUTE


class Condition(NamedTuple):
    """Something that is so now."""

    labels: Pairs
    severity: str
    annotate: Callable[[], wording.Words]
    """Not asked before it is sent: figures change each tick."""
    since_unix_nanos: int = 0  # where an engine before us knows; 0: since it was first seen
    wait_nanos: int = 0  # for so long it must be so


def conditions(objectives: Objectives, config: Config) -> Iterator[Condition]:
    """Yield all that is so, each once."""
    for reading in objectives.readings:
        for tier in reading.burn.tiers if reading.burn else ():
            if tier.firing and tier.short_nanos:
                yield _burn(reading, tier)
    for state in STATE_TIERS:
        yield from _state(state, objectives)
    blind = [each for each in objectives.readings if each.state is State.NO_TELEMETRY]
    if blind:
        wait = BLIND_FOR_NANOS
        labels = _labels(names.BLIND, TICKET)
        yield Condition(labels, TICKET, lambda: wording.blind(blind), wait_nanos=wait)
    if not (config.valid and config.last_reload_successful):
        wait = CONFIG_INVALID_FOR_NANOS
        labels = _labels(names.CONFIG_INVALID, TICKET)
        yield Condition(labels, TICKET, lambda: wording.config(config), wait_nanos=wait)


def _burn(reading: ObjectiveReading, tier: TierReading) -> Condition:
    more = {names.SLO: reading.objective.name, names.TIER: tier.name}
    if reading.objective.per_model:
        more[names.MODEL] = reading.model
    labels = _labels(names.BUDGET_BURN, tier.severity, **more)
    since = tier.since_unix_nanos
    return Condition(labels, tier.severity, lambda: wording.burn(reading, tier), since)


def _state(state: State, objectives: Objectives) -> Iterator[Condition]:
    """Yield the alert of a state whose tier fires for any objective, since it first did for one."""
    seen = [
        (reading, tier.since_unix_nanos)
        for reading in objectives.readings
        for tier in (reading.burn.tiers if reading.burn else ())
        if tier.firing and not tier.short_nanos and tier.name == state.value
    ]
    if seen:
        readings = [reading for reading, _ in seen]
        labels = _labels(names.OF_STATE[state], PAGE, **{names.TIER: state.value})
        since = min(since for _, since in seen)
        yield Condition(labels, PAGE, lambda: wording.state(state, readings, since), since)


def _labels(name: str, severity: str, **more: str) -> Pairs:
    named = {names.ALERTNAME: name, names.SEVERITY: severity, **more}
    # Alertmanager drops a label without a value.
    return tuple(sorted((label, value) for label, value in named.items() if value))
