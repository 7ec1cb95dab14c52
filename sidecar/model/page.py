"""What fits on a page: the same caps and sums for every outlet, so that all of them show the same.

Who was seen first stays, so that no newcomer makes a shown series vanish and a sum fall; what is left out is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sidecar.model.duration import duration_text
from sidecar.model.grid import NANOS_PER_SECOND
from sidecar.model.objective import State
from sidecar.model.series import INFERENCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sidecar.model.sections.objectives import Burn, ObjectiveReading, Objectives
    from sidecar.model.sections.traffic import Traffic
    from sidecar.model.series import CounterView, ShapeView, TimingView, TokenView
    from sidecar.model.server_metrics import ServerReading

# Bounds the page whatever the tap was configured to hold: of 20 models at most 5,000 lines.
MAX_COUNTER_SERIES = 500
MAX_TIMING_SERIES = 58
MAX_TOKEN_SERIES = 200
MAX_SHAPED_MODELS = 20  # each with at most nine shapes
# Objectives, and models of those counted by model, whose reasons, states and burn are shown: some 30 lines each. Their
# events are always shown: the budget of a fleet is computed from them.
MAX_INSTANCES = 100


class CallLabels(NamedTuple):
    """What tells counters of calls apart on a page."""

    model: str
    method: str
    version: str
    code: str
    ended_by: str
    kind: str
    outcome: str

    @property
    def of_bytes(self) -> tuple[str, ...]:
        """What tells their bytes apart: all but the outcome."""
        return self[:-1]


class CallSums(NamedTuple):
    """How many there were."""

    calls: int
    requests: int


class ByteSums(NamedTuple):
    """Message bytes of calls, whatever their outcomes."""

    request_bytes: int
    response_bytes: int


class ShownBurn(NamedTuple):
    """How fast one budget burns, in seconds and ratios; None and what is missing are not known."""

    rates: Sequence[tuple[str, float]]  # by window, of those that a tier looks at
    firing: Sequence[tuple[str, bool]]  # by tier, of those that can fire
    remaining: float | None
    exhausted_in: float | None
    covered: float | None  # of the longest window

    def series(self) -> int:
        """Return how many series it makes."""
        known = (self.remaining, self.exhausted_in, self.covered)
        return len(self.rates) + len(self.firing) + sum(each is not None for each in known)


@dataclass(frozen=True, slots=True)
class Page:
    """The series that are shown, in the order in which they are."""

    timings: Sequence[TimingView]
    calls: Mapping[CallLabels, CallSums]
    byte_sums: Mapping[
        tuple[str, ...], ByteSums
    ]  # of all calls with the labels of one that is shown
    tokens: Sequence[TokenView]
    shapes: Sequence[ShapeView]
    instances: Sequence[ObjectiveReading]  # whose reasons, states and burn are shown
    burns: Mapping[tuple[str, str], ShownBurn]  # by objective and model
    left_out: int  # series that are known but not shown


def page_of(traffic: Traffic, server: ServerReading | None, objectives: Objectives) -> Page:
    """Choose what is shown of one tick."""
    # Inference only: a histogram has no kind label, so probes must not be mixed in.
    timings = sorted((one for one in traffic.timings if one.kind == INFERENCE), key=_seen)
    calls = _summed(traffic.counters)
    tokens, shapes = sorted(traffic.tokens, key=_seen), sorted(traffic.shapes, key=_seen)
    shown = timings[:MAX_TIMING_SERIES]
    shown_calls = dict(list(calls.items())[:MAX_COUNTER_SERIES])
    left_out = len(timings) - len(shown) + len(calls) - len(shown_calls)
    left_out += max(len(tokens) - MAX_TOKEN_SERIES, 0)
    left_out += sum(len(each.shapes) for each in shapes[MAX_SHAPED_MODELS:])
    left_out += server.left_out if server else 0
    instances, others = objectives.readings[:MAX_INSTANCES], objectives.readings[MAX_INSTANCES:]
    left_out += sum(_series_of(each) for each in others)
    return Page(
        timings=sorted(shown, key=lambda one: (one.model, one.method, one.failed)),
        calls=dict(sorted(shown_calls.items())),
        byte_sums=dict(sorted(_byte_sums(traffic.counters, shown_calls).items())),
        tokens=sorted(
            tokens[:MAX_TOKEN_SERIES],
            key=lambda one: (one.model, one.method, one.direction, one.source),
        ),
        shapes=shapes[:MAX_SHAPED_MODELS],
        instances=instances,
        burns={
            (each.objective.name, each.model): _shown(each.burn)
            for each in instances
            if each.burn is not None
        },
        left_out=left_out,
    )


def _shown(burn: Burn) -> ShownBurn:
    """Leave out windows at which no tier looks, and tiers whose windows are not kept."""
    tiers = [each for each in burn.tiers if not each.out_of_reach]
    looked_at = {each.long_nanos for each in tiers} | {each.short_nanos for each in tiers}
    return ShownBurn(
        rates=[
            (duration_text(each.nanos), each.burn)
            for each in burn.windows
            if each.burn is not None and each.nanos in looked_at
        ],
        firing=[(each.name, each.firing) for each in tiers],
        remaining=burn.budget_remaining,
        exhausted_in=burn.exhaustion.nanos / NANOS_PER_SECOND if burn.exhaustion else None,
        covered=burn.windows[-1].covered_nanos / NANOS_PER_SECOND if burn.windows else None,
    )


def _series_of(reading: ObjectiveReading) -> int:
    """Return how many series an objective makes besides its events."""
    burn = _shown(reading.burn).series() if reading.burn else 0
    return len(reading.events.excluded_by) + len(State) + burn


def _seen(series: TimingView | TokenView | ShapeView | CounterView) -> int:
    """Order by when a series was first seen."""
    return series.id


def _summed(counters: Sequence[CounterView]) -> dict[CallLabels, CallSums]:
    """Sum counters of the same labels; those seen first come first."""
    sums: dict[CallLabels, CallSums] = {}
    for one in sorted(counters, key=_seen):
        labels = _labels(one)
        before = sums.get(labels, CallSums(0, 0))
        sums[labels] = CallSums(before.calls + one.calls, before.requests + one.requests)
    return sums


def _byte_sums(
    counters: Sequence[CounterView], shown: Iterable[CallLabels]
) -> dict[tuple[str, ...], ByteSums]:
    """Sum the bytes of calls that are shown, and of those that differ from one in their outcome alone."""
    sums = {labels.of_bytes: ByteSums(0, 0) for labels in shown}
    for one in counters:
        before = sums.get(labels := _labels(one).of_bytes)
        if before is not None:
            sums[labels] = ByteSums(
                before.request_bytes + one.request_bytes,
                before.response_bytes + one.response_bytes,
            )
    return sums


def _labels(one: CounterView) -> CallLabels:
    return CallLabels(
        one.model, one.method, one.version, one.code, one.ended_by, one.kind, one.outcome
    )
