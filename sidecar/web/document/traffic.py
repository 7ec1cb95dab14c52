"""The keys of traffic.

calls           [{model, version, method, kind, code, ended_by, outcome, calls, requests, request_bytes,
                  response_bytes}]
timings         [{model, method, kind, outcome, streaming, latency_seconds, call_duration_seconds,
                  first_response_seconds, response_gap_seconds}], each {count, mean, p50, p90, p99}, and
                  batch_size {count, mean, counts: by the powers of two from 1, the last of what is larger}
max_batch_size  {model: the largest batch it takes, 0 = it does not batch}
in_flight       [{model, method, kind, calls, open_requests, oldest_open_seconds, last_completed_seconds_ago}]
upstreams       [{listener, address, up, refused, connections, connections_open}]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sidecar.model.grid import NANOS_PER_SECOND
from sidecar.web.document.distribution import distribution

if TYPE_CHECKING:
    from typing import Any

    from sidecar.model.sections.moment import Moment
    from sidecar.model.sections.traffic import Traffic
    from sidecar.model.series import (
        CounterView,
        FlightView,
        TimingView,
        UpstreamView,
    )


def traffic_document(traffic: Traffic, moment: Moment) -> dict[str, Any]:
    """Return these keys."""
    return {
        "calls": [_calls(series) for series in traffic.counters],
        "timings": [_timing(timing) for timing in traffic.timings],
        "max_batch_size": {each.model: each.max_batch_size for each in traffic.batch_limits},
        "in_flight": [_flight(flight, moment.uptime_nanos) for flight in traffic.flights],
        "upstreams": [_upstream(each) for each in traffic.upstreams],
    }


def _calls(series: CounterView) -> dict[str, Any]:
    return {
        "model": series.model,
        "version": series.version,
        "method": series.method,
        "kind": series.kind,
        "code": series.code,
        "ended_by": series.ended_by,
        "outcome": series.outcome,
        "calls": series.calls,
        "requests": series.requests,
        "request_bytes": series.request_bytes,
        "response_bytes": series.response_bytes,
    }


def _timing(timing: TimingView) -> dict[str, Any]:
    document: dict[str, Any] = {
        "model": timing.model,
        "method": timing.method,
        "kind": timing.kind,
        "outcome": "failed" if timing.failed else "ok",
        "streaming": timing.streaming,
    }
    histograms = {
        "latency_seconds": timing.latency,
        "call_duration_seconds": timing.call_duration,
        "first_response_seconds": timing.first_response,
        "response_gap_seconds": timing.response_gap,
    }
    document |= {name: distribution(each) for name, each in histograms.items() if each.count}
    sizes = timing.batch_size
    if sizes.count:
        mean = sizes.sum / sizes.count
        document["batch_size"] = {"count": sizes.count, "mean": mean, "counts": list(sizes.counts)}
    return document


def _flight(flight: FlightView, uptime_nanos: int) -> dict[str, Any]:
    document: dict[str, Any] = {
        "model": flight.model,
        "method": flight.method,
        "kind": flight.kind,
        "calls": flight.in_flight,
        "open_requests": flight.open_requests,
    }
    if flight.open_requests:
        document["oldest_open_seconds"] = flight.oldest_open_nanos / NANOS_PER_SECOND
    if flight.last_completed_nanos:
        age = max(uptime_nanos - flight.last_completed_nanos, 0)
        document["last_completed_seconds_ago"] = age / NANOS_PER_SECOND
    return document


def _upstream(each: UpstreamView) -> dict[str, Any]:
    return {
        "listener": each.listener,
        "address": each.address,
        "up": each.up,
        "refused": each.refused,
        "connections": each.connections,
        "connections_open": each.connections_open,
    }
