"""Which state an objective is in: ok, or one of the named silences.

Evidence of harm comes first: an upstream that refuses, then requests that hang. Then whether we see at all, then
whether there is anything to see. `now` is the tap's uptime, the clock of every age in a snapshot.

Traffic is whatever an objective is about that is open, or ended, well or not: the tap tells it by the models' true
names. What hangs is told by label: a model that nobody has named yet is under `unknown` there, which objectives
without a model see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sidecar.model.glob import matches
from sidecar.model.grid import NANOS_PER_SECOND, merge, quantile_seconds
from sidecar.model.objective import State
from sidecar.model.series import INFERENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sidecar.model.objective import Objective
    from sidecar.model.series import FlightView, TimingView

# Silence shorter than this is not a stall even for a model that answers in a millisecond: a pause of the machine.
STALLED_MIN_NANOS = 10 * NANOS_PER_SECOND
# A model whose p99 is 10 s is not stalled after 11 s.
STALLED_P99_FACTOR = 5
# A minute without an event is four scrapes at 15 s: by then a rate over it shows nothing either.
NO_TRAFFIC_NANOS = 60 * NANOS_PER_SECOND
# Above this share of unread connections the counts no longer speak for the traffic.
BLIND_RATIO = 0.01


class Subject(NamedTuple):
    """Which requests a state is about: both globs match, or the model is this one."""

    model_glob: str  # empty = any
    method_glob: str
    model: str = ""  # of an objective counted by model: the label

    @classmethod
    def of(cls, objective: Objective, model: str) -> Subject:
        """Return the requests of an objective, or of one model of it."""
        return cls(objective.model_glob, objective.method_glob, model)

    def has(self, series: FlightView | TimingView) -> bool:
        """Say whether a series is of such requests: inference, and a name that fits."""
        if series.kind != INFERENCE:
            return False
        fits = series.model == self.model if self.model else matches(self.model_glob, series.model)
        return fits and matches(self.method_glob, series.method)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What states are derived from, of one tick."""

    flights: Sequence[FlightView]
    timings: Sequence[TimingView]
    unreachable: bool  # see Refusals
    blind_ratio: float  # share of connections that are not read
    observing: bool  # the policy asks the tap to read, not only to relay


def state_of(subject: Subject, last_event: int, evidence: Evidence, now_nanos: int) -> State:
    """Return the state of one objective. In the tap's uptime: now, and when it last saw a request of it (0 = never)."""
    if evidence.unreachable:
        return State.UNREACHABLE
    flights = [flight for flight in evidence.flights if subject.has(flight)]
    waiting = any(flight.open_requests for flight in flights)
    if waiting and _stalled(subject, evidence, flights, now_nanos):
        return State.STALLED
    if not evidence.observing or evidence.blind_ratio > BLIND_RATIO:
        return State.NO_TELEMETRY
    last_seen = max(last_event, *(flight.last_completed_nanos for flight in flights), 0)
    silent = not last_seen or now_nanos - last_seen > NO_TRAFFIC_NANOS
    return State.NO_TRAFFIC if silent and not waiting else State.OK


def _stalled(
    subject: Subject, evidence: Evidence, flights: Sequence[FlightView], now_nanos: int
) -> bool:
    """Say whether requests are open and nothing has completed for max(10 s, 5 x p99).

    Silence begins at the last completion or, after an idle spell, when the oldest open request arrived.
    """
    oldest_open = max(flight.oldest_open_nanos for flight in flights)
    last_completed = max(flight.last_completed_nanos for flight in flights)
    silence = min(now_nanos - last_completed, oldest_open)
    if silence < STALLED_MIN_NANOS:
        return False
    p99_seconds = _p99_seconds(subject, evidence.timings)
    return silence >= STALLED_P99_FACTOR * p99_seconds * NANOS_PER_SECOND


def _p99_seconds(subject: Subject, timings: Sequence[TimingView]) -> float:
    """Return the p99 latency of what the objective is about, 0 when nothing ever completed."""
    concerned = merge(timing.latency for timing in timings if subject.has(timing))
    return quantile_seconds(concerned.cells, concerned.counts, 0.99) or 0.0
