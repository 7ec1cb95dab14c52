"""Wayside before a real Triton: how many items requests hold, of the model that batches and of no other; and shapes.

`simple` (max_batch_size 8) and `unbatched` (0) are sent the same tensors, over gRPC and over HTTP. Triton tells which
batches when it is asked: by a client, whose call passes, or by Wayside itself, once.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import ClassVar

import pytest

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.e2e.grpc_calls import INFER, connected
from tests.e2e.http_calls import Ask, as_json, call_all, counted
from tests.e2e.model_server import ModelServer, running_model_server
from tests.e2e.triton import Triton, running_triton
from tests.fakes.http_server import Answering, serving
from tests.harness.ports import free_ports
from tests.harness.samples import metric, shapes
from tests.harness.wayside import Wayside, running_wayside

CONFIG = "inference.GRPCInferenceService/ModelConfig"
HTTP_INFER = "/v2/models/{model}/infer"
SIZES = [1, 1, 2, 3, 4, 5, 7, 8, 8]
TOO_LARGE = 9
AT_MOST = {1: 2, 2: 3, 4: 5, 8: 9}
"""Of the sizes, how many are at most so large."""
WHOLE = {f"INT32[{size},16]": SIZES.count(size) for size in SIZES}
"""How many requests had which shape."""
SILENT = "server: {probe_models: false}\n"
HISTOGRAM = "wayside_request_batch_size"
LIMIT = "wayside_model_max_batch_size"


@pytest.fixture(scope="module")
def triton() -> Iterator[Triton]:
    """One server for all tests of this file."""
    with running_triton() as server:
        yield server


def rows(model: str, count: int) -> bytes:
    """Make a request of so many rows."""
    tensors = [
        oip.InferInputTensor(name=name, datatype="INT32", shape=[count, 16])
        for name in ("INPUT0", "INPUT1")
    ]
    contents = [bytes(64 * count)] * 2
    request = oip.ModelInferRequest(model_name=model, inputs=tensors, raw_input_contents=contents)
    return bytes(request.SerializeToString())


def infer_over_grpc(address: str) -> None:
    """Send the same sizes to both models; and one that Triton refuses, to the one that batches."""
    with connected(address) as client:
        for model in ("simple", "unbatched"):
            codes = {client.call(INFER, rows(model, size)).code for size in SIZES}
            assert codes == {"OK"}
        assert client.call(INFER, rows("simple", TOO_LARGE)).code == "INVALID_ARGUMENT"


def rows_over_http(model: str, count: int) -> Ask:
    """Make the same request over HTTP."""
    tensors = [
        {"name": name, "datatype": "INT32", "shape": [count, 16], "data": [[1] * 16] * count}
        for name in ("INPUT0", "INPUT1")
    ]
    return Ask(HTTP_INFER, f"/v2/models/{model}/infer", body=as_json({"inputs": tensors}))


def infer_over_http(address: str) -> None:
    """As over gRPC."""
    asks = [rows_over_http(model, size) for model in ("simple", "unbatched") for size in SIZES]
    answers = call_all(address, [*asks, rows_over_http("simple", TOO_LARGE)])
    assert [answer.status for answer in answers] == [200] * len(asks) + [400]


def is_known(wayside: Wayside, *models: str) -> bool:
    """Tell whether it is shown of these models whether they batch."""
    return set(models) <= set(wayside.snapshot()["max_batch_size"])


def check(page: str, method: str) -> None:
    """The one that batches has exactly these sizes, the other none."""
    series = {"model": "simple", "method": method, "outcome": "ok"}
    for edge, count in AT_MOST.items():
        assert metric(page, f"{HISTOGRAM}_bucket", le=f"{edge}.0", **series) == count
    assert metric(page, f"{HISTOGRAM}_bucket", le="+Inf", **series) == len(SIZES)
    assert metric(page, f"{HISTOGRAM}_count", **series) == len(SIZES)
    assert metric(page, f"{HISTOGRAM}_sum", **series) == sum(SIZES)
    assert metric(page, LIMIT, model="simple") == 8
    assert metric(page, LIMIT, model="unbatched") == 0
    assert shapes(page, "simple") == {"INT32[-1,16]": len(SIZES)}
    assert shapes(page, "unbatched") == WHOLE
    lines = [line for line in page.splitlines() if line.startswith(HISTOGRAM)]
    assert lines
    assert all('model="simple"' in line and 'outcome="ok"' in line for line in lines)


def test_the_table_of_this_file_is_right() -> None:
    below = accumulate(SIZES.count(size) for size in range(1, 9))
    assert {size: count for size, count in enumerate(below, 1) if size in AT_MOST} == AT_MOST


@pytest.mark.proves("oip", "triton", "live")
def test_wayside_asks_by_itself_over_grpc(triton: Triton) -> None:
    with running_wayside(triton.grpc_address) as wayside:
        infer_over_grpc(wayside.address)
        wayside.wait_for_total(2 * len(SIZES) + 1, "calls", method=INFER)
        wayside.running.wait_for(lambda: is_known(wayside, "simple", "unbatched"))
        check(wayside.metrics(), INFER)
        assert counted(wayside, "admin") == {}, "its own question is no client's call"


@pytest.mark.proves("oip", "triton", "live")
def test_wayside_asks_by_itself_over_http(triton: Triton) -> None:
    with running_wayside(triton.http_address) as wayside:
        infer_over_http(wayside.address)
        wayside.wait_for_total(2 * len(SIZES) + 1, "calls", method=HTTP_INFER)
        wayside.running.wait_for(lambda: is_known(wayside, "simple", "unbatched"))
        check(wayside.metrics(), HTTP_INFER)
        assert counted(wayside, "admin") == {}


@pytest.mark.proves("oip", "triton", "live")
def test_told_not_to_ask_it_learns_from_an_answer_that_passes_over_grpc(triton: Triton) -> None:
    with running_wayside(triton.grpc_address, config=SILENT) as wayside:
        infer_over_grpc(wayside.address)
        wayside.wait_for_total(2 * len(SIZES) + 1, "calls", method=INFER)
        page = wayside.metrics()
        assert HISTOGRAM not in page
        assert LIMIT not in page
        assert shapes(page, "simple") == shapes(page, "unbatched") == WHOLE
        with connected(wayside.address) as client:
            for model in ("simple", "unbatched"):
                asked = b"\x0a" + bytes([len(model)]) + model.encode()
                assert client.call(CONFIG, asked).code == "OK"
        wayside.running.wait_for(lambda: is_known(wayside, "simple", "unbatched"))
        check(wayside.metrics(), INFER)
        assert wayside.total("calls", method=CONFIG) == 2


@pytest.mark.proves("oip", "triton", "live")
def test_told_not_to_ask_it_learns_from_an_answer_that_passes_over_http(triton: Triton) -> None:
    config = "/v2/models/{model}/config"
    with running_wayside(triton.http_address, config=SILENT) as wayside:
        infer_over_http(wayside.address)
        wayside.wait_for_total(2 * len(SIZES) + 1, "calls", method=HTTP_INFER)
        page = wayside.metrics()
        assert HISTOGRAM not in page
        assert LIMIT not in page
        assert shapes(page, "simple") == shapes(page, "unbatched") == WHOLE
        asks = [
            Ask(config, f"/v2/models/{model}{part}/config", verb="GET")
            for model, part in (("simple", ""), ("unbatched", "/versions/1"))
        ]
        assert [answer.status for answer in call_all(wayside.address, asks)] == [200, 200]
        wayside.running.wait_for(lambda: is_known(wayside, "simple", "unbatched"))
        check(wayside.metrics(), HTTP_INFER)


def test_however_many_shapes_clients_send_nine_are_shown(triton: Triton) -> None:
    asks = 200
    with running_wayside(triton.grpc_address, config=SILENT) as wayside:
        with connected(wayside.address) as client:
            codes = {client.call(INFER, rows("unbatched", 1 + n)).code for n in range(asks)}
        assert codes == {"OK"}
        wayside.wait_for_total(asks, "calls", method=INFER)
        seen = shapes(wayside.metrics(), "unbatched")
    first = {f"INT32[{1 + n},16]": 1 for n in range(8)}
    assert seen == {**first, "_OTHER": asks - len(first)}


class Describing(Answering):
    """A server of any model, as Triton describes them over HTTP."""

    limit = 0
    asked: ClassVar[list[str]] = []

    def answer(self, content: object) -> None:
        """Say this."""
        self.send_response(200)
        body = as_json(content)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        """Infer."""
        self.rfile.read(int(self.headers["content-length"]))
        self.answer({"outputs": []})

    def do_GET(self) -> None:
        """Describe."""
        self.asked.append(self.path)
        self.answer({"max_batch_size": self.limit})


class Batching(Describing):
    """Its models batch."""

    limit = 8
    asked: ClassVar[list[str]] = []


class Single(Describing):
    """They do not."""

    asked: ClassVar[list[str]] = []


def test_each_life_of_a_server_is_asked_once_about_each_model() -> None:
    (port,) = free_ports(1)
    asks = [rows_over_http(model, 2) for model in ("a", "b") for _ in range(20)]
    known = [f"/v2/models/{model}/config" for model in ("a", "b")]

    def wait_for(limit: int) -> None:
        expected = {"a": limit, "b": limit}
        wayside.running.wait_for(lambda: wayside.snapshot()["max_batch_size"] == expected)

    with running_wayside(f"127.0.0.1:{port}", ready=False) as wayside:
        for lives, server in enumerate((Batching, Single), 1):
            with serving(server, port):
                wayside.running.wait_for(lambda: wayside.answers(wayside.health, "/readyz"))
                call_all(wayside.address, asks)
                wait_for(server.limit)
                call_all(wayside.address, asks)
                wayside.wait_for_total(2 * lives * len(asks), "calls", kind="inference")
            wayside.running.wait_for(lambda: not wayside.answers(wayside.health, "/readyz"))
            assert server.asked == known
        assert metric(wayside.metrics(), f"{HISTOGRAM}_count") == 2 * len(asks)
        assert metric(wayside.metrics(), f"{HISTOGRAM}_bucket", le="2.0") == 2 * len(asks)


@pytest.fixture(scope="module")
def mlserver() -> Iterator[ModelServer]:
    """A server that describes no model."""
    words = ["mlserver_iris.py", "{}", "{}", "{}"]
    with running_model_server("mlserver", *words, ready="/v2/health/ready") as server:
        yield server


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_where_the_server_does_not_say_the_configuration_may(
    mlserver: ModelServer, protocol: str
) -> None:
    address = mlserver.grpc if protocol == "grpc" else mlserver.http
    tensor = {"name": "x", "datatype": "FP32", "shape": [2, 1], "data": [1.0, 2.0]}
    ask = Ask(HTTP_INFER, "/v2/models/iris/infer", body=as_json({"inputs": [tensor]}))
    request = oip.ModelInferRequest(
        model_name="iris",
        inputs=[oip.InferInputTensor(name="x", datatype="FP32", shape=[2, 1])],
        raw_input_contents=[bytes(8)],
    )

    def infer(wayside: Wayside) -> None:
        if protocol == "grpc":
            with connected(wayside.address) as client:
                assert client.call(INFER, request.SerializeToString()).code == "OK"
        else:
            assert [answer.status for answer in call_all(wayside.address, [ask])] == [200]
        wayside.wait_for_total(1, "calls", kind="inference")

    with running_wayside(address) as wayside:
        infer(wayside)
        wayside.running.wait_for(
            lambda: 'whether model "iris" batches is not known' in wayside.running.text()
        )
        page = wayside.metrics()
        assert HISTOGRAM not in page
        assert LIMIT not in page
        assert shapes(page, "iris") == {"FP32[2,1]": 1}
    with running_wayside(address, config='server: {max_batch_size: {"i*": 16}}\n') as wayside:
        infer(wayside)
        wayside.running.wait_for(lambda: is_known(wayside, "iris"))
        page = wayside.metrics()
        assert metric(page, f"{HISTOGRAM}_bucket", model="iris", le="1.0") == 0
        assert metric(page, f"{HISTOGRAM}_bucket", model="iris", le="2.0") == 1
        assert metric(page, LIMIT, model="iris") == 16
        assert shapes(page, "iris") == {"FP32[-1,1]": 1}
        assert "is not known" not in wayside.running.text()
