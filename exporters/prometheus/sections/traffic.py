"""Calls, requests, distributions, tokens, shapes, and the servers behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from exporters.prometheus.families import (
    Point,
    counters,
    dated,
    gauges,
    histograms,
    size_histograms,
)
from sidecar.model import metrics
from sidecar.model.exemplar import exemplar_of
from sidecar.model.outcomes import IN_BAND_ERROR, UNPROCESSED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from exporters.prometheus.families import Family
    from sidecar.model.model_page import ModelCalls
    from sidecar.model.page import CallLabels, CallSums, Page
    from sidecar.model.sections.traffic import Traffic
    from sidecar.model.series import TimingView

    AtT = TypeVar("AtT", CallLabels, ModelCalls)


def families(traffic: Traffic, page: Page) -> Iterator[Family]:
    """Yield what there is to tell."""
    yield from _timings(page)
    yield from _batches(traffic, page)
    shapes = (((each.model, one.label), one.value) for each in page.shapes for one in each.shapes)
    yield counters(metrics.REQUEST_SHAPES, sorted(shapes))
    yield from _calls(traffic, page)
    tokens = (
        Point(
            (each.model, each.method, each.direction, each.source),
            each.tokens,
            None,
            each.since_nanos,
        )
        for each in page.tokens
    )
    yield dated(metrics.TOKENS, tokens)
    yield from upstreams(traffic)


def _timings(page: Page) -> Iterator[Family]:
    # All but the latency are of what was answered well alone: see how the page counts their lines.
    labels = _timing_labels
    good = [each for each in page.timings if not each.failed]
    streams = [each for each in good if each.streaming]
    yield histograms(
        metrics.LATENCY,
        (
            (labels(each), each.latency, exemplar_of(each.latency_exemplar), each.since_nanos)
            for each in page.timings
        ),
    )
    yield histograms(
        metrics.CALL_DURATION,
        ((labels(each), each.call_duration, None, each.since_nanos) for each in good),
    )
    yield histograms(
        metrics.FIRST_RESPONSE,
        (
            (
                labels(each),
                each.first_response,
                exemplar_of(each.first_response_exemplar),
                each.since_nanos,
            )
            for each in streams
        ),
    )
    yield histograms(
        metrics.RESPONSE_GAP,
        ((labels(each), each.response_gap, None, each.since_nanos) for each in streams),
    )


def _batches(traffic: Traffic, page: Page) -> Iterator[Family]:
    yield size_histograms(
        metrics.REQUEST_BATCH_SIZE,
        (
            (_timing_labels(timing), timing.batch_size)
            for timing in page.timings
            if not timing.failed
        ),
    )
    shown = {timing.model for timing in page.timings}
    limits = (
        ((each.model,), each.max_batch_size) for each in traffic.batch_limits if each.model in shown
    )
    yield gauges(metrics.MODEL_MAX_BATCH_SIZE, limits)


def _timing_labels(timing: TimingView) -> tuple[str, str, str]:
    return timing.model, timing.method, "failed" if timing.failed else "ok"


def _calls(traffic: Traffic, page: Page) -> Iterator[Family]:
    # Requests that failed inside an OK response: the call behind them is counted under its own code.
    yield from calls_and_requests(page.calls)
    ended = {at.of_bytes for at in page.calls if at.code != IN_BAND_ERROR}
    carried = [(at, sums) for at, sums in page.byte_sums.items() if at in ended]
    yield dated(
        metrics.REQUEST_BYTES,
        (Point(at, sums.request_bytes, None, sums.since_nanos) for at, sums in carried),
    )
    yield dated(
        metrics.RESPONSE_BYTES,
        (Point(at, sums.response_bytes, None, sums.since_nanos) for at, sums in carried),
    )
    yield gauges(
        metrics.CALLS_IN_FLIGHT,
        (((each.model, each.method, each.kind), each.in_flight) for each in traffic.flights),
    )


def calls_and_requests(calls: Mapping[AtT, CallSums]) -> Iterator[Family]:
    """Yield both, each without what it has under codes of the other alone."""
    yield dated(
        metrics.CALLS,
        (
            Point(at, sums.calls, None, sums.since_nanos)
            for at, sums in calls.items()
            if at.code != IN_BAND_ERROR
        ),
    )
    yield dated(
        metrics.REQUESTS,
        (
            Point(at, sums.requests, None, sums.since_nanos)
            for at, sums in calls.items()
            if at.code != UNPROCESSED
        ),
    )


def upstreams(traffic: Traffic) -> Iterator[Family]:
    """Yield what there is to tell of the servers behind."""
    behind = [((each.listener, each.address), each) for each in traffic.upstreams]
    yield gauges(metrics.UPSTREAM_UP, ((at, float(each.up)) for at, each in behind))
    yield counters(metrics.UPSTREAM_REFUSED, ((at, each.refused) for at, each in behind))
    yield counters(metrics.UPSTREAM_CONNECTIONS, ((at, each.connections) for at, each in behind))
    yield gauges(
        metrics.UPSTREAM_CONNECTIONS_OPEN, ((at, each.connections_open) for at, each in behind)
    )
