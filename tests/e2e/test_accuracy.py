"""What Wayside says of latency, against what a compiled client measured of the same calls.

The fake's service time is known (5, 20 or 100 ms); the client is h2load, which logs each call with its own clock. The
client's clock includes the way to Wayside and back, so one connection with one call at a time keeps queues out of it.
"""

from __future__ import annotations

import pytest

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.e2e.wayside import running_wayside
from tests.fakes.compiled import h2load
from tests.fakes.oip import running_oip

SERVICE_MILLISECONDS = (5, 20, 100)
SECONDS_EACH = 6


def quantile(sorted_values: list[int], q: float) -> float:
    """Return the value at or below which a share q of the values lies."""
    return float(
        sorted_values[min(len(sorted_values) - 1, max(0, -int(-q * len(sorted_values) // 1) - 1))]
    )


@pytest.mark.slow
def test_quantiles_are_those_of_a_compiled_client() -> None:
    """p50 and p99 within 2 % or 150 us, whichever is more, at three known service times."""
    report = []
    with running_oip() as (upstream, _):
        for milliseconds in SERVICE_MILLISECONDS:
            request = oip.ModelInferRequest(model_name=f"takes-{milliseconds}")
            request.parameters["sleep_us"].int64_param = milliseconds * 1000
            with running_wayside(upstream) as wayside:
                calls = SECONDS_EACH * 1000 // milliseconds
                load = h2load(wayside.address, request.SerializeToString(), calls=calls)
                wayside.wait_for_total(calls, "calls", code="OK")
                (seen,) = wayside.snapshot()["timings"]
            truth = sorted(load.durations_us)
            for name, q in (("p50", 0.5), ("p99", 0.99)):
                ours, theirs = seen["latency_seconds"][name] * 1e6, quantile(truth, q)
                report.append((milliseconds, name, ours, theirs))
    for milliseconds, name, ours, theirs in report:
        print(
            f"{milliseconds} ms {name}: wayside {ours:.0f} us, client {theirs:.0f} us, {ours - theirs:+.0f} us"
        )
    for _, _, ours, theirs in report:
        assert abs(ours - theirs) <= max(0.02 * theirs, 150)
