"""Wayside before a real Triton, called by Triton's own client: the same answers as without it, each one counted."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.triton import Triton, running_triton
from tests.harness.samples import shapes
from tests.harness.wayside import running_wayside
from tests.provision.parts import require

CLIENT = Path(__file__).resolve().parent / "triton_client.py"
CONNECTIONS = 16
UNARY = 1200
STREAMED = 30
FAILING = UNARY // 100
CLIENT_SECONDS = 240.0


@pytest.fixture(scope="module")
def triton() -> Iterator[Triton]:
    """One server for all tests of this file."""
    with running_triton() as server:
        yield server


def established(address: str) -> int:
    """Count the established connections to an address, as the kernel has them."""
    port = address.rpartition(":")[2]
    command = [str(require("ss")), "-Htn", "state", "established", f"( dport = :{port} )"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return len(listed.splitlines())


def call(triton: Triton, address: str, unary: int, streamed: int) -> dict[str, Any]:
    """Run the client against an address, and check that its channels are as many connections."""
    words = [triton.python, CLIENT, address, CONNECTIONS, unary, streamed]
    with subprocess.Popen(
        [str(word) for word in words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as client:
        assert client.stdout is not None
        try:
            ready = client.stdout.readline().strip()
            assert ready == "ready", client.communicate()[1]
            assert established(address) == CONNECTIONS
            output, complaints = client.communicate("go\n", timeout=CLIENT_SECONDS)
            assert client.returncode == 0, complaints
        finally:
            client.kill()
    seen: dict[str, Any] = json.loads(output)
    return seen


@pytest.mark.slow
@pytest.mark.proves("oip", "triton", "live")
def test_answers_are_the_same_and_every_request_is_counted(triton: Triton) -> None:
    """20,000 requests on 16 connections, unary and streamed: equal results, equal counts, by model and outcome."""
    direct = call(triton, triton.grpc_address, UNARY, STREAMED)
    with running_wayside(triton.grpc_address) as wayside:
        through = call(triton, wayside.address, UNARY, STREAMED)
        unary = {"method": "inference.GRPCInferenceService/ModelInfer"}
        streamed = {"method": "inference.GRPCInferenceService/ModelStreamInfer"}
        simple = {"model": "simple", "version": "1", **unary}
        wayside.wait_for_total(CONNECTIONS * (UNARY - FAILING), "requests", **simple)
        wayside.wait_for_total(2 * CONNECTIONS * STREAMED, "requests", **streamed)

        assert through == direct
        assert wayside.total("requests", **unary) == CONNECTIONS * UNARY
        assert wayside.total("calls", **unary, code="INTERNAL") == CONNECTIONS * FAILING
        assert wayside.total("calls", **unary, outcome="server_error") == CONNECTIONS * FAILING
        assert wayside.total("calls", **streamed, code="OK") == 2 * CONNECTIONS
        assert wayside.total("requests", **streamed) == 2 * CONNECTIONS * STREAMED
        answered = CONNECTIONS * (UNARY - FAILING + STREAMED)
        wayside.running.wait_for(
            lambda: shapes(wayside.metrics(), "simple") == {"INT32[-1,16]": answered}
        )
        for model in ("decoupled", "simple"):
            assert wayside.total("requests", **streamed, model=model) == CONNECTIONS * STREAMED


def test_errors_of_triton_have_their_names(triton: Triton) -> None:
    """A model that fails is INTERNAL and a server error; the stream that follows it is as good as ever."""
    with running_wayside(triton.grpc_address) as wayside:
        call(triton, wayside.address, 100, 2)
        wayside.wait_for_total(CONNECTIONS, "calls", code="INTERNAL")
        assert wayside.total("calls", code="INTERNAL", model="failing", outcome="ok") == 0
        assert wayside.snapshot()["tap"]["blind"] == {}

        def words() -> list[str]:
            records = wayside.snapshot()["records"]
            return [record["message"] for record in records if record["code"] == "INTERNAL"]

        wayside.running.wait_for(lambda: len(words()) == CONNECTIONS)
        assert set(words()) == {"this model always fails"}
