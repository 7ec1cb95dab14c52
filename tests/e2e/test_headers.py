"""Values that lie in heads and trailers, by real clients and servers: what Seldon, Ray Serve and SageMaker route by."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import grpc
import pytest

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.fakes.http_server import Answering, serving
from tests.fakes.oip import running_oip
from tests.harness.running import START_SECONDS
from tests.harness.wayside import Wayside, running_wayside

INFER = "/inference.GRPCInferenceService/ModelInfer"
UNARY = "/test.Echo/Unary"
INTERNAL = grpc.StatusCode.INTERNAL.value[0]
# The fake sends metadata x-echo-* back, in its trailers as x-trail-*.
OWN = """\
server: my-app
methods:
  /test.Echo/Unary:
    request: {model: [header(multiplexed_model_id), header(application)], request_id: header(request_id)}
    response: {version: header(x-trail-version)}
"""
LIMIT_SECONDS = START_SECONDS


@pytest.fixture(scope="module")
def wayside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wayside]:
    """Wayside before the fake, with a file of the user's own."""
    own = tmp_path_factory.mktemp("own") / "my-app.yaml"
    own.write_text(OWN)
    config = f"server: {{files: [{own}]}}\n"
    with running_oip() as (upstream, _), running_wayside(upstream, config=config) as running:
        yield running


def call(wayside: Wayside, path: str, message: bytes, **metadata: str) -> grpc.StatusCode:
    """Make a call with this metadata, `_` standing for `-` where a name begins with x_; return how it ended."""
    named = [(n.replace("_", "-") if n.startswith("x_") else n, v) for n, v in metadata.items()]
    with grpc.insecure_channel(wayside.address) as channel:
        ask: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(path)
        future = ask.future(message, metadata=tuple(named), timeout=LIMIT_SECONDS)
        return future.code()


def record(wayside: Wayside, **wanted: str) -> dict[str, Any]:
    """Wait for the record of a call."""
    found: list[dict[str, Any]] = []

    def is_there() -> bool:
        records = wayside.snapshot()["records"]
        found[:] = [each for each in records if wanted.items() <= each.items()]
        return bool(found)

    wayside.running.wait_for(is_there)
    return found[0]


def test_an_application_of_ray_serve_is_known_by_its_metadata(wayside: Wayside) -> None:
    message = b"\x0a\x03any"
    call(wayside, UNARY, message, application="app1", request_id="r-1")
    call(
        wayside, UNARY, message, application="app1", multiplexed_model_id="999", x_echo_version="7"
    )
    method = UNARY.removeprefix("/")
    wayside.wait_for_total(1, "calls", model="app1", method=method, version="", kind="inference")
    wayside.wait_for_total(1, "calls", model="999", method=method, version="7", kind="inference")


def test_a_model_is_the_one_that_seldon_routes_to_where_the_message_names_none(
    wayside: Wayside,
) -> None:
    routed = {"seldon-model": "iris.pipeline"}
    call(wayside, INFER, oip.ModelInferRequest(id="r-1").SerializeToString(), **routed)
    wayside.wait_for_total(1, "calls", model="iris.pipeline", version="1")
    call(wayside, INFER, oip.ModelInferRequest(model_name="iris_1").SerializeToString(), **routed)
    wayside.wait_for_total(1, "calls", model="iris_1")
    assert wayside.total("calls", model="iris.pipeline") == 1


def test_a_failed_call_is_recorded_by_the_id_of_its_head_and_names_no_label(
    wayside: Wayside,
) -> None:
    request = oip.ModelInferRequest()
    request.parameters["status"].int64_param = INTERNAL
    metadata = {"seldon-model": "made-up", "x-request-id": "c-7"}
    assert call(wayside, INFER, request.SerializeToString(), **metadata) is grpc.StatusCode.INTERNAL
    assert record(wayside, request_id="c-7")["code"] == "INTERNAL"
    assert wayside.total("calls", code="INTERNAL", model="unknown") == 1
    assert 'model="made-up"' not in wayside.metrics()


class Container(Answering):
    """A container of a multi-model endpoint; as server of chats it fails, under an id of its own."""

    def do_POST(self) -> None:
        """Answer."""
        self.rfile.read(int(self.headers["Content-Length"]))
        is_chat = self.path.endswith("/completions")
        self.send_response(500 if is_chat else 200)
        if is_chat:
            self.send_header("X-Request-Id", "s-1")
        for name, value in (("Content-Type", "application/json"), ("Content-Length", "2")):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"{}")


def post(client: HTTPConnection, path: str, **headers: str) -> int:
    """Post an empty object; return the status of the answer, which has been read."""
    client.request("POST", path, json.dumps({}), headers)
    with client.getresponse() as answer:
        answer.read()
        return answer.status


def test_http_heads_are_read_both_ways() -> None:
    target, chat = {"X-Amzn-SageMaker-Target-Model": "bert.tar.gz"}, "/v1/chat/completions"
    with serving(Container) as upstream, running_wayside(upstream) as wayside:
        client = HTTPConnection(wayside.address, timeout=LIMIT_SECONDS)
        assert post(client, "/models/0f3a/invoke", **target) == 200
        wayside.wait_for_total(1, "calls", model="bert.tar.gz", method="/models/{model}/invoke")
        assert post(client, chat) == 500
        assert record(wayside, request_id="s-1")["code"] == "500"
        assert post(client, chat, **{"X-Request-Id": "c-1"}) == 500
        assert record(wayside, request_id="c-1")["code"] == "500"
        client.close()
