"""Wayside before a real MLServer: gRPC, unary and streamed, and HTTP, each call answered and counted as it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.http_calls import Ask, as_json, call_both
from tests.e2e.model_server import ModelServer, running_model_server
from tests.e2e.oip_calls import infer_both
from tests.harness.samples import metric
from tests.harness.wayside import running_wayside

MODEL = "/v2/models/{model}"
VERSIONED = MODEL + "/versions/{version}"
V7 = ("iris", "v7")
STREAMED = 3


@pytest.fixture(scope="module")
def mlserver() -> Iterator[ModelServer]:
    """One server for all tests of this file."""
    words = ["mlserver_iris.py", "{}", "{}", "{}"]
    with running_model_server("mlserver", *words, ready="/v2/health/ready") as server:
        yield server


def given(name: str) -> bytes:
    """Make a request with one input of this name."""
    tensor = {"name": name, "datatype": "FP32", "shape": [2, 1], "data": [1.0, 2.0]}
    return as_json({"id": "r-1", "inputs": [tensor]})


GOOD, BAD = given("x"), given("bad")
IRIS = "/v2/models/iris"

ASKS = [
    Ask("/v2/health/live", "/v2/health/live", kind="probe", verb="GET"),
    Ask(f"{MODEL}/ready", f"{IRIS}/ready", model="iris", kind="probe", verb="GET"),
    Ask(f"{MODEL}/ready", "/v2/models/no/ready", "404", "unknown", kind="probe", verb="GET"),
    Ask("/v2", "/v2", kind="admin", verb="GET"),
    Ask(MODEL, IRIS, model="iris", kind="admin", verb="GET"),
    Ask("_OTHER", "/nothing", "404", kind="admin", verb="GET"),
    Ask(f"{MODEL}/infer", f"{IRIS}/infer", "200", *V7, body=GOOD),
    Ask(f"{VERSIONED}/infer", f"{IRIS}/versions/v7/infer", "200", *V7, body=GOOD),
    Ask(f"{VERSIONED}/infer", f"{IRIS}/versions/v8/infer", "404", "iris", body=GOOD),
    Ask(f"{MODEL}/infer", f"{IRIS}/infer", "500", "iris", body=BAD),
    Ask(f"{MODEL}/infer", f"{IRIS}/infer", "422", "iris", body=b"{"),
    Ask(f"{MODEL}/infer", "/v2/models/no/infer", "404", "unknown", body=GOOD),
    Ask(f"{MODEL}/generate", f"{IRIS}/generate", "200", *V7, body=GOOD),
    Ask(f"{MODEL}/infer_stream", f"{IRIS}/infer_stream", "200", *V7, body=GOOD),
    Ask(f"{MODEL}/infer_stream", f"{IRIS}/infer_stream", "LOST", "iris", body=BAD),
    Ask(f"{MODEL}/infer", f"{IRIS}/infer", "200", *V7, body=GOOD),
]


@pytest.mark.proves("oip", "mlserver", "live")
def test_each_call_over_http(mlserver: ModelServer) -> None:
    """The answer that MLServer breaks off is broken off through Wayside too, and LOST; the rest is whole."""
    with running_wayside(mlserver.http) as wayside:
        answers = call_both(mlserver.http, wayside, ASKS)
        page = wayside.metrics()
    assert answers[-3].body.count(b"data: {") == STREAMED
    gaps = metric(page, "wayside_response_gap_seconds_count", method=f"{MODEL}/infer_stream")
    assert gaps == STREAMED - 1


@pytest.mark.proves("oip", "mlserver", "live")
def test_each_call_over_grpc(mlserver: ModelServer) -> None:
    """Many connections at once, many requests on each stream: equal answers, equal counts."""
    with running_wayside(mlserver.grpc) as wayside:
        infer_both(mlserver.grpc, wayside, *V7, streamed=True)
        assert "wayside_tokens_total{" not in wayside.metrics()
