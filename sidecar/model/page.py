"""What fits on a page: the same caps and sums for every outlet, so that all of them show the same.

Who was seen first stays, so that no newcomer makes a shown series vanish and a sum fall; what is left out is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from sidecar.model.grid import LATENCY_BOUNDS
from sidecar.model.profiles import Profile
from sidecar.model.series import INFERENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sidecar.model.sections.traffic import Traffic
    from sidecar.model.series import CounterView, ShapeView, TimingView, TokenView
    from sidecar.model.server_metrics import ServerReading

# Bounds the page whatever the tap was configured to hold: of 20 models at most 5,000 lines.
MAX_COUNTER_SERIES = 500
# Of distributions, whose series cost most by far: all of 20 models with three methods, or of 17 that fail as well.
MAX_TIMING_LINES = 3_400
DISTRIBUTION_LINES = len(LATENCY_BOUNDS) + 3  # one above the last bound, count, sum
MAX_TOKEN_SERIES = 200
MAX_SHAPED_MODELS = 20  # each with at most nine shapes


LabelsT = TypeVar("LabelsT", bound="tuple[str, ...]")


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
    since_nanos: int  # uptime at which none of the series that are summed counted anything yet


class ByteSums(NamedTuple):
    """Message bytes of calls, whatever their outcomes."""

    request_bytes: int
    response_bytes: int
    since_nanos: int  # as of calls


@dataclass(frozen=True, slots=True)
class Page:
    """The series that are shown, in the order in which they are."""

    timings: Sequence[TimingView]
    calls: Mapping[CallLabels, CallSums]
    byte_sums: Mapping[
        tuple[str, ...], ByteSums
    ]  # of all calls with the labels of one that is shown
    tokens: Sequence[TokenView]
    shapes: Sequence[ShapeView]  # none where shapes are not shown
    left_out: int  # series that are known but not shown


def page_of(traffic: Traffic, server: ServerReading | None, profile: Profile) -> Page:
    """Choose what is shown of one tick, where methods are told apart."""
    # Inference only: a histogram has no kind label, so probes must not be mixed in.
    timings = sorted((one for one in traffic.timings if one.kind == INFERENCE), key=seen)
    calls = summed_calls(traffic.counters, _labels)
    tokens = sorted(traffic.tokens, key=seen)
    shapes = sorted(traffic.shapes, key=seen) if profile is Profile.FULL else []
    lines = accumulate(map(_lines_of, timings))
    shown = timings[: sum(upto <= MAX_TIMING_LINES for upto in lines)]
    shown_calls = dict(list(calls.items())[:MAX_COUNTER_SERIES])
    left_out = len(timings) - len(shown) + len(calls) - len(shown_calls)
    left_out += max(len(tokens) - MAX_TOKEN_SERIES, 0)
    left_out += sum(len(each.shapes) for each in shapes[MAX_SHAPED_MODELS:])
    left_out += server.left_out if server else 0
    return Page(
        timings=sorted(shown, key=lambda one: (one.model, one.method, one.failed)),
        calls=dict(sorted(shown_calls.items())),
        byte_sums=dict(sorted(_byte_sums(traffic.counters, shown_calls).items())),
        tokens=sorted(
            tokens[:MAX_TOKEN_SERIES],
            key=lambda one: (one.model, one.method, one.direction, one.source),
        ),
        shapes=shapes[:MAX_SHAPED_MODELS],
        left_out=left_out,
    )


def _lines_of(timing: TimingView) -> int:
    """Return how many lines of distributions a series makes.

    Of what failed there is the latency alone: the rest is read least, and would cost most.
    """
    distributions = 1 if timing.failed else 4 if timing.streaming else 2
    return distributions * DISTRIBUTION_LINES


def seen(series: TimingView | TokenView | ShapeView | CounterView) -> int:
    """Order by when a series was first seen."""
    return series.id


def summed_calls(
    counters: Iterable[CounterView], labels_of: Callable[[CounterView], LabelsT]
) -> dict[LabelsT, CallSums]:
    """Sum counters of the same labels; those seen first come first."""
    sums: dict[LabelsT, CallSums] = {}
    for one in sorted(counters, key=seen):
        labels = labels_of(one)
        before = sums.get(labels, CallSums(0, 0, one.since_nanos))
        sums[labels] = CallSums(
            before.calls + one.calls,
            before.requests + one.requests,
            min(before.since_nanos, one.since_nanos),
        )
    return sums


def _byte_sums(
    counters: Sequence[CounterView], shown: Iterable[CallLabels]
) -> dict[tuple[str, ...], ByteSums]:
    """Sum the bytes of calls that are shown, and of those that differ from one in their outcome alone."""
    wanted = {labels.of_bytes for labels in shown}
    sums: dict[tuple[str, ...], ByteSums] = {}
    for one in counters:
        labels = _labels(one).of_bytes
        if labels in wanted:
            before = sums.get(labels, ByteSums(0, 0, one.since_nanos))
            sums[labels] = ByteSums(
                before.request_bytes + one.request_bytes,
                before.response_bytes + one.response_bytes,
                min(before.since_nanos, one.since_nanos),
            )
    return sums


def _labels(one: CounterView) -> CallLabels:
    return CallLabels(
        one.model, one.method, one.version, one.code, one.ended_by, one.kind, one.outcome
    )
