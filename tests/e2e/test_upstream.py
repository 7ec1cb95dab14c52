"""What Wayside says and does while its model server is down, or is there and does not answer."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import tempfile
import time
import urllib.error
from typing import Any

import pytest

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.fakes.silent import silent_server
from tests.harness.compiled import INFER_PATH, grpc_frame, h2load, nghttpd_answering
from tests.harness.ports import free_ports
from tests.harness.running import wait_until
from tests.harness.samples import metric
from tests.harness.wayside import Wayside, running_wayside
from tests.provision.parts import require

DOWN_SECONDS = 60
REQUEST = oip.ModelInferRequest(model_name="resnet50").SerializeToString()
RESPONSE = oip.ModelInferResponse(model_name="resnet50", model_version="1").SerializeToString()
CONFIG = """
slos:
  - {name: fast, match: {model: resnet50}, objective: 99%, good: {latency_below: 250ms}}
  - {name: answers, objective: 99.9%, good: {available: true}}
"""


def objective(wayside: Wayside, name: str) -> dict[str, Any]:
    """Return one objective of the newest snapshot."""
    found: dict[str, Any] = next(
        each for each in wayside.snapshot()["objectives"] if each["name"] == name
    )
    return found


def is_reset(address: str) -> bool:
    """Connect as a client does; tell whether the answer is a reset, and neither data nor a FIN."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=5) as client:
            return client.recv(1) == b"never"
    except ConnectionResetError:  # it may even arrive before connect() returns
        return True


def why_not_ready(wayside: Wayside) -> str:
    """Return what /readyz says while it refuses; empty when it does not."""
    try:
        wayside.get(wayside.health, "/readyz")
    except urllib.error.HTTPError as error:
        with error:
            return error.read().decode().strip()
    return ""


@pytest.mark.slow
def test_an_upstream_that_is_down_for_a_minute() -> None:
    """Not ready, `upstream_up` 0, every client reset and counted as unavailable; then all is well by itself."""
    (port,) = free_ports(1)
    upstream = f"127.0.0.1:{port}"
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(nghttpd_answering(port, RESPONSE))
        wayside = stack.enter_context(running_wayside(upstream, config=CONFIG))
        h2load(wayside.address, REQUEST, calls=200)
        wayside.wait_for_total(200, "calls")
        assert metric(wayside.metrics(), "wayside_upstream_up") == 1

        first.process.kill()
        first.process.wait()
        down_since = time.monotonic()
        wait_until(lambda: why_not_ready(wayside) == f"upstream {upstream} is down", 10)
        noticed_after = time.monotonic() - down_since
        refused = 0
        while time.monotonic() < down_since + DOWN_SECONDS:
            assert is_reset(wayside.address)
            refused += 1
            until = time.monotonic() + 0.5
            while time.monotonic() < until:
                assert why_not_ready(wayside)
                assert wayside.answers(wayside.health, "/livez")
        wait_until(lambda: objective(wayside, "answers")["events"]["bad"] == refused)
        assert objective(wayside, "answers")["state"] == "unreachable"
        assert metric(wayside.metrics(), "wayside_upstream_up") == 0
        assert metric(wayside.metrics(), "wayside_upstream_refused_total") == refused

        stack.enter_context(nghttpd_answering(port, RESPONSE))
        up_since = time.monotonic()
        wait_until(lambda: not why_not_ready(wayside), 10)
        recovered_after = time.monotonic() - up_since
        h2load(wayside.address, REQUEST, calls=100)
        wayside.wait_for_total(300, "calls")
        wait_until(lambda: objective(wayside, "answers")["state"] == "ok")
        assert objective(wayside, "answers")["events"] == {
            "good": 300,
            "bad": refused,
            "excluded": 0,
        }
    print(
        f"noticed after {noticed_after:.2f} s, recovered after {recovered_after:.2f} s, {refused} refused"
    )
    assert noticed_after < 6
    assert recovered_after < 2


def test_a_server_that_accepts_and_never_answers() -> None:
    """State stalled, and the latency objective burns while the calls hang, not when they end."""
    hanging = 8
    with silent_server() as upstream, running_wayside(upstream, config=CONFIG) as wayside:
        with tempfile.NamedTemporaryFile() as body:
            body.write(grpc_frame(REQUEST))
            body.flush()
            shape = [f"-n{hanging}", "-c1", f"-m{hanging}", f"-d{body.name}"]
            headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"]
            url = f"http://{wayside.address}{INFER_PATH}"
            client = subprocess.Popen(
                [str(require("h2load")), *shape, *headers, url],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            try:
                wait_until(lambda: objective(wayside, "fast")["events"]["bad"] == hanging, 10)
                assert wayside.total("calls") == 0, "nothing has ended yet"
                wait_until(lambda: objective(wayside, "fast")["state"] == "stalled", 25)
                flight = wayside.snapshot()["in_flight"][0]
                assert flight["calls"] == hanging
                assert flight["oldest_open_seconds"] > 9
                assert (
                    metric(wayside.metrics(), "wayside_slo_state", slo="fast", state="stalled") == 1
                )
                assert metric(wayside.metrics(), "wayside_upstream_up") == 1
            finally:
                client.kill()
                client.wait()
        wayside.wait_for_total(hanging, "calls", code="LOST", ended_by="client")
        assert objective(wayside, "fast")["events"] == {"good": 0, "bad": hanging, "excluded": 0}
        assert objective(wayside, "answers")["events"] == {"good": 0, "bad": 0, "excluded": hanging}
