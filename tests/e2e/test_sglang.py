"""Wayside before SGLang's native gRPC server, compiled as it is published, with an engine that is a stub behind it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.grpc_calls import Seen, connected
from tests.e2e.http_calls import Series, counted
from tests.e2e.model_server import ModelServer, running_model_server
from tests.harness.wayside import running_wayside
from tests.servers.goldens import FOLDER, Golden, GoldenCall, load

NATIVE = "sglang.runtime.v1.SglangService"
PROBE = f"{NATIVE}/HealthCheck"
TIMES = 3


@pytest.fixture(scope="module")
def sglang() -> Iterator[ModelServer]:
    """One server for all tests of this file."""
    with running_model_server("sglang", "sglang_front.py", "{}", "{}", ready="/ready") as server:
        yield server


@pytest.fixture(scope="module")
def golden() -> Golden:
    """The calls as SGLang's .proto encodes them."""
    return load(FOLDER / "sglang-native.json")


def called(address: str, calls: tuple[GoldenCall, ...], admin: list[str]) -> list[Seen]:
    """Make each call some times, and each method without inference once."""
    with connected(address) as client:
        seen = [
            client.call(
                call.method[1:], *(message.data for message in call.requests), kind="unary_stream"
            )
            for call in calls
            for _ in range(TIMES)
        ]
        # A field 1 that says nothing; Abort wants an id.
        return seen + [client.call(name, b"\n\x03g-1" * name.endswith("Abort")) for name in admin]


@pytest.mark.proves("sglang", "sglang", "live")
def test_every_method_of_the_published_proto(sglang: ModelServer, golden: Golden) -> None:
    """The real server takes what the .proto encodes, and each call is counted as the catalogue says."""
    methods = {path[1:] for path in golden.schema.methods}
    inference = {call.method[1:] for call in golden.calls}
    admin = sorted(methods - inference)
    direct = called(sglang.grpc, golden.calls, admin)
    assert [seen.code for seen in direct] == ["OK"] * len(direct)
    with running_wayside(sglang.grpc) as wayside:
        through = called(wayside.address, golden.calls, admin)
        wayside.wait_for_total(len(through), "calls")
        by_kind = {kind: counted(wayside, kind) for kind in ("inference", "probe", "admin")}
        assert wayside.snapshot()["tap"]["blind"] == {}
    assert [seen.code for seen in through] == [seen.code for seen in direct]
    assert [len(seen.answers) for seen in through] == [len(seen.answers) for seen in direct]
    assert by_kind["inference"] == {(name, "unknown", "", "OK"): TIMES for name in inference}
    assert by_kind["probe"] == {(PROBE, "", "", "OK"): 1}
    others: dict[Series, int] = {(name, "", "", "OK"): 1 for name in admin if name != PROBE}
    assert by_kind["admin"] == others


@pytest.mark.proves("sglang", "sglang", "live")
def test_a_request_that_fails_and_the_name_of_the_model(sglang: ModelServer) -> None:
    """The id `bad` is read by the server where the catalogue reads it; the model is what the configuration says."""
    asked = b"\n\x03why\x18\x01B\x03bad"  # text = 1, stream = 3, rid = 8
    config = "server: {model: llama}\n"
    with running_wayside(sglang.grpc, config=config) as wayside:
        with connected(wayside.address) as client:
            seen = client.call(f"{NATIVE}/TextGenerate", asked, kind="unary_stream")
        wayside.wait_for_total(1, "calls")
        counts = counted(wayside)
    assert seen.code != "OK"
    assert counts == {(f"{NATIVE}/TextGenerate", "llama", "", seen.code): 1}
