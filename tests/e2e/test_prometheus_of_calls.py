"""From calls to a real Prometheus: its quantiles beside the durations that the tap recorded of these very calls.

An objective that no call can meet has each of them recorded, with its latency to the nanosecond. The API shows the
newest few records, so that they are read after every few calls.
"""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import pytest

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from sidecar.model.grid import LATENCY_BOUNDS, NANOS_PER_SECOND
from sidecar.tapclient.seam import RECORDS_KEPT
from tests.fakes.oip import running_oip
from tests.fakes.pages import parse_openmetrics
from tests.harness.compiled import INFER_PATH
from tests.harness.prometheus import Prometheus, running_prometheus
from tests.harness.quantiles import quantile
from tests.harness.wayside import Wayside, running_wayside
from tests.provision.parts import require

pytestmark = pytest.mark.e2e

CONFIG = """
control: {tick: 100ms}
slos: [{name: never, objective: 99%, good: {latency_below: 1us}}]
"""
MODEL, CALLS = "uneven", 160
QUANTILES = (0.1, 0.5, 0.9, 0.99)
JOBS: dict[str, dict[str, object]] = {
    "native": {"scrape_native_histograms": True},
    "text": {"scrape_protocols": ["PrometheusText0.0.4"]},
}
TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACED = (("traceparent", f"00-{TRACE}-b7ad6b7169203331-01"),)


@contextmanager
def calling(address: str) -> Iterator[grpc.UnaryUnaryMultiCallable[bytes, bytes]]:
    """A client of one connection."""
    with grpc.insecure_channel(address) as channel:
        yield channel.unary_unary(INFER_PATH)


def latencies(wayside: Wayside) -> dict[str, int]:
    """The latencies of the newest records in nanoseconds, by request."""
    return {
        each["request_id"]: round(each["latency_seconds"] * NANOS_PER_SECOND)
        for each in wayside.snapshot()["records"]
        if each["model"] == MODEL
    }


def called(wayside: Wayside) -> list[int]:
    """Make calls that take from nothing to a tenth of a second; return what was recorded of each."""
    rng, recorded = random.Random(13), dict[str, int]()
    with calling(wayside.address) as infer:
        for number in range(1, CALLS + 1):
            request = oip.ModelInferRequest(model_name=MODEL, id=str(number))
            request.parameters["sleep_us"].int64_param = int(2_000 * rng.lognormvariate(0, 1.3))
            infer(request.SerializeToString(), metadata=TRACED, wait_for_ready=True)
            if number % (RECORDS_KEPT // 2) == 0:
                wayside.wait_for_total(number, "calls", model=MODEL)
                wayside.running.wait_for(lambda wanted=str(number): wanted in latencies(wayside))  # type: ignore[misc]
                recorded |= latencies(wayside)
    assert len(recorded) == CALLS
    return sorted(recorded.values())


def asked(prometheus: Prometheus, q: float, metric: str, job: str) -> float:
    """Ask for a quantile in nanoseconds."""
    series = f'{metric}{{job="{job}", model="{MODEL}"}}'
    return prometheus.value(f"histogram_quantile({q}, {series})") * NANOS_PER_SECOND


def test_quantiles_are_those_of_the_durations_that_were_recorded() -> None:
    with running_oip() as (server, _), running_wayside(server, config=CONFIG) as wayside:
        durations = called(wayside)
        program = require("prometheus-3")
        with running_prometheus(program, wayside.admin, JOBS) as prometheus:
            prometheus.wait_for_scrape(len(JOBS))
            native, classic = "wayside_latency_seconds", "wayside_latency_seconds_bucket"
            for q in QUANTILES:
                true = quantile(durations, q)
                assert true / 1.022 <= asked(prometheus, q, native, "native") <= true * 1.022
                at = bisect_left(LATENCY_BOUNDS, true, key=lambda bound: bound.nanos)
                low = LATENCY_BOUNDS[at - 1].nanos if at else 0
                assert low <= asked(prometheus, q, classic, "text") <= LATENCY_BOUNDS[at].nanos
            counts = prometheus.query(f'{classic}{{job="text", model="{MODEL}"}}')
    by_le = {dict(labels)["le"]: count for labels, count in counts.items()}
    exact = {each.le: bisect_right(durations, each.nanos) for each in LATENCY_BOUNDS}
    assert by_le == exact | {"+Inf": CALLS}


def test_the_trace_of_a_call_stands_at_its_latency_and_at_its_event() -> None:
    with running_oip() as (server, _), running_wayside(server, config=CONFIG) as wayside:
        with calling(wayside.address) as infer:
            request = oip.ModelInferRequest(model_name=MODEL, id="traced")
            infer(request.SerializeToString(), metadata=TRACED, wait_for_ready=True)
        wayside.wait_for_total(1, "calls", model=MODEL)
        wayside.running.wait_for(lambda: "traced" in latencies(wayside))
        page = wayside.get(
            wayside.admin, "/metrics", accept="application/openmetrics-text"
        ).decode()
        (latency,) = latencies(wayside).values()
    traced = {
        sample.name: (sample.labels.get("outcome"), sample.exemplar)
        for family in parse_openmetrics(page)
        for sample in family.samples
        if sample.exemplar is not None
    }
    assert set(traced) == {"wayside_latency_seconds_bucket", "wayside_slo_events_total"}
    assert [each.labels for _, each in traced.values()] == [{"trace_id": TRACE}] * 2
    assert traced["wayside_latency_seconds_bucket"][1].value == latency / NANOS_PER_SECOND
    assert traced["wayside_slo_events_total"][0] == "bad"
