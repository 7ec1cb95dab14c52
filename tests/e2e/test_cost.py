"""What Wayside costs, as far as no clock is needed to tell: memory of both halves, and what control is told of calls.

Times are figures of a machine: how soon traffic is accepted and what share of a core control takes are told by
`make prove ARGS=cost`. That a tick of control does the same work after ten calls as after ten million is counted in
process, in tests/unit/sidecar/runtime/test_work.py.

Only whole processes show what is here: what the kernel holds for each half, and what a real tap tells a real control.
"""

from __future__ import annotations

from typing import Any

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.harness.compiled import h2load, running_echo
from tests.harness.process import resident_bytes
from tests.harness.wayside import Wayside, running_wayside

CONTROL_BYTES = 45_000_000
TAP_BYTES = 8_000_000
MODELS = 20
FEW_CALLS, MANY_CALLS = 20, 2_000
"""Of each model."""
TICK_SECONDS = 0.1


def load_all(wayside: Wayside, calls: int) -> dict[str, Any]:
    """Call each of the twenty so often, and return the snapshot that has it all."""
    before = wayside.total("calls")
    for model in range(MODELS):
        request = oip.ModelInferRequest(model_name=f"model-{model}").SerializeToString()
        h2load(wayside.address, request, calls=calls, streams=16)
    wayside.wait_for_total(before + calls * MODELS, "calls")
    return wayside.snapshot()


def test_both_halves_are_small_at_rest() -> None:
    """Control at most 45 MB, the tap at most 8 MB, with twenty models seen and a scrape made: what the kernel holds."""
    with running_echo() as upstream, running_wayside(upstream) as wayside:
        load_all(wayside, FEW_CALLS)
        assert wayside.metrics()
        (control,) = wayside.controls()
        of_control, of_tap = resident_bytes(control), resident_bytes(wayside.running.pid)
    print(f"control {of_control / 1e6:.1f} MB, tap {of_tap / 1e6:.1f} MB")
    assert of_control <= CONTROL_BYTES
    assert of_tap <= TAP_BYTES


def test_what_control_is_told_does_not_follow_the_calls() -> None:
    """A hundred times the calls are the same rows; and a tick asks the tap once, which only the two together show."""
    with (
        running_echo() as upstream,
        running_wayside(upstream, config=f"control: {{tick: {TICK_SECONDS}s}}\n") as wayside,
    ):
        few = load_all(wayside, FEW_CALLS)
        many = load_all(wayside, MANY_CALLS)
        page = wayside.metrics()
    assert sum(row["calls"] for row in many["calls"]) == (FEW_CALLS + MANY_CALLS) * MODELS
    for rows in ("calls", "timings"):
        assert len(few[rows]) == len(many[rows]) == MODELS
    assert page.count("wayside_calls_total{") == MODELS
    # The tap numbers its answers. A tick that is late is not made up for, so at most one comes before its time is up.
    ticks = (many["uptime_seconds"] - few["uptime_seconds"]) / TICK_SECONDS
    assert 0 < many["sequence"] - few["sequence"] <= ticks + 1
