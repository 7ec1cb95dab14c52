"""One immutable snapshot as metric families, in a fixed order. Absent stays absent: nothing here invents a 0.

Presence at 0 is given where a first event must not be lost to `rate()`: objective events, and counters of the tap
itself, which exist from its start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters.prometheus.families import (
    counters,
    gauges,
    histograms,
    infos,
    labelled,
    size_histograms,
)
from sidecar.model import metrics
from sidecar.model.grid import NANOS_PER_SECOND
from sidecar.model.objective import State
from sidecar.model.series import INFERENCE
from sidecar.model.server_metrics import Number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client.metrics_core import Metric as Family

    from sidecar.model.metrics import Metric
    from sidecar.model.series import CounterView, HistogramView, ShapeView, TimingView, TokenView
    from sidecar.model.snapshot import Snapshot

# Requests that failed inside an OK response: the call behind them is counted under its own code.
IN_BAND_ERROR = "IN_BAND_ERROR"

# Bounds the page whatever the tap was configured to hold: 20 models of ordinary use are about 3,000 lines. Who was
# seen first stays, so that no newcomer makes a shown series vanish and a sum fall; what is left out is counted.
MAX_COUNTER_SERIES = 500
MAX_TIMING_SERIES = 60
MAX_TOKEN_SERIES = 200
MAX_SHAPED_MODELS = 20  # each with at most nine shapes

CallLabels = tuple[str, str, str, str, str, str]


class SnapshotCollector:
    """What prometheus_client asks for families; reads one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    def collect(self) -> Iterator[Family]:
        """Yield every family that has something to tell."""
        snapshot = self.snapshot
        timings = _shown_timings(snapshot)
        calls = _summed_calls(snapshot)
        tokens = _shown_tokens(snapshot)
        shaped = _shown_shapes(snapshot)
        yield from _timing_families(timings)
        yield from _batch_families(timings, snapshot)
        yield from counters(metrics.REQUEST_SHAPES, _shape_samples(shaped))
        yield from _call_families(calls, snapshot)
        yield from counters(metrics.TOKENS, ((_token_labels(each), each.tokens) for each in tokens))
        yield from _upstream_families(snapshot)
        yield from _server_families(snapshot)
        yield from _objective_families(snapshot)
        yield from _config_families(snapshot)
        yield from _tap_families(snapshot)
        yield from _tap_losses(snapshot)
        left_out = _left_out(snapshot, timings, calls, tokens, shaped)
        yield from _control_families(snapshot, left_out)


# === calls ===


def _shown_timings(snapshot: Snapshot) -> list[TimingView]:
    """Inference only: a histogram has no kind label, so probes must not be mixed in."""
    timings = [timing for timing in snapshot.timings if timing.kind == INFERENCE]
    timings.sort(key=lambda timing: timing.id)
    shown = timings[:MAX_TIMING_SERIES]
    return sorted(shown, key=lambda timing: (timing.model, timing.method, timing.failed))


def _timing_families(timings: list[TimingView]) -> Iterator[Family]:
    shown: list[tuple[Metric, Callable[[TimingView], HistogramView], bool]] = [
        (metrics.LATENCY, lambda timing: timing.latency, False),
        (metrics.CALL_DURATION, lambda timing: timing.call_duration, False),
        (metrics.FIRST_RESPONSE, lambda timing: timing.first_response, True),
        (metrics.RESPONSE_GAP, lambda timing: timing.response_gap, True),
    ]
    for metric, histogram_of, streaming_only in shown:
        yield from histograms(
            metric,
            (
                (_timing_labels(timing), histogram_of(timing))
                for timing in timings
                if timing.streaming or not streaming_only
            ),
        )


def _batch_families(timings: list[TimingView], snapshot: Snapshot) -> Iterator[Family]:
    yield from size_histograms(
        metrics.REQUEST_BATCH_SIZE,
        ((_timing_labels(timing), timing.batch_size) for timing in timings),
    )
    shown = {timing.model for timing in timings}
    yield from gauges(
        metrics.MODEL_MAX_BATCH_SIZE,
        (
            ((each.model,), each.max_batch_size)
            for each in snapshot.batch_limits
            if each.model in shown
        ),
    )


def _timing_labels(timing: TimingView) -> tuple[str, str, str]:
    return timing.model, timing.method, "failed" if timing.failed else "ok"


