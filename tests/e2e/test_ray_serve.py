"""Wayside before a real Ray Serve: its HTTP proxy, its gRPC proxy, and what its node tells of waiting requests.

Ray runs nine processes and takes half a minute to start: one for all tests of this file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.grpc_calls import Seen, connected
from tests.e2e.http_calls import Ask, as_json, call_all, call_both, counted
from tests.e2e.model_server import ModelServer, running_model_server
from tests.harness.samples import metric
from tests.harness.wayside import running_wayside

CHAT = "/v1/chat/completions"
OWN = "ray.serve.RayServeAPIService"
HEALTHZ, LIST = f"{OWN}/Healthz", f"{OWN}/ListApplications"
USERS = "ray.serve.UserDefinedService/Method1"
WAITING = 3  # requests, of which one has the replica
REPORT_SECONDS = 60.0


@dataclass(frozen=True)
class RayServer:
    """Where it answers, and what lets its waiting requests go on."""

    server: ModelServer
    gate: Path


@pytest.fixture(scope="module")
def ray() -> Iterator[RayServer]:
    """One server for all tests of this file."""
    with tempfile.TemporaryDirectory(prefix="wayside-gate-") as folder:
        gate = Path(folder) / "gate"
        words = ["ray_iris.py", "{}", "{}", "{}", str(gate)]
        with running_model_server("ray", *words, ready="/-/healthz") as server:
            yield RayServer(server, gate)


def chat(words: str, *, stream: bool = False) -> bytes:
    """Ask for a chat: the answer is the words."""
    return as_json({"model": "iris", "messages": [{"content": words}], "stream": stream})


ASKS = [
    Ask("_OTHER", "/-/routes", kind="admin", verb="GET"),
    Ask(CHAT, CHAT, model="iris", body=chat("one two three")),
    Ask(CHAT, CHAT, model="iris", body=chat("one two", stream=True)),
    Ask(CHAT, CHAT, "500", "iris", body=chat("fail")),
    Ask(CHAT, CHAT, model="iris", body=chat("one")),
]


def test_each_call_over_http(ray: RayServer) -> None:
    """An application that speaks OpenAI's API, as Ray Serve's own for language models does."""
    with running_wayside(ray.server.http) as wayside:
        call_both(ray.server.http, wayside, ASKS)
        page = wayside.metrics()
    tokens = {"method": CHAT, "model": "iris", "direction": "output"}
    assert metric(page, "wayside_tokens_total", source="usage", **tokens) == 3 + 1
    assert metric(page, "wayside_tokens_total", source="chunks", **tokens) == 2


def called(address: str) -> list[Seen]:
    """Call Ray's own service, and a user's."""
    to_iris = (("application", "iris"),)
    with connected(address) as client:
        own = [client.call(each, b"") for each in (HEALTHZ, LIST)]
        return [*own, client.call(USERS, b"\n\x03you", metadata=to_iris)]


@pytest.mark.proves("ray-serve", "ray-serve", "live")
def test_each_call_over_grpc(ray: RayServer) -> None:
    """Ray's own methods are known; a user's is counted as any that nobody described."""
    direct = called(ray.server.grpc)
    assert [seen.code for seen in direct] == ["OK"] * 3
    with running_wayside(ray.server.grpc) as wayside:
        through = called(wayside.address)
        wayside.wait_for_total(len(direct), "calls")
        probes, others = counted(wayside, "probe"), counted(wayside, "admin")
        assert wayside.snapshot()["tap"]["blind"] == {}
    assert [seen.answers for seen in through] == [seen.answers for seen in direct]
    assert probes == {(HEALTHZ, "", "", "OK"): 1}
    assert others == {(LIST, "", "", "OK"): 1, ("_OTHER", "", "", "OK"): 1}


def test_a_replica_that_takes_too_long_is_out_of_time(ray: RayServer) -> None:
    """Ray says 408 of its own time-out (`request_timeout_s`, here by a header): no mistake of the client's, and bad."""
    config = "slos: [{name: up, objective: 99%, good: {available: true}}]\nmodels: [iris]\n"
    limit = {"x-request-timeout-seconds": "0.2"}
    bodies = [chat("wait"), chat("wait", stream=True)]
    asks = [Ask(CHAT, CHAT, "408", "iris", body=body, headers=limit) for body in bodies]
    ray.gate.unlink(missing_ok=True)
    with running_wayside(ray.server.http, config=config) as wayside:
        answers = call_all(wayside.address, asks)
        assert [answer.status for answer in answers] == [408] * len(asks)
        wayside.wait_for_total(len(asks), "requests", code="408", ended_by="server")
        page = wayside.metrics()
    timeouts = metric(page, "wayside_requests_total", code="408", outcome="timeout", model="iris")
    assert timeouts == metric(page, "wayside_requests_total", kind="inference") == len(asks)
    assert metric(page, "wayside_slo_events_total", slo="up", outcome="bad") == len(asks)
    assert metric(page, "wayside_slo_events_total", slo="up", outcome="excluded") == 0


def test_its_own_numbers(ray: RayServer) -> None:
    """Of three requests one runs and two wait, says the node's page; a deployment stands for the model."""
    page = f"http://{ray.server.more[0]}/metrics"
    config = f'server: {{metrics: "{page}", metrics_interval: 200ms}}\n'
    wait = Ask(CHAT, CHAT, model="iris", body=chat("wait"))
    with (
        running_wayside(ray.server.http, config=config) as wayside,
        ThreadPoolExecutor(WAITING) as pool,
    ):
        jobs = [pool.submit(call_all, wayside.address, [wait]) for _ in range(WAITING)]

        def told(name: str) -> float | None:
            try:
                return metric(wayside.metrics(), f"wayside_server_{name}", model="Iris")
            except KeyError:
                return None

        try:
            wayside.running.wait_for(
                lambda: (told("running"), told("queue_depth")) == (1, WAITING - 1), REPORT_SECONDS
            )
        finally:
            ray.gate.touch()
        assert [job.result()[0].status for job in jobs] == [200] * WAITING
        assert wayside.snapshot()["server"]["catalogue"] == "ray-serve"
