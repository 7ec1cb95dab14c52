"""The classic histograms of the page, against the durations that the tap's own records tell of the same calls.

An objective that no call meets makes a record of each. Only whole processes show this: from one stamp in the tap a
duration goes by the histogram to the page, and by the record to the API.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from sidecar.model.grid import LATENCY_BOUNDS, NANOS_PER_SECOND, quantile_seconds
from tests.fakes.facts import histogram
from tests.fakes.oip import running_oip
from tests.harness.compiled import h2load
from tests.harness.wayside import Wayside, running_wayside

EVERY_CALL_IS_SLOW = """
control: {tick: 100ms}
slos: [{name: none-is, objective: 99%, good: {latency_below: 1us}}]
"""
SERVICE_MS = (0, 2, 4, 8, 20, 40, 90, 200, 400)
CALLS_OF_EACH = 20
"""The API shows no more than the newest 32 records."""
CALLS = CALLS_OF_EACH * len(SERVICE_MS)
QUANTILES = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99))
SHOWN = {
    "wayside_latency_seconds": "latency_seconds",
    "wayside_call_duration_seconds": "call_duration_seconds",
}


def counted(wayside: Wayside, family: str) -> dict[str, float]:
    """Read the samples of a histogram with one series: by `le`, and `count`."""
    found = {}
    for each in text_string_to_metric_families(wayside.metrics()):
        for sample in each.samples:
            if sample.name == f"{family}_bucket":
                found[sample.labels["le"]] = sample.value
            elif sample.name == f"{family}_count":
                found["count"] = sample.value
    return found


def by_brute_force(nanos: Sequence[int]) -> dict[str, float]:
    """Count durations at each bound."""
    at = {bound.le: sum(each <= bound.nanos for each in nanos) for bound in LATENCY_BOUNDS}
    return {**at, "+Inf": len(nanos), "count": len(nanos)}


def has_met(wayside: Wayside, records: dict[tuple[Any, ...], Any], wanted: int) -> bool:
    """Keep the records that are shown, by when their calls began and ended; tell whether there are as many."""
    for record in wayside.snapshot()["records"]:
        records[record["start_unix_nanos"], record["call_duration_seconds"]] = record
    return len(records) == wanted


def test_every_le_counts_the_durations_of_the_records() -> None:
    records = dict[tuple[Any, ...], Any]()
    with (
        running_oip() as (server, _),
        running_wayside(server, config=EVERY_CALL_IS_SLOW) as wayside,
    ):
        for turn, milliseconds in enumerate(SERVICE_MS, start=1):
            request = oip.ModelInferRequest(model_name="uneven")
            request.parameters["sleep_us"].int64_param = milliseconds * 1000
            asked = request.SerializeToString()
            h2load(wayside.address, asked, calls=CALLS_OF_EACH, streams=CALLS_OF_EACH)
            wayside.running.wait_for(partial(has_met, wayside, records, turn * CALLS_OF_EACH))
        wayside.wait_for_total(CALLS, "calls", code="OK")
        (row,) = wayside.snapshot()["timings"]
        shown = {family: counted(wayside, family) for family in SHOWN}
    for family, name in SHOWN.items():
        nanos = [round(record[name] * NANOS_PER_SECOND) for record in records.values()]
        assert shown[family] == by_brute_force(nanos), family
        assert round(row[name]["mean"] * CALLS * NANOS_PER_SECOND) == sum(nanos), name
        filled = histogram(*nanos)
        for quantile, q in QUANTILES:
            expected = quantile_seconds(filled.cells, filled.counts, q)
            assert row[name][quantile] == expected, (name, quantile)