def _summed_calls(snapshot: Snapshot) -> dict[CallLabels, list[int]]:
    """Sum counters over what is no label (the outcome): [calls, requests, request bytes, response bytes]."""
    sums: dict[CallLabels, list[int]] = {}
    for series in sorted(snapshot.counters, key=lambda series: series.id):
        labels = _call_labels(series)
        if labels not in sums and len(sums) >= MAX_COUNTER_SERIES:
            continue
        values = sums.setdefault(labels, [0, 0, 0, 0])
        values[0] += series.calls
        values[1] += series.requests
        values[2] += series.request_bytes
        values[3] += series.response_bytes
    return dict(sorted(sums.items()))


def _call_labels(series: CounterView) -> CallLabels:
    return (
        series.model,
        series.method,
        series.version,
        series.code,
        series.ended_by,
        series.kind,
    )


def _call_families(calls: dict[CallLabels, list[int]], snapshot: Snapshot) -> Iterator[Family]:
    ended = {labels: values for labels, values in calls.items() if labels[3] != IN_BAND_ERROR}
    yield from counters(metrics.CALLS, ((labels, values[0]) for labels, values in ended.items()))
    yield from counters(metrics.REQUESTS, ((labels, values[1]) for labels, values in calls.items()))
    yield from counters(
        metrics.REQUEST_BYTES, ((labels, values[2]) for labels, values in ended.items())
    )
    yield from counters(
        metrics.RESPONSE_BYTES, ((labels, values[3]) for labels, values in ended.items())
    )
    yield from gauges(
        metrics.CALLS_IN_FLIGHT,
        (((each.model, each.method, each.kind), each.in_flight) for each in snapshot.flights),
    )


def _shown_tokens(snapshot: Snapshot) -> list[TokenView]:
    shown = sorted(snapshot.tokens, key=lambda each: each.id)[:MAX_TOKEN_SERIES]
    return sorted(shown, key=_token_labels)


def _token_labels(series: TokenView) -> tuple[str, str, str, str]:
    return series.model, series.method, series.direction, series.source


def _shown_shapes(snapshot: Snapshot) -> list[ShapeView]:
    return sorted(snapshot.shapes, key=lambda each: each.id)[:MAX_SHAPED_MODELS]


def _shape_samples(shaped: list[ShapeView]) -> list[tuple[tuple[str, str], float]]:
    return sorted(
        ((each.model, count.label), count.value) for each in shaped for count in each.shapes
    )


def _left_out(
    snapshot: Snapshot,
    timings: list[TimingView],
    calls: dict[CallLabels, list[int]],
    tokens: list[TokenView],
    shaped: list[ShapeView],
) -> int:
    """Count series that are known but not on the page."""
    known_timings = sum(timing.kind == INFERENCE for timing in snapshot.timings)
    known_calls = len({_call_labels(series) for series in snapshot.counters})
    left_out = known_timings - len(timings) + known_calls - len(calls)
    left_out += snapshot.server.left_out if snapshot.server else 0
    left_out += sum(len(each.shapes) for each in snapshot.shapes)
    left_out -= sum(len(each.shapes) for each in shaped)
    return left_out + len(snapshot.tokens) - len(tokens)


# === the model server's own numbers ===

_SERVER_NUMBERS = {
    Number.QUEUE_DEPTH: metrics.SERVER_QUEUE_DEPTH,
    Number.RUNNING: metrics.SERVER_RUNNING,
    Number.KV_CACHE_USAGE: metrics.SERVER_KV_CACHE_USAGE,
    Number.EXECUTED_BATCH_SIZE: metrics.SERVER_EXECUTED_BATCH_SIZE,
}


def _server_families(snapshot: Snapshot) -> Iterator[Family]:
    server = snapshot.server
    if server is None:
        return
    for number, metric in _SERVER_NUMBERS.items():
        values = server.numbers.get(number, {})
        yield from gauges(metric, (((model,), value) for model, value in values.items()))
    yield from gauges(metrics.SERVER_METRICS_UP, [((), float(server.up))])
    yield from counters(
        metrics.SERVER_METRICS_FAILED_POLLS,
        (((failure.value,), count) for failure, count in server.failed_polls.items()),
    )


# === upstreams, objectives, configuration ===


def _upstream_families(snapshot: Snapshot) -> Iterator[Family]:
    labelled_upstreams = [((each.listener, each.address), each) for each in snapshot.upstreams]
    yield from gauges(
        metrics.UPSTREAM_UP, ((at, float(each.up)) for at, each in labelled_upstreams)
    )
    yield from counters(
        metrics.UPSTREAM_REFUSED, ((at, each.refused) for at, each in labelled_upstreams)
    )
    yield from counters(
        metrics.UPSTREAM_CONNECTIONS, ((at, each.connections) for at, each in labelled_upstreams)
    )
    yield from gauges(
        metrics.UPSTREAM_CONNECTIONS_OPEN,
        ((at, each.connections_open) for at, each in labelled_upstreams),
    )


