"""What fits on a page where only models are told apart: inference alone, summed over methods and versions.

Who was seen first stays, as on the larger page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sidecar.model.exemplar import exemplar_of
from sidecar.model.grid import merge
from sidecar.model.page import seen, summed_calls
from sidecar.model.series import INFERENCE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sidecar.model.exemplar import Exemplar
    from sidecar.model.page import CallSums
    from sidecar.model.sections.traffic import Traffic
    from sidecar.model.series import HistogramView, TimingView

# Bounds the page whatever the tap was configured to hold: it has 64 models, and most answer with a code or two.
MAX_CALL_SERIES = 128
MAX_MODELS = 64


class ModelCalls(NamedTuple):
    """What tells counters of calls apart."""

    model: str
    code: str
    outcome: str


@dataclass(frozen=True, slots=True)
class ModelPage:
    """The series that are shown, in the order in which they are."""

    calls: Mapping[ModelCalls, CallSums]
    in_flight: Mapping[str, int]
    latencies: Mapping[str, tuple[HistogramView, Exemplar | None, int]]
    left_out: int  # series that are known but not shown


def model_page_of(traffic: Traffic) -> ModelPage:
    """Choose what is shown of one tick."""
    calls = summed_calls(
        (each for each in traffic.counters if each.kind == INFERENCE),
        lambda one: ModelCalls(one.model, one.code, one.outcome),
    )
    timings = _timings(traffic.timings)
    in_flight: dict[str, int] = {}
    for each in traffic.flights:
        if each.kind == INFERENCE:
            in_flight[each.model] = in_flight.get(each.model, 0) + each.in_flight
    return ModelPage(
        calls=dict(sorted(list(calls.items())[:MAX_CALL_SERIES])),
        in_flight=dict(list(in_flight.items())[:MAX_MODELS]),
        latencies={model: _added(timings[model]) for model in sorted(list(timings)[:MAX_MODELS])},
        left_out=max(len(calls) - MAX_CALL_SERIES, 0)
        + max(len(in_flight) - MAX_MODELS, 0)
        + max(len(timings) - MAX_MODELS, 0),
    )


def _timings(timings: Sequence[TimingView]) -> dict[str, list[TimingView]]:
    """Put those of one model together; models seen first come first."""
    by_model: dict[str, list[TimingView]] = {}
    for one in sorted((each for each in timings if each.kind == INFERENCE), key=seen):
        by_model.setdefault(one.model, []).append(one)
    return by_model


def _added(timings: Sequence[TimingView]) -> tuple[HistogramView, Exemplar | None, int]:
    """Return the latencies of one model, failed requests among them, of their exemplars the slowest, and since when."""
    exemplars = [found for each in timings if (found := exemplar_of(each.latency_exemplar))]
    slowest = max(exemplars, key=lambda each: each.value_nanos, default=None)
    since_nanos = min(each.since_nanos for each in timings)
    return merge(each.latency for each in timings), slowest, since_nanos
