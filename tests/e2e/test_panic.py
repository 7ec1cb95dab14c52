"""A parser that panics costs its own connection the observer, and nobody a byte.

The panic is planted deep inside the parser by a feature that no release has; the tap is otherwise built as a release
is, so this also shows that a release unwinds.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from queue import SimpleQueue

import grpc
import pytest

from sidecar.cli.launch import find_tap
from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.fakes.oip import running_oip
from tests.harness.cargo import cargo_built
from tests.harness.running import START_SECONDS
from tests.harness.samples import metric
from tests.harness.wayside import Wayside, running_wayside

BIDI = "/test.Echo/Bidi"
INFER = "/inference.GRPCInferenceService/ModelInfer"
Metadata = tuple[tuple[str, str], ...]
PLANTED: Metadata = (("traceparent", "planted-panic"),)
OPTIONS = [("grpc.use_local_subchannel_pool", 1)]
CALLS = 30


@pytest.fixture(scope="module")
def planted_tap() -> Path:
    return cargo_built(
        "--package=tap", "--bin=wayside-tap", "--profile=planted", "--features=planted-panic"
    )


@pytest.fixture
def wayside(planted_tap: Path) -> Iterator[Wayside]:
    environment = {**os.environ, "WAYSIDE_TAP": str(planted_tap)}
    with running_oip() as (server, _), running_wayside(server, environment=environment) as wayside:
        yield wayside


def infer(channel: grpc.Channel, model: str, metadata: Metadata = (), size: int = 100_000) -> None:
    """Make a call; its answer holds the very bytes that were sent."""
    asked = oip.ModelInferRequest(model_name=model, raw_input_contents=[os.urandom(size)])
    call = channel.unary_unary(
        INFER,
        request_serializer=oip.ModelInferRequest.SerializeToString,
        response_deserializer=oip.ModelInferResponse.FromString,
    )
    answer = call(asked, timeout=START_SECONDS, metadata=metadata)
    assert answer.raw_output_contents == asked.raw_input_contents


def says_panics(wayside: Wayside, count: int) -> bool:
    """Tell whether /metrics says that so many connections are blind for a panic."""
    return f'wayside_tap_blind_total{{reason="panic"}} {count}.0\n' in wayside.metrics()


def test_a_panic_costs_one_connection_its_observer_and_nobody_a_byte(wayside: Wayside) -> None:
    with (
        grpc.insecure_channel(wayside.address, options=OPTIONS) as doomed,
        grpc.insecure_channel(wayside.address, options=OPTIONS) as other,
    ):
        infer(doomed, "before")
        infer(other, "elsewhere")
        wayside.wait_for_total(1, "calls", model="before")
        said: SimpleQueue[bytes | None] = SimpleQueue()
        stream: grpc.StreamStreamMultiCallable[bytes, bytes] = doomed.stream_stream(BIDI)
        open_stream = stream(iter(said.get, None), timeout=START_SECONDS)
        said.put(b"before")
        assert next(open_stream) == b"before"
        infer(
            doomed, "planted", PLANTED, size=10
        )  # one read: a parser that went on would still be in step
        said.put(b"after")
        assert next(open_stream) == b"after", "a call that was open then goes on"
        said.put(None)
        for _ in range(CALLS):
            infer(doomed, "after")
            infer(other, "elsewhere")
        assert list(open_stream) == []

        wayside.wait_for_total(1 + CALLS, "calls", model="elsewhere")
        assert says_panics(wayside, 1)
        assert metric(wayside.metrics(), "wayside_tap_blind_total") == 1, "and for nothing else"
        assert wayside.total("calls", model="before") == 1
        assert wayside.total("calls", model="after") == 0, "that connection is no longer read"
        assert metric(wayside.metrics(), "wayside_upstream_connections_open") == 2
    assert "planted-panic" in wayside.running.text(), "the log says where"


def test_each_connection_panics_alone(wayside: Wayside) -> None:
    for at in range(1, 4):
        with grpc.insecure_channel(wayside.address, options=OPTIONS) as channel:
            infer(channel, "planted", PLANTED)
            infer(channel, "after")
        wayside.running.wait_for(partial(says_panics, wayside, at))
    with grpc.insecure_channel(wayside.address, options=OPTIONS) as channel:
        infer(channel, "fine")
    wayside.wait_for_total(1, "calls", model="fine")


def test_no_release_has_the_plant() -> None:
    assert b"planted-panic" not in Path(find_tap()).read_bytes()
