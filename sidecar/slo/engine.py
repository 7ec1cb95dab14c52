"""The engine of objectives: which state each is in, and its events. Pure: facts and `now` in, a section out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sidecar.model.sections.objectives import Events, ObjectiveReading, Objectives
from sidecar.slo.blindness import Blindness
from sidecar.slo.state import Evidence, state_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sidecar.model.objective import Objective, State
    from sidecar.model.sections.tap import Tap
    from sidecar.model.sections.traffic import Traffic


@dataclass(frozen=True, slots=True)
class Change:
    """An objective that is in another state than in the tick before."""

    objective: Objective
    before: State
    now: State


class ObjectivesEngine:
    """Keeps what a state depends on beyond one tick: how blind the tap was of late."""

    def __init__(self) -> None:
        self._blindness = Blindness()
        self._states: dict[str, State] = {}
        self.changes: tuple[Change, ...] = ()
        """Of the last tick, for whoever tells people."""

    def judge(
        self,
        objectives: Sequence[Objective],
        traffic: Traffic,
        tap: Tap,
        *,
        observing: bool,
        now_nanos: int,
    ) -> Objectives:
        """Return the section of this tick; `now_nanos` is the tap's uptime, `observing` that it is to read at all."""
        evidence = Evidence(
            flights=traffic.flights,
            timings=traffic.timings,
            events=traffic.events,
            upstreams=traffic.upstreams,
            blind_ratio=self._blindness.ratio(tap.stats, now_nanos),
            observing=observing,
        )
        readings = tuple(
            ObjectiveReading(each, state_of(each, evidence, now_nanos), _events(each, traffic))
            for each in objectives
        )
        self.changes = tuple(
            Change(each.objective, before, each.state)
            for each in readings
            if (before := self._states.get(each.objective.id)) not in (None, each.state)
        )
        self._states = {each.objective.id: each.state for each in readings}
        return Objectives(readings)


def _events(objective: Objective, traffic: Traffic) -> Events:
    event = traffic.events.get(objective.id)
    if event is None:
        return Events()
    reasons = tuple((each.label, each.value) for each in event.excluded_by)
    return Events(event.good, event.bad, event.excluded, reasons)
