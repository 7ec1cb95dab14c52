"""A model server that is not there, and who notices: whoever sent a request, and nobody who only knocked.

How long a client is heard before it is reset, and how much of it, is decided in the tap (`worker/refusal.rs`), whose
tests need no socket. Here are real ones, and what objectives make of them.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import grpc
import pytest

from tests.e2e.outage import is_reset, objective
from tests.harness.ports import free_ports
from tests.harness.running import wait_until
from tests.harness.samples import metric
from tests.harness.wayside import Wayside, running_wayside

CONFIG = """
control: {tick: 100ms}
slos:
  - {name: up, objective: 99%, good: {available: true}}
  - {name: llama, match: {model: llama}, objective: 99%, good: {available: true}}
  - {name: llama-fast, match: {model: llama}, objective: 99%, good: {latency_below: 1s}}
  - {name: resnet, match: {model: resnet50}, objective: 99%, good: {available: true}}
"""
KNOCKS, CALLS = 5, 3
NONE = {"good": 0, "bad": 0, "excluded": 0}
HTTP2_REQUEST = (
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    b"\0\0\0\x04\0\0\0\0\0"  # SETTINGS
    # HEADERS, the end of the stream: POST http /v1/chat/completions (RFC 7541 section 6.2.2, not indexed)
    b"\0\0\x18\x01\x05\0\0\0\x01\x83\x86\x04\x14/v1/chat/completions"
)


@pytest.fixture(scope="module")
def wayside() -> Iterator[Wayside]:
    """A Wayside whose upstream is not there."""
    (port,) = free_ports(1)
    with running_wayside(f"127.0.0.1:{port}", config=CONFIG, ready=False) as running:
        wait_until(lambda: objective(running, "up")["state"] == "unreachable")
        yield running


class Difference:
    """What was counted since this was made."""

    def __init__(self, wayside: Wayside) -> None:
        self._wayside = wayside
        self._before = self._bad()
        self._refused = refused(wayside)

    def _bad(self) -> dict[str, dict[str, int]]:
        return {
            name: objective(self._wayside, name)["events"]
            for name in ("up", "llama", "llama-fast", "resnet")
        }

    def after(self, connections: int) -> dict[str, int]:
        """Wait until so many connections are counted as refused; return bad events by objective, where there are."""
        wait_until(lambda: refused(self._wayside) == self._refused + connections)
        # A connection is counted before it is heard, and its call when it is reset, which whoever asks here has seen.
        ticks(self._wayside, 2)
        now = self._bad()
        for name, events in now.items():
            assert {**events, "bad": 0} == NONE, (name, events)
        return {
            name: more
            for name, events in now.items()
            if (more := events["bad"] - self._before[name]["bad"])
        }


def refused(wayside: Wayside) -> float:
    """Client connections that were reset."""
    return metric(wayside.metrics(), "wayside_upstream_refused_total")


def ticks(wayside: Wayside, count: int) -> None:
    """Wait for so many snapshots: the first of them may have been under way already."""
    seen: set[float] = set()

    def has_seen_all() -> bool:
        seen.add(wayside.snapshot()["uptime_seconds"])
        return len(seen) > count

    wait_until(has_seen_all)


def connected(wayside: Wayside) -> socket.socket:
    """Connect as anybody does."""
    host, _, port = wayside.address.rpartition(":")
    return socket.create_connection((host, int(port)))


def request(path: str, body: object = None) -> bytes:
    """A request of HTTP/1.1."""
    if body is None:
        return f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode()
    text = json.dumps(body).encode()
    return f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(text)}\r\n\r\n".encode() + text


CHAT = request(
    "/v1/chat/completions", {"messages": [{"role": "user", "content": "x"}], "model": "llama"}
)


def test_looking_whether_the_port_is_open_is_no_event(wayside: Wayside) -> None:
    """A load balancer's check connects and closes; another one connects, waits, and is reset."""
    difference = Difference(wayside)
    for _ in range(KNOCKS):
        connected(wayside).close()
        assert is_reset(wayside.address)
    assert difference.after(2 * KNOCKS) == {}


