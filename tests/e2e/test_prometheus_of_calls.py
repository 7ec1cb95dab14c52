"""From calls to a real Prometheus: its quantiles beside the durations that the tap recorded of these very calls.

An objective that no call can meet has each of them recorded, with its latency to the nanosecond. The API shows the
newest few records, so that they are read after every few calls.
"""

from __future__ import annotations

import json
import random
import re
import time
import urllib.request
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
from tests.harness.running import running
from tests.harness.wayside import COMMAND, Wayside, running_wayside
from tests.provision.parts import require

pytestmark = pytest.mark.e2e

CONFIG = """
control: {tick: 100ms}
slos: [{name: never, objective: 99%, good: {latency_below: 1us}}]
"""
ADMIN = re.compile(r"http://(127\.0\.0\.1:\d+)/metrics")
DEMO_MODEL = "resnet50"
ASKED = {
    "count": "histogram_count(",
    "p50": "histogram_quantile(0.5,",
    "p90": "histogram_quantile(0.9,",
    "p99": "histogram_quantile(0.99,",
    "count again": "histogram_count(",
}
MODEL, CALLS = "uneven", 160
QUANTILES = (0.11, 0.503, 0.907, 0.99)
"""None falls between two calls: there Prometheus may mean either, as it counts from above from the median on."""
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


def test_a_running_demo_is_scraped_and_says_what_wayside_says_itself() -> None:
    """At the same count both read the same cells: one takes a cell's middle, the other goes through it."""
    series = f'wayside_latency_seconds{{model="{DEMO_MODEL}", outcome="ok"}}'
    seen, kept = dict[float, dict[str, float]](), dict[str, float]()
    with running([COMMAND, "demo"]) as demo:
        demo.wait_for(lambda: ADMIN.search(demo.text()) is not None)
        admin = ADMIN.findall(demo.text())[0]
        jobs = {"native": JOBS["native"]}
        with running_prometheus(require("prometheus-3"), admin, jobs) as prometheus:

            def at_one_count() -> bool:
                """Ask of one moment, until its count is one that was seen, and the same after all was asked."""
                seen.update(latency_of_the_demo(admin))
                at = time.time() - 1
                for name, call in ASKED.items():
                    kept[name] = next(
                        iter(prometheus.query(f"{call} {series})", at).values()), -1.0
                    )
                return kept["count"] in seen and kept["count"] == kept["count again"]

            demo.wait_for(at_one_count)
    ours = seen[kept["count"]]
    for name in ("p50", "p90", "p99"):
        assert ours[name] / 1.011 <= kept[name] <= ours[name] * 1.011, name


def latency_of_the_demo(admin: str) -> dict[float, dict[str, float]]:
    """What the API of the demo says of a model that answers well, by its count; nothing of the first hundred.

    The count is odd: then none of these quantiles falls between two calls.
    """
    with urllib.request.urlopen(f"http://{admin}/api/v1/snapshot") as answer:
        rows = json.load(answer)["timings"]
    latencies = [
        each["latency_seconds"]
        for each in rows
        if (each["model"], each["outcome"]) == (DEMO_MODEL, "ok")
    ]
    return {each["count"]: each for each in latencies if each["count"] > 100 and each["count"] % 2}
