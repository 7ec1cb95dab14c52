"""What Wayside costs in time: until traffic is accepted, and control's share of a core, at rest and under load."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.harness.asking import asking
from tests.harness.compiled import h2load, running_echo
from tests.harness.load import full_load, steady_load
from tests.harness.ports import free_ports
from tests.harness.process import cpu_seconds
from tests.harness.running import accepts, running, wait_until
from tests.harness.wayside import COMMAND, Wayside, running_wayside
from tests.prove.proof import Figures, Outcome, Proof

STARTS = 7
MOST_START_MS = 500
MODELS = 20
FIRST_CALLS = 20
"""Of each model, before anything is measured: its series are there."""
CALLS_PER_SECOND = 20_000
SLOW_CALLS_PER_SECOND = 50
MEASURED_SECONDS = 60
LOAD_SECONDS = MEASURED_SECONDS + 30
SCRAPE_SECONDS = 15.0
MOST_PERCENT = 1.0
MOST_DIFFERENCE_PERCENT = 0.1


def request_of(model: int) -> bytes:
    """Return a request for one of the twenty."""
    return oip.ModelInferRequest(model_name=f"model-{model}").SerializeToString()


def start_ms(upstream: str) -> float:
    """Return how long it takes from exec of `wayside run` to an accepted connection."""
    listen, admin = (f"127.0.0.1:{port}" for port in free_ports(2))
    doors = [f"--listen={listen}", f"--upstream={upstream}", f"--admin={admin}"]
    command: list[str | Path] = [COMMAND, "run", *doors, "--drain-delay=1ms", "--drain=1s"]
    began = time.monotonic()
    with running(command):
        wait_until(lambda: accepts(listen))
        return (time.monotonic() - began) * 1000


@contextlib.contextmanager
def every_series_busy(wayside: Wayside) -> Iterator[None]:
    """Change every series in every second; most calls come from one client that never waits."""
    before = wayside.total("calls")
    with contextlib.ExitStack() as stack:
        for model in range(1, MODELS):
            load = steady_load(
                wayside.address,
                request_of(model),
                calls=LOAD_SECONDS * SLOW_CALLS_PER_SECOND,
                calls_per_second=SLOW_CALLS_PER_SECOND,
                connections=1,
            )
            stack.enter_context(load)
        stack.enter_context(full_load(wayside.address, request_of(0), seconds=LOAD_SECONDS))
        wait_until(lambda: wayside.total("calls") > before + CALLS_PER_SECOND)
        yield


def percent_over_a_minute(wayside: Wayside, control: int) -> float:
    """Return control's share of a core, scraped as Prometheus does."""
    before, began = cpu_seconds(control), time.monotonic()
    with asking(f"http://{wayside.admin}/metrics", SCRAPE_SECONDS):
        time.sleep(MEASURED_SECONDS)
    return 100 * (cpu_seconds(control) - before) / (time.monotonic() - began)


def tell_control(figures: Figures, upstream: str) -> None:
    """Measure control at rest and under load."""
    with running_wayside(upstream) as wayside:
        for model in range(MODELS):
            h2load(wayside.address, request_of(model), calls=FIRST_CALLS)
        wayside.wait_for_total(FIRST_CALLS * MODELS, "calls")
        (control,) = wayside.controls()
        idle = percent_over_a_minute(wayside, control)
        with every_series_busy(wayside):
            began, before = time.monotonic(), wayside.total("calls")
            busy = percent_over_a_minute(wayside, control)
            calls_per_second = (wayside.total("calls") - before) / (time.monotonic() - began)
    percent = " % of a core"
    figures.at_least("calls under load", round(calls_per_second), CALLS_PER_SECOND, "/s")
    figures.at_most(f"control with {MODELS} series at rest", round(idle, 3), MOST_PERCENT, percent)
    figures.at_most("control under load", round(busy, 3), MOST_PERCENT, percent)
    difference = round(abs(busy - idle), 3)
    figures.at_most("difference of the two", difference, MOST_DIFFERENCE_PERCENT, " points")


def run(_: Sequence[str]) -> Outcome:
    """Measure; of the starts the best decides, as other work only adds to it."""
    figures = Figures()
    with running_echo() as upstream:
        starts = sorted(start_ms(upstream) for _ in range(STARTS))
        shown = ", ".join(f"{each:.0f}" for each in starts)
        figures.tell(f"{STARTS} starts, exec to accept", f"{shown} ms")
        figures.at_most("the best of them", round(starts[0]), MOST_START_MS, " ms")
        tell_control(figures, upstream)
    return figures.outcome()


PROOF = Proof(
    word="cost",
    claim=(
        f"Traffic is accepted {MOST_START_MS} ms after the start; control takes at most {MOST_PERCENT:g} % of a core, "
        f"within {MOST_DIFFERENCE_PERCENT:g} points the same at rest and at {CALLS_PER_SECOND:,} calls/s."
    ),
    minutes=2.5,
    run=run,
    parts=("h2load", "nghttpd"),
)