def _objective_families(snapshot: Snapshot) -> Iterator[Family]:
    readings = snapshot.objectives
    yield from counters(metrics.SLO_EVENTS, _event_samples(snapshot))
    yield from infos(
        metrics.SLO_INFO, ((each.objective.name, each.objective.spec_hash) for each in readings)
    )
    yield from gauges(
        metrics.SLO_OBJECTIVE,
        (((each.objective.name,), float(each.objective.ratio)) for each in readings),
    )
    yield from gauges(
        metrics.SLO_STATE,
        (
            ((each.objective.name, state.value), float(state is each.state))
            for each in readings
            for state in State
        ),
    )


def _event_samples(snapshot: Snapshot) -> Iterator[tuple[tuple[str, str], float]]:
    """Present at 0 from the start: the first bad event must be an increase, not an appearance."""
    for reading in snapshot.objectives:
        event = snapshot.events.get(reading.objective.id)
        name = reading.objective.name
        yield (name, "good"), event.good if event else 0
        yield (name, "bad"), event.bad if event else 0
        yield (name, "excluded"), event.excluded if event else 0


def _config_families(snapshot: Snapshot) -> Iterator[Family]:
    config = snapshot.config
    yield from gauges(metrics.CONFIG_VALID, [((), float(config.valid))])
    yield from gauges(metrics.CONFIG_RELOAD, [((), float(config.last_reload_successful))])
    yield from gauges(metrics.CONFIG_GENERATION, [((), config.generation)])
    yield from infos(metrics.BUILD, [(snapshot.version,)])


# === the two processes ===


def _tap_families(snapshot: Snapshot) -> Iterator[Family]:
    tap = snapshot.tap
    start_seconds = snapshot.epoch_unix_nanos / NANOS_PER_SECOND
    yield from gauges(metrics.TAP_START_TIME, [((), start_seconds)])
    yield from counters(metrics.TAP_CONNECTIONS, labelled(tap.connections_by_protocol))
    yield from counters(metrics.TAP_BLIND, labelled(tap.blind))
    senders = (("client", tap.client_frames), ("server", tap.server_frames))
    frames = [((sender, each.label), each.value) for sender, sent in senders for each in sent]
    yield from counters(metrics.TAP_FRAMES, frames)
    yield from histograms(metrics.TAP_ADDED_LATENCY, [((), tap.added_latency)])
    yield from counters(metrics.TAP_CPU, [((), tap.cpu_nanos / NANOS_PER_SECOND)])
    yield from gauges(metrics.TAP_RESIDENT, [((), tap.resident_bytes)])
    yield from gauges(metrics.TAP_UNSENT, [((), tap.unsent_bytes)])
    if tap.HasField("throttled_nanos"):  # not every cgroup tells
        yield from counters(metrics.TAP_THROTTLED, [((), tap.throttled_nanos / NANOS_PER_SECOND)])
    yield from gauges(metrics.TAP_DRAINING, [((), float(tap.draining or snapshot.draining))])
    yield from gauges(metrics.TAP_CONNECTIONS_CAP, [((), tap.connections_cap)])


def _tap_losses(snapshot: Snapshot) -> Iterator[Family]:
    """Every bound that was reached and every thing dropped or inserted."""
    tap = snapshot.tap
    yield from counters(metrics.TAP_ACCEPT_PAUSES, [((), tap.accept_pauses)])
    yield from counters(metrics.TAP_RECORDS_DROPPED, [((), tap.records_dropped)])
    yield from counters(metrics.TAP_LOG_DROPPED, [((), tap.log_lines_dropped)])
    yield from counters(metrics.TAP_SERIES_CAPPED, [((), tap.series_capped)])
    yield from counters(metrics.TAP_HEADS_TRUNCATED, [((), tap.heads_truncated)])
    yield from counters(metrics.TAP_CONTROL_RESTARTS, labelled(tap.control_restarts))
    yield from counters(metrics.TAP_CUT, [((), tap.cut_connections)])
    yield from counters(metrics.TAP_GOAWAYS, [((), tap.goaways_inserted)])


def _control_families(snapshot: Snapshot, left_out: int) -> Iterator[Family]:
    yield from counters(metrics.CONTROL_CPU, [((), snapshot.control.cpu_seconds)])
    yield from gauges(metrics.CONTROL_RESIDENT, [((), snapshot.control.resident_bytes)])
    yield from gauges(metrics.CONTROL_SERIES_LEFT_OUT, [((), left_out)])
