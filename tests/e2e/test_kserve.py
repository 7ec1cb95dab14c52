"""Wayside before KServe's own Python server: gRPC, and both of its protocols over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.http_calls import Ask, as_json, call_both
from tests.e2e.model_server import ModelServer, running_model_server
from tests.e2e.oip_calls import infer_both
from tests.harness.samples import shapes
from tests.harness.wayside import running_wayside

V1 = "/v1/models/{model}"
V2 = "/v2/models/{model}"
PREDICT = f"{V1}:predict"
V7 = ("iris", "v7")


@pytest.fixture(scope="module")
def kserve() -> Iterator[ModelServer]:
    """One server for all tests of this file."""
    ready = "/v2/health/ready"
    with running_model_server("kserve", "kserve_iris.py", "{}", "{}", ready=ready) as server:
        yield server


def given(*values: float) -> bytes:
    """Make a request of the second protocol."""
    tensor: dict[str, Any] = {"name": "x", "datatype": "FP32", "shape": [len(values), 1]}
    return as_json({"id": "r-1", "inputs": [{**tensor, "data": values}]})


def instances(*values: float) -> bytes:
    """Make a request of the first protocol."""
    return as_json({"instances": [[value] for value in values]})


V1_ASKS = [
    Ask("_OTHER", "/nothing", "404", kind="admin", verb="GET"),
    Ask(V1, "/v1/models/iris", model="iris", kind="admin", verb="GET"),
    Ask(PREDICT, "/v1/models/iris:predict", model="iris", body=instances(1, 2)),
    Ask(PREDICT, "/v1/models/iris:predict", "500", "iris", body=instances(1, -2), closes=True),
    Ask(PREDICT, "/v1/models/iris:predict", "400", "iris", body=b"{"),
    Ask(PREDICT, "/v1/models/no:predict", "404", "unknown", body=instances(1)),
    Ask(PREDICT, "/v1/models/iris:predict", model="iris", body=instances(3)),
]
V2_ASKS = [
    Ask("/v2/health/live", "/v2/health/live", kind="probe", verb="GET"),
    Ask(f"{V2}/ready", "/v2/models/iris/ready", model="iris", kind="probe", verb="GET"),
    Ask("/v2", "/v2", kind="admin", verb="GET"),
    Ask(V2, "/v2/models/iris", model="iris", kind="admin", verb="GET"),
    Ask(f"{V2}/infer", "/v2/models/iris/infer", "200", *V7, body=given(1, 2)),
    Ask(f"{V2}/infer", "/v2/models/iris/infer", "500", "iris", body=given(1, -2), closes=True),
    Ask(f"{V2}/infer", "/v2/models/iris/infer", "422", "iris", body=b"{"),
    Ask(f"{V2}/infer", "/v2/models/no/infer", "404", "unknown", body=given(1)),
    Ask(f"{V2}/infer", "/v2/models/iris/infer", "200", *V7, body=given(3)),
]


@pytest.mark.parametrize(
    "asks",
    [
        pytest.param(V1_ASKS, marks=pytest.mark.proves("predict", "kserve", "live"), id="v1"),
        pytest.param(V2_ASKS, marks=pytest.mark.proves("oip", "kserve", "live"), id="v2"),
    ],
)
def test_each_call_over_http(kserve: ModelServer, asks: list[Ask]) -> None:
    """Predictions, errors and probes: equal answers, equal counts; the first protocol tells no version."""
    with running_wayside(kserve.http) as wayside:
        answers = call_both(kserve.http, wayside, asks)
        page = wayside.metrics()
    assert b"6" in answers[-1].body
    assert "wayside_tokens_total{" not in page
    # One of two rows was answered, the other failed; what was refused, or is no tensor, is in none.
    tensors = {"FP32[2,1]": 2, "FP32[1,1]": 1} if asks is V2_ASKS else {}
    assert shapes(page, "iris") == tensors
    assert shapes(page, "unknown") == {}


@pytest.mark.proves("oip", "kserve", "live")
def test_each_call_over_grpc(kserve: ModelServer) -> None:
    """Many connections at once; this server has no streams."""
    with running_wayside(kserve.grpc) as wayside:
        infer_both(kserve.grpc, wayside, *V7, streamed=False)
        assert "wayside_tokens_total{" not in wayside.metrics()