@pytest.mark.parametrize("path", ["/health", "/v2/health/ready", "/v2/health/live"])
def test_a_probe_stays_a_probe(wayside: Wayside, path: str) -> None:
    difference = Difference(wayside)
    for _ in range(CALLS):
        assert is_reset(wayside.address, request(path))
    assert difference.after(CALLS) == {}


def test_a_call_is_bad_for_the_objectives_of_its_model(wayside: Wayside) -> None:
    difference = Difference(wayside)
    for _ in range(CALLS):
        assert is_reset(wayside.address, CHAT)
    assert difference.after(CALLS) == {"up": CALLS, "llama": CALLS, "llama-fast": CALLS}
    labels = {"code": "LOST", "ended_by": "server", "outcome": "server_error", "kind": "inference"}
    assert wayside.total("calls", method="/v1/chat/completions", **labels) == CALLS
    path = request("/v2/models/resnet50/infer", {"inputs": []})
    assert is_reset(wayside.address, path)
    assert difference.after(CALLS + 1) == {
        "up": CALLS + 1,
        "llama": CALLS,
        "llama-fast": CALLS,
        "resnet": 1,
    }


def test_a_request_that_comes_in_two_pieces_is_heard_to_its_end(wayside: Wayside) -> None:
    """The model is in the second one, sent only once the connection has been refused."""
    difference = Difference(wayside)
    with connected(wayside) as client:
        client.sendall(CHAT[:60])
        # No wait: whichever comes first, the refusal or this, all of it is read.
        client.sendall(CHAT[60:])
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    assert difference.after(1) == {"up": 1, "llama": 1, "llama-fast": 1}


def test_of_a_long_request_the_first_4_kib_count(wayside: Wayside) -> None:
    """Names of models mostly lie there; a model that does not is `unknown`, and the call is bad all the same."""
    difference = Difference(wayside)
    words = [{"role": "user", "content": "x" * 100_000}]
    assert is_reset(
        wayside.address, request("/v1/chat/completions", {"model": "llama", "messages": words})
    )
    assert is_reset(
        wayside.address, request("/v1/chat/completions", {"messages": words, "model": "llama"})
    )
    assert difference.after(2) == {"up": 2, "llama": 1, "llama-fast": 1}


def test_who_leaves_before_its_request_is_complete_has_given_up(wayside: Wayside) -> None:
    """It is in no event: nobody knows what it would have asked for."""
    difference = Difference(wayside)
    with connected(wayside) as client:
        client.sendall(CHAT[:40])
    assert difference.after(1) == {}


@pytest.mark.parametrize("says", [CHAT[:40], b"\x16\x03\x01\x02\0", b"\0\0\0", b"EHLO\r\n"])
def test_what_is_no_request_is_no_event(wayside: Wayside, says: bytes) -> None:
    """Half a head, the hello of TLS, and what is no protocol at all."""
    difference = Difference(wayside)
    assert is_reset(wayside.address, says)
    assert difference.after(1) == {}


def test_a_head_of_http2_that_came_with_the_preface_counts(wayside: Wayside) -> None:
    difference = Difference(wayside)
    assert is_reset(wayside.address, HTTP2_REQUEST)
    assert difference.after(1) == {"up": 1}


def test_a_grpc_client_sends_no_head_and_so_is_only_refused(wayside: Wayside) -> None:
    """It waits for the server's SETTINGS first; the state of the objective tells of the server."""
    difference, before = Difference(wayside), refused(wayside)
    with grpc.insecure_channel(wayside.address) as channel:
        infer: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            "/inference.GRPCInferenceService/ModelInfer"
        )
        with pytest.raises(grpc.RpcError) as failed:
            infer(b"\n\x05llama")
        assert failed.value.code() == grpc.StatusCode.UNAVAILABLE
        wait_until(lambda: refused(wayside) > before)
    assert difference.after(int(refused(wayside) - before)) == {}
    assert objective(wayside, "up")["state"] == "unreachable"
