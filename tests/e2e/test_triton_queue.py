"""A queue of a real Triton that is full: shed load, over gRPC, inside a stream and over HTTP, and no failing server."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from http.client import HTTPConnection

import grpc
import pytest

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.e2e.http_calls import as_json
from tests.e2e.triton import MODELS, Triton, running_triton
from tests.harness.running import START_SECONDS, wait_until
from tests.harness.samples import metric
from tests.harness.wayside import running_wayside

SERVICE = "inference.GRPCInferenceService"
ROUTE = "/v2/models/{model}/infer"
FULL = "Exceeds maximum queue size"
# Some execute, one waits, and Triton takes a few more ahead of their turn: the others find no room.
CALLS = 16
CONFIG = "slos: [{name: answers, objective: 99%, good: {available: true}}]\nmodels: [crowded]\n"


@pytest.fixture(scope="module")
def triton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Triton]:
    """A server whose one model waits until it is let go, and lets one request wait for it."""
    models = tmp_path_factory.mktemp("models")
    shutil.copy(MODELS / "sleepy.py", models / "crowded.py")
    config = (MODELS / "sleepy.pbtxt").read_text()
    policy = "dynamic_batching { default_queue_policy { max_queue_size: 1 } }"
    assert "dynamic_batching { }" in config
    (models / "crowded.pbtxt").write_text(config.replace("dynamic_batching { }", policy))
    with running_triton(models) as server:
        yield server


def ask() -> bytes:
    """Return a request that waits to be let go."""
    request = oip.ModelInferRequest(model_name="crowded")
    request.inputs.add(name="MS", datatype="INT32", shape=[1, 1])
    request.raw_input_contents.append((-1).to_bytes(4, "little", signed=True))
    return request.SerializeToString()


def unary(address: str) -> str:
    """Call once; return the words of the error, if there is one."""
    with grpc.insecure_channel(address) as channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            f"/{SERVICE}/ModelInfer"
        )
        future = call.future(ask(), timeout=START_SECONDS)
        assert future.code() in (grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE)
        return str(future.details() or "")


def streamed(address: str) -> str:
    """Send one request on a stream; return the words of its error, if there is one."""
    with grpc.insecure_channel(address) as channel:
        call: grpc.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(
            f"/{SERVICE}/ModelStreamInfer"
        )
        asked = iter([ask()])
        (answer,) = list(call(asked, timeout=START_SECONDS))
        return str(oip.ModelStreamInferResponse.FromString(answer).error_message)


def over_http(address: str) -> str:
    """Call once; return the body of an error, if there is one."""
    tensor = {"name": "MS", "datatype": "INT32", "shape": [1, 1], "data": [-1]}
    connection = HTTPConnection(address, timeout=START_SECONDS)
    connection.request("POST", "/v2/models/crowded/infer", as_json({"inputs": [tensor]}))
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    assert answer.status in (200, 503), body
    return "" if answer.status == 200 else body


def released(triton: Triton, calls: list[Future[str]]) -> None:
    """Let go one executed batch after the other until there are no more calls."""
    for number in range(CALLS):
        (triton.repository / "crowded" / f"let-go-{number}").touch()
    wait_until(lambda: all(each.done() for each in calls))
    for left in (triton.repository / "crowded").glob("let-go-*"):
        left.unlink()


@pytest.mark.parametrize(
    ("way", "method", "code"),
    [
        (unary, f"{SERVICE}/ModelInfer", "UNAVAILABLE"),
        (streamed, f"{SERVICE}/ModelStreamInfer", "IN_BAND_ERROR"),
        (over_http, ROUTE, "503"),
    ],
)
def test_a_full_queue_is_shed_and_bad(way: object, method: str, code: str, triton: Triton) -> None:
    assert callable(way)
    upstream = triton.http_address if way is over_http else triton.grpc_address
    with (
        running_wayside(upstream, config=CONFIG) as wayside,
        ThreadPoolExecutor(CALLS) as pool,
    ):
        calls = [pool.submit(way, wayside.address) for _ in range(CALLS)]
        wait_until(lambda: any(each.done() for each in calls))
        released(triton, calls)
        told = Counter(FULL if FULL in each.result() else each.result() for each in calls)
        assert set(told) == {"", FULL}
        wayside.wait_for_total(CALLS, "requests", method=method)
        wayside.wait_for_total(CALLS, "calls", method=method)
        page = wayside.metrics()
    refused = told[FULL]
    assert metric(page, "wayside_requests_total", code=code, outcome="shed") == refused
    assert metric(page, "wayside_requests_total", outcome="shed", method=method) == refused
    assert metric(page, "wayside_requests_total", outcome="ok", method=method) == CALLS - refused
    assert metric(page, "wayside_slo_events_total", outcome="bad") == refused
    assert metric(page, "wayside_slo_events_total", outcome="good") == CALLS - refused
    assert metric(page, "wayside_slo_events_total", outcome="excluded") == 0
