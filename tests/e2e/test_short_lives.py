"""A real Prometheus over lives that are shorter than it likes: it has every event that the clients have.

What came before its first read is there because the page says since when its series count, and what came after the last
because the process waits for one more.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.e2e.door import ANSWER_SECONDS, END_SECONDS, Door, new_door
from tests.fakes.oip import running_oip
from tests.harness.compiled import INFER_PATH
from tests.harness.prometheus import Prometheus, running_prometheus
from tests.harness.running import Running, wait_until
from tests.provision.parts import require

pytestmark = pytest.mark.e2e

CALLS_OF_LIVES = (3, 5, 7)
LONG = "10m"
"""Longer than any of this takes on any machine; nothing waits for so long unless it fails."""
CONFIG = """\
control: {tick: 100ms}
models: [resnet50]
slos: [{name: answers, objective: 99%, good: {available: true}}]
"""
ZERO = "created-timestamp-zero-ingestion"
EVENTS = 'wayside_slo_events_total{slo="answers", outcome="good"}'
CALLS = 'wayside_calls_total{code="OK", kind="inference"}'
LATENCIES = "wayside_latency_seconds_count"
PROTOBUF: dict[str, object] = {"scrape_protocols": ["PrometheusProto"]}
OPENMETRICS: dict[str, object] = {"scrape_protocols": ["OpenMetricsText1.0.0"]}


@contextmanager
def living(door: Door, upstream: str, folder: Path, final_scrape: str = "0s") -> Iterator[Running]:
    """Run a Wayside that, once told to end, waits so long for a last read."""
    file = folder / "wayside.yaml"
    file.write_text(CONFIG)
    flags = (
        "-c",
        str(file),
        "--drain-delay=0s",
        f"--drain={LONG}",
        f"--final-scrape={final_scrape}",
    )
    with door.open(upstream, *flags) as wayside:
        wait_until(lambda: door.status("/readyz") == 200)
        yield wayside


def infer(door: Door, count: int) -> None:
    """Make so many calls that are answered well."""
    with grpc.insecure_channel(door.listen) as channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(INFER_PATH)
        for _ in range(count):
            request = oip.ModelInferRequest(model_name="resnet50").SerializeToString()
            call(request, wait_for_ready=True, timeout=ANSWER_SECONDS)


def increases(prometheus: Prometheus, selector: str) -> list[float]:
    """By how much each series has grown, from its first sample to its last."""
    found = prometheus.get("/api/v1/query", query=f"{selector}[1h]")["result"]
    return [float(each["values"][-1][1]) - float(each["values"][0][1]) for each in found]


@pytest.mark.parametrize(
    ("job", "features", "selectors"),
    [
        (PROTOBUF, [ZERO], [EVENTS, CALLS, LATENCIES]),
        (OPENMETRICS, [ZERO], [EVENTS]),
    ],
    ids=["protobuf", "openmetrics"],
)
def test_the_first_increase_is_seen(
    job: dict[str, object], features: list[str], selectors: list[str], tmp_path: Path
) -> None:
    """All calls are over when it first comes by; one that does not look at the date sees none of them."""
    door, program, calls = new_door(), require("prometheus-3"), 5
    with running_oip() as (upstream, _), living(door, upstream, tmp_path):
        infer(door, calls)
        wait_until(lambda: door.metric("wayside_slo_events_total", outcome="good") == calls)
        with running_prometheus(program, door.admin, {"dated": job}, features=features) as dated:
            dated.wait_for_scrape(1)
            for selector in selectors:
                assert increases(dated, selector) == [calls], selector
        with running_prometheus(program, door.admin, {"undated": job}) as undated:
            undated.wait_for_scrape(1)
            assert increases(undated, EVENTS) == [0]


def test_the_sum_over_short_lives_is_what_the_clients_counted(tmp_path: Path) -> None:
    """Each life is asked to end right after its calls, and ends when Prometheus has come by; nobody else reads."""
    doors = [new_door() for _ in CALLS_OF_LIVES]
    job = {**PROTOBUF, "static_configs": [{"targets": [each.admin for each in doors]}]}
    program = require("prometheus-3")
    with (
        running_oip() as (upstream, _),
        running_prometheus(program, doors[0].admin, {"lives": job}, features=[ZERO]) as prometheus,
    ):
        for door, calls in zip(doors, CALLS_OF_LIVES, strict=True):
            with living(door, upstream, tmp_path, LONG) as wayside:
                infer(door, calls)
                wayside.process.send_signal(signal.SIGTERM)
                assert wayside.process.wait(END_SECONDS) == 0
                assert "lost" not in wayside.text()
        # What was delivered last is appended a moment later.
        for selector in (EVENTS, CALLS):
            prometheus.running.wait_for(
                lambda each=selector: sum(increases(prometheus, each)) == sum(CALLS_OF_LIVES)  # type: ignore[misc]
            )
            assert sorted(increases(prometheus, selector)) == sorted(CALLS_OF_LIVES)
