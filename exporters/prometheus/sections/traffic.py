"""Calls, requests, distributions, tokens, shapes, and the servers behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters.prometheus.families import counters, gauges, histograms, size_histograms
from sidecar.model import metrics
from sidecar.model.outcomes import IN_BAND_ERROR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client.metrics_core import Metric as Family

    from sidecar.model.metrics import Metric
    from sidecar.model.page import Page
    from sidecar.model.sections.traffic import Traffic
    from sidecar.model.series import HistogramView, TimingView

# Of calls that the server never began: nothing was asked.
UNPROCESSED = "UNPROCESSED"


def families(traffic: Traffic, page: Page) -> Iterator[Family]:
    """Yield what there is to tell."""
    yield from _timings(page)
    yield from _batches(traffic, page)
    shapes = (((each.model, one.label), one.value) for each in page.shapes for one in each.shapes)
    yield from counters(metrics.REQUEST_SHAPES, sorted(shapes))
    yield from _calls(traffic, page)
    tokens = (
        ((each.model, each.method, each.direction, each.source), each.tokens)
        for each in page.tokens
    )
    yield from counters(metrics.TOKENS, tokens)
    yield from _upstreams(traffic)


def _timings(page: Page) -> Iterator[Family]:
    # Three distributions are of what was answered well alone: of what failed they are read least, and cost most lines.
    shown: list[tuple[Metric, Callable[[TimingView], HistogramView], bool]] = [
        (metrics.LATENCY, lambda timing: timing.latency, False),
        (metrics.CALL_DURATION, lambda timing: timing.call_duration, False),
        (metrics.FIRST_RESPONSE, lambda timing: timing.first_response, True),
        (metrics.RESPONSE_GAP, lambda timing: timing.response_gap, True),
    ]
    for metric, histogram_of, of_streams in shown:
        yield from histograms(
            metric,
            (
                (_timing_labels(timing), histogram_of(timing))
                for timing in page.timings
                if not of_streams or (timing.streaming and not timing.failed)
            ),
        )


def _batches(traffic: Traffic, page: Page) -> Iterator[Family]:
    yield from size_histograms(
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
    yield from gauges(metrics.MODEL_MAX_BATCH_SIZE, limits)


def _timing_labels(timing: TimingView) -> tuple[str, str, str]:
    return timing.model, timing.method, "failed" if timing.failed else "ok"


def _calls(traffic: Traffic, page: Page) -> Iterator[Family]:
    # Requests that failed inside an OK response: the call behind them is counted under its own code.
    yield from counters(
        metrics.CALLS,
        ((at, sums.calls) for at, sums in page.calls.items() if at.code != IN_BAND_ERROR),
    )
    yield from counters(
        metrics.REQUESTS,
        ((at, sums.requests) for at, sums in page.calls.items() if at.code != UNPROCESSED),
    )
    ended = {at.of_bytes for at in page.calls if at.code != IN_BAND_ERROR}
    carried = [(at, sums) for at, sums in page.byte_sums.items() if at in ended]
    yield from counters(metrics.REQUEST_BYTES, ((at, sums.request_bytes) for at, sums in carried))
    yield from counters(metrics.RESPONSE_BYTES, ((at, sums.response_bytes) for at, sums in carried))
    yield from gauges(
        metrics.CALLS_IN_FLIGHT,
        (((each.model, each.method, each.kind), each.in_flight) for each in traffic.flights),
    )


def _upstreams(traffic: Traffic) -> Iterator[Family]:
    behind = [((each.listener, each.address), each) for each in traffic.upstreams]
    yield from gauges(metrics.UPSTREAM_UP, ((at, float(each.up)) for at, each in behind))
    yield from counters(metrics.UPSTREAM_REFUSED, ((at, each.refused) for at, each in behind))
    yield from counters(
        metrics.UPSTREAM_CONNECTIONS, ((at, each.connections) for at, each in behind)
    )
    yield from gauges(
        metrics.UPSTREAM_CONNECTIONS_OPEN, ((at, each.connections_open) for at, each in behind)
    )
