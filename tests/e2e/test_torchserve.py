"""Wayside before a real TorchServe: predictions over HTTP, by each API it offers there, and over its own gRPC."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.grpc_calls import Seen, connected
from tests.e2e.http_calls import Ask, as_json, call_both, counted
from tests.e2e.model_server import ModelServer, running_model_server
from tests.harness.samples import metric
from tests.harness.wayside import running_wayside
from tests.provision.parts import require

PREDICT = "/predictions/{model}"
VERSIONED = PREDICT + "/{version}"
SERVICE = "org.pytorch.serve.grpc.inference.InferenceAPIsService"
GOOD, BAD = as_json({"x": 2}), as_json({"x": -2})

ASKS = [
    Ask("/ping", "/ping", kind="probe", verb="GET"),
    Ask("_OTHER", "/nothing", "404", kind="admin", verb="GET"),
    Ask(PREDICT, "/predictions/iris", model="iris", body=GOOD),
    Ask(VERSIONED, "/predictions/iris/7.0", "200", "iris", "7.0", body=GOOD),
    Ask(PREDICT, "/predictions/iris", "503", "iris", body=BAD),
    Ask(PREDICT, "/predictions/iris", "503", "iris", body=b"{"),
    Ask(PREDICT, "/predictions/no", "404", "unknown", body=GOOD),
    Ask(PREDICT, "/predictions/iris", model="iris", body=GOOD),
]
KSERVE = "/v1/models/{model}"
ROWS, BAD_ROWS = as_json({"instances": [1, 2, 3]}), as_json({"instances": [-1]})
PREDICT_ASKS = [
    Ask(f"{KSERVE}:predict", "/v1/models/iris:predict", model="iris", body=ROWS),
    Ask(f"{KSERVE}:explain", "/v1/models/iris:explain", model="iris", body=ROWS),
    Ask(f"{KSERVE}:predict", "/v1/models/iris:predict", "503", "iris", body=BAD_ROWS),
    Ask(f"{KSERVE}:predict", "/v1/models/no:predict", "404", "unknown", body=ROWS),
    Ask(f"{KSERVE}:predict", "/v1/models/iris:predict", model="iris", body=ROWS),
]
# Of /invocations only a body may name the model, and this one's does not.
SAGEMAKER_ASKS = [
    Ask("/ping", "/ping", kind="probe", verb="GET"),
    Ask("/invocations", "/invocations", model="unknown", body=GOOD),
    Ask("/invocations", "/invocations", "503", "unknown", body=BAD),
    Ask("/models/{model}/invoke", "/models/iris/invoke", model="iris", body=GOOD),
    Ask("/models/{model}/invoke", "/models/iris/invoke", "503", "iris", body=BAD),
    Ask("/models/{model}/invoke", "/models/no/invoke", "404", "unknown", body=GOOD),
]


@pytest.fixture(scope="module")
def torchserve() -> Iterator[ModelServer]:
    """One server for all tests of this file."""
    words = ["torchserve_iris.py", str(require("java")), *["{}"] * 5]
    with running_model_server("torchserve", *words, ready="/ping") as server:
        yield server


@pytest.mark.proves("torchserve", "torchserve", "live")
def test_each_call_over_http(torchserve: ModelServer) -> None:
    """An error ends its connection, as the server says; only a path says the version."""
    with running_wayside(torchserve.http) as wayside:
        answers = call_both(torchserve.http, wayside, ASKS)
        assert b"connection: close" in answers[4].wire
        assert "wayside_tokens_total{" not in wayside.metrics()


@pytest.mark.parametrize(
    "asks",
    [
        pytest.param(
            PREDICT_ASKS, marks=pytest.mark.proves("predict", "torchserve", "live"), id="kserve"
        ),
        pytest.param(
            SAGEMAKER_ASKS,
            marks=pytest.mark.proves("sagemaker", "torchserve", "live"),
            id="sagemaker",
        ),
    ],
)
def test_each_call_of_the_other_apis(torchserve: ModelServer, asks: list[Ask]) -> None:
    """KServe's first protocol, whose rows are counted, and SageMaker's: TorchServe answers both."""
    with running_wayside(torchserve.http) as wayside:
        call_both(torchserve.http, wayside, asks)
        page = wayside.metrics()
    sizes = f'wayside_request_batch_size_sum{{method="{KSERVE}:predict"'
    assert (sizes in page) == (asks is PREDICT_ASKS)
    if asks is PREDICT_ASKS:
        # Three rows twice: that of the request that the server failed is not in it.
        batches = metric(page, "wayside_request_batch_size_sum", method=f"{KSERVE}:predict")
        assert batches == 3 + 3


def field(number: int, content: bytes) -> bytes:
    """Encode a short field of a protobuf message."""
    return bytes([number << 3 | 2, len(content)]) + content


def prediction(model: str, version: str, body: bytes) -> bytes:
    """Encode a PredictionsRequest."""
    part = field(1, b"body") + field(2, body)
    return field(1, model.encode()) + field(2, version.encode()) + field(3, part)


def called(address: str) -> list[Seen]:
    """Call the gRPC service."""
    requests = [
        prediction("iris", "7.0", GOOD),
        prediction("iris", "7.0", BAD),
        prediction("no", "1.0", GOOD),
        prediction("iris", "7.0", GOOD),
    ]
    with connected(address) as client:
        calls = [client.call(f"{SERVICE}/Predictions", each) for each in requests]
        return [*calls, client.call(f"{SERVICE}/Ping", b"")]


@pytest.mark.proves("torchserve", "torchserve", "live")
def test_each_call_over_grpc(torchserve: ModelServer) -> None:
    """Equal answers, equal counts; the version as it was asked for, of a model that is there."""
    direct = called(torchserve.grpc)
    with running_wayside(torchserve.grpc) as wayside:
        through = called(wayside.address)
        wayside.wait_for_total(len(direct), "calls")
        inference, probes = counted(wayside), counted(wayside, "probe")
    assert [seen.code for seen in through] == [seen.code for seen in direct]
    assert [seen.answers for seen in through] == [seen.answers for seen in direct]
    predictions = f"{SERVICE}/Predictions"
    bad = direct[1].code
    assert inference == {
        (predictions, "iris", "7.0", "OK"): 2,
        (predictions, "iris", "7.0", bad): 1,
        (predictions, "unknown", "", direct[2].code): 1,
    }
    assert probes == {(f"{SERVICE}/Ping", "", "", "OK"): 1}
