"""What Wayside says of latency, between what the server and what the client know of the same calls.

A call takes at least what its service takes, and at most what its client waits: bounds that no other work on the
machine can break. How close Wayside comes to the client is a figure, and `make prove ARGS=accuracy` has it.

Only whole processes show this: several clocks, and the way of a number from a stamp in the tap to the page.
"""

from __future__ import annotations

import time
from typing import Any

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.fakes.oip import running_oip
from tests.harness.compiled import h2load
from tests.harness.quantiles import quantile_bounds
from tests.harness.wayside import running_wayside
from tests.hazards import frames as h2
from tests.hazards.passage import passage, upstream

CALLS_BY_SERVICE_MS = {5: 60, 20: 30, 100: 10}
"""So many that p50, p90 and p99 each lie at a service time of their own."""
QUANTILES = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99))
ROUNDED_NANOS = 1000
"""h2load cuts off what is below a microsecond, and the fake's timer may ring a step of its clock early."""
UPLOAD_SECONDS = 0.1
BOTH = ("latency_seconds", "call_duration_seconds")


def outside(said: dict[str, Any], least: list[int], most: list[int]) -> dict[str, str]:
    """Tell which numbers of a histogram on the page cannot be, by the bounds of its observations in ns."""
    wrong = {}
    total = said["mean"] * said["count"] * 1e9
    if not sum(least) <= total <= sum(most):
        wrong["sum"] = f"{total:.0f} ns, where it is from {sum(least)} to {sum(most)}"
    for name, q in QUANTILES:
        low, high = quantile_bounds(least, most, q)
        if not low <= said[name] <= high:
            wrong[name] = f"{said[name]:.6f} s, where it is from {low:.6f} to {high:.6f}"
    return wrong


def test_latency_lies_between_the_service_and_what_a_compiled_client_waited() -> None:
    """Sum, p50, p90 and p99 of a model that takes 5, 20 or 100 ms; h2load logs each call with a clock of its own."""
    least, most = list[int](), list[int]()
    with running_oip() as (server, _), running_wayside(server) as wayside:
        for milliseconds, calls in CALLS_BY_SERVICE_MS.items():
            request = oip.ModelInferRequest(model_name="uneven")
            request.parameters["sleep_us"].int64_param = milliseconds * 1000
            load = h2load(wayside.address, request.SerializeToString(), calls=calls)
            least += [milliseconds * 1_000_000 - ROUNDED_NANOS] * calls
            most += [us * 1000 + ROUNDED_NANOS for us in load.durations_us]
        wayside.wait_for_total(len(most), "calls", code="OK")
        (row,) = wayside.snapshot()["timings"]
    for name in BOTH:
        assert row[name]["count"] == len(most)
        assert outside(row[name], least, most) == {}, name


def test_a_slow_upload_is_in_the_duration_and_not_in_the_latency() -> None:
    """One thread holds both ends, and so knows when each byte was on its way and when it had come."""
    head, message = h2.headers(1, h2.REQUEST_HEAD), h2.asking("slow")
    asked = head + h2.data(1, message[:-1])
    rest = h2.data(1, message[-1:], end=True)
    answer = h2.headers(1, h2.ANSWER_HEAD) + h2.data(1, h2.answering("slow"))
    end = h2.headers(1, h2.TRAILERS, end=True)
    opening = h2.PREFACE + h2.settings()
    with (
        upstream() as server,
        running_wayside(server.address) as wayside,
        passage(server, wayside.address, opening) as made,
    ):
        made.play([("down", h2.settings())])
        began = time.monotonic_ns()
        made.play([("up", asked)])
        head_heard = time.monotonic_ns()
        time.sleep(UPLOAD_SECONDS)
        request_sent = time.monotonic_ns()
        made.play([("up", rest)])
        request_heard = time.monotonic_ns()
        made.play([("down", answer)])
        end_sent = time.monotonic_ns()
        made.play([("down", end)])
        end_heard = time.monotonic_ns()
        wayside.wait_for_total(1, "calls", model="slow", code="OK")
        (row,) = wayside.snapshot()["timings"]
    bounds = {
        "latency_seconds": (end_sent - request_heard, end_heard - request_sent),
        "call_duration_seconds": (end_sent - head_heard, end_heard - began),
    }
    for name, (least, most) in bounds.items():
        assert outside(row[name], [least], [most]) == {}, name
