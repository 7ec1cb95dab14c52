"""/api/v1/snapshot: the documented shape, and absent values absent."""

from __future__ import annotations

import json

import pytest

from sidecar.model.server_metrics import PollFailure
from sidecar.tapclient import tap_pb2 as pb
from sidecar.web.document.distribution import distribution
from sidecar.web.document.snapshot import snapshot_document
from tests.fakes import facts
from tests.fakes.facts import SECOND, snapshot
from tests.fakes.published import published, server_reading, watched


def test_the_document_is_json_with_the_documented_parts() -> None:
    event = pb.EventSeries(objective=watched("fast").id, good=5, bad=1)
    document = snapshot_document(published(snapshot(events=[event]), objectives=[watched("fast")]))
    assert json.loads(json.dumps(document)) == document
    assert set(document) == {
        "version", "tap_version", "epoch_unix_nanos", "at_unix_nanos", "uptime_seconds", "sequence", "draining",
        "config", "calls", "timings", "in_flight", "upstreams", "objectives", "tap", "control", "records",
        "max_batch_size",
    }  # fmt: skip
    assert document["objectives"][0]["events"] == {"good": 5, "bad": 1, "excluded": 0}
    assert document["objectives"][0]["state"] == "ok"
    assert document["calls"][0]["outcome"] == "ok"


def test_excluded_events_are_told_by_reason_where_reasons_are() -> None:
    event = pb.EventSeries(objective=watched("fast").id, excluded=2)
    event.excluded_by.add(label="client_error", value=2)
    event.excluded_by.add(label="cancelled", value=0)
    document = snapshot_document(published(snapshot(events=[event]), objectives=[watched("fast")]))
    objective = document["objectives"][0]
    assert objective["events"] == {"good": 0, "bad": 0, "excluded": 2}
    assert objective["excluded_by"] == {"client_error": 2, "cancelled": 0}


def test_the_servers_own_numbers_are_told_by_model_without_those_that_are_not_known() -> None:
    document = snapshot_document(published(snapshot(), server=server_reading()))
    assert document["server"] == {
        "metrics_up": True,
        "catalogue": "triton",
        "failed_polls": {**{failure.value: 0 for failure in PollFailure}, "timeout": 1},
        "models": ["bert", "resnet50"],
        "numbers": [
            {"model": "", "kv_cache_usage_ratio": 0.25},
            {"model": "bert", "queue_depth": 0, "running": 2},
            {"model": "resnet50", "queue_depth": 3, "executed_batch_size": 5.5},
        ],
    }


def test_distributions_without_observations_are_absent() -> None:
    (timing,) = snapshot_document(published(snapshot()))["timings"]
    assert timing["latency_seconds"]["count"] == 1_000
    assert "first_response_seconds" not in timing
    assert "added_latency_seconds" not in snapshot_document(published(pb.Snapshot()))["tap"]


def test_batches_are_there_where_they_are_known() -> None:
    sized = facts.timing()
    sized.batch_size.CopyFrom(facts.sizes(1, 8, 8))
    moment = snapshot(
        timings=[sized, facts.timing("other")], batch_limits=[facts.batch_limit("resnet50", 8)]
    )
    document = snapshot_document(published(moment))
    first, second = document["timings"]
    assert first["batch_size"] == {"count": 3, "mean": 17 / 3, "counts": [1, 0, 0, 2, *[0] * 8]}
    assert "batch_size" not in second
    assert document["max_batch_size"] == {"resnet50": 8}


def test_ages_without_an_event_are_absent() -> None:
    idle = facts.flight(last_completed_nanos=0)
    (flight,) = snapshot_document(published(snapshot(flights=[idle])))["in_flight"]
    assert "oldest_open_seconds" not in flight
    assert "last_completed_seconds_ago" not in flight
    busy = facts.flight(
        open_requests=1, oldest_open_nanos=2 * SECOND, last_completed_nanos=97 * SECOND
    )
    (flight,) = snapshot_document(published(snapshot(flights=[busy])))["in_flight"]
    assert (flight["oldest_open_seconds"], flight["last_completed_seconds_ago"]) == (2, 3)


def test_quantiles_come_from_the_grid() -> None:
    found = distribution(facts.histogram(*[20_000_000] * 99, 400_000_000))
    assert found["p50"] == pytest.approx(0.02, rel=1 / 16)
    assert found["p99"] == pytest.approx(0.02, rel=1 / 16)
    assert found["mean"] == pytest.approx(0.0238)
