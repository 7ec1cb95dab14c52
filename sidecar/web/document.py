"""/api/v1/snapshot: one tick as JSON.

Shape (a key without data is absent, never 0 or null):
  version, tap_version, epoch_unix_nanos, at_unix_nanos, uptime_seconds, sequence, draining
  config      {generation, valid, last_reload_successful, hash}
  calls       [{model, version, method, kind, code, ended_by, outcome, calls, requests, request_bytes, response_bytes}]
  timings     [{model, method, kind, outcome, streaming, latency_seconds, call_duration_seconds,
                first_response_seconds, response_gap_seconds}], each {count, mean, p50, p90, p99}, and
                batch_size {count, mean, counts: by the powers of two from 1, the last of what is larger}
  max_batch_size  {model: the largest batch it takes, 0 = it does not batch}
  in_flight   [{model, method, kind, calls, open_requests, oldest_open_seconds, last_completed_seconds_ago}]
  upstreams   [{listener, address, up, refused, connections, connections_open}]
  server      {metrics_up, catalogue, failed_polls: {reason: n}, models: [name], numbers: [{model, queue_depth, running,
                kv_cache_usage_ratio, executed_batch_size}]}, the model server's own, where its page is configured
  objectives  [{name, id, spec_hash, objective_ratio, good, model, method, state, events: {good, bad, excluded}}]
  tap         {connections: {protocol: n}, blind: {reason: n}, added_latency_seconds, cpu_seconds, resident_bytes, ...}
  control     {cpu_seconds, resident_bytes}
  records     [{model, method, code, ended_by, outcome, reason, request_id, start_unix_nanos, call_duration_seconds,
                latency_seconds, message}], the newest few chosen calls
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sidecar.model.grid import NANOS_PER_SECOND, quantile_seconds

if TYPE_CHECKING:
    from sidecar.model.series import (
        CounterView,
        FlightView,
        HistogramView,
        RecordView,
        TapView,
        TimingView,
    )
    from sidecar.model.server_metrics import ServerReading
    from sidecar.model.snapshot import ObjectiveReading, Snapshot

Document = dict[str, Any]

QUANTILES = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99))


def snapshot_document(snapshot: Snapshot) -> Document:
    """Return the whole document."""
    document: Document = {
        "version": snapshot.version,
        "tap_version": snapshot.tap_version,
        "epoch_unix_nanos": snapshot.epoch_unix_nanos,
        "at_unix_nanos": snapshot.at_unix_nanos,
        "uptime_seconds": snapshot.uptime_nanos / NANOS_PER_SECOND,
        "sequence": snapshot.sequence,
        "draining": snapshot.draining or snapshot.tap.draining,
        "config": {
            "generation": snapshot.config.generation,
            "valid": snapshot.config.valid,
            "last_reload_successful": snapshot.config.last_reload_successful,
            "hash": snapshot.config.hash,
        },
        "calls": [_calls(series) for series in snapshot.counters],
        "timings": [_timing(timing) for timing in snapshot.timings],
        "max_batch_size": {each.model: each.max_batch_size for each in snapshot.batch_limits},
        "in_flight": [_flight(flight, snapshot.uptime_nanos) for flight in snapshot.flights],
        "upstreams": [
            {
                "listener": each.listener,
                "address": each.address,
                "up": each.up,
                "refused": each.refused,
                "connections": each.connections,
                "connections_open": each.connections_open,
            }
            for each in snapshot.upstreams
        ],
        "objectives": [_objective(reading, snapshot) for reading in snapshot.objectives],
        "tap": _tap(snapshot.tap),
        "control": {
            "cpu_seconds": snapshot.control.cpu_seconds,
            "resident_bytes": snapshot.control.resident_bytes,
        },
        "records": [_record(record) for record in snapshot.records],
    }
    if snapshot.server is not None:
        document["server"] = _server(snapshot.server)
    return document


def _calls(series: CounterView) -> Document:
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


def _timing(timing: TimingView) -> Document:
    document: Document = {
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


def distribution(histogram: HistogramView) -> Document:
    """Return {count, mean, p50, p90, p99} of a histogram that counted something; seconds."""
    document: Document = {
        "count": histogram.count,
        "mean": histogram.sum_nanos / histogram.count / NANOS_PER_SECOND,
    }
    buckets, counts = list(histogram.buckets), list(histogram.counts)
    for name, quantile in QUANTILES:
        document[name] = quantile_seconds(buckets, counts, quantile)
    return document


def _flight(flight: FlightView, uptime_nanos: int) -> Document:
    document: Document = {
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


def _server(server: ServerReading) -> Document:
    document: Document = {
        "metrics_up": server.up,
        "failed_polls": {failure.value: count for failure, count in server.failed_polls.items()},
        "models": list(server.models),
    }
    if server.server:
        document["catalogue"] = server.server
    by_model: dict[str, Document] = {}
    for number, values in server.numbers.items():
        for model, value in values.items():
            by_model.setdefault(model, {"model": model})[number.value] = value
    document["numbers"] = [by_model[model] for model in sorted(by_model)]
    return document


def _objective(reading: ObjectiveReading, snapshot: Snapshot) -> Document:
    objective = reading.objective
    event = snapshot.events.get(objective.id)
    return {
        "name": objective.name,
        "id": objective.id,
        "spec_hash": objective.spec_hash,
        "objective_ratio": objective.ratio,
        "good": objective.good,
        "model": objective.model_glob,
        "method": objective.method_glob,
        "state": reading.state.value,
        "events": {
            "good": event.good if event else 0,
            "bad": event.bad if event else 0,
            "excluded": event.excluded if event else 0,
        },
    }


def _tap(tap: TapView) -> Document:
    document: Document = {
        "connections": {count.label: count.value for count in tap.connections_by_protocol},
        "blind": {count.label: count.value for count in tap.blind},
        "http2_frames": {
            "client": {count.label: count.value for count in tap.client_frames},
            "server": {count.label: count.value for count in tap.server_frames},
        },
        "control_restarts": {count.label: count.value for count in tap.control_restarts},
        "cpu_seconds": tap.cpu_nanos / NANOS_PER_SECOND,
        "resident_bytes": tap.resident_bytes,
        "unsent_bytes": tap.unsent_bytes,
        "records_dropped": tap.records_dropped,
        "log_lines_dropped": tap.log_lines_dropped,
        "series_capped": tap.series_capped,
        "heads_truncated": tap.heads_truncated,
        "connections_cap": tap.connections_cap,
        "accept_pauses": tap.accept_pauses,
        "cut_connections": tap.cut_connections,
        "goaways_inserted": tap.goaways_inserted,
    }
    if tap.added_latency.count:
        document["added_latency_seconds"] = distribution(tap.added_latency)
    return document


def _record(record: RecordView) -> Document:
    document: Document = {
        "model": record.model,
        "method": record.method,
        "code": record.code,
        "ended_by": record.ended_by,
        "outcome": record.outcome,
        "reason": record.reason,
        "request_id": record.request_id,
        "start_unix_nanos": record.start_unix_nanos,
        "call_duration_seconds": record.call_duration_nanos / NANOS_PER_SECOND,
        "message": record.message,
    }
    if record.latency_nanos:
        document["latency_seconds"] = record.latency_nanos / NANOS_PER_SECOND
    return document
