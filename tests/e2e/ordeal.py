"""Wayside whose thinking half is killed, stopped or made to leak under load: what tests and proofs share.

Nothing here asserts: what must not be is returned as complaints, and what was seen as figures. Whoever waits here waits
for a condition, so that how busy the machine is decides how long it takes and not how it ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.harness.asking import Asked, asking
from tests.harness.compiled import running_nghttpd
from tests.harness.running import wait_until
from tests.harness.samples import metric
from tests.harness.waves import Waves, waves
from tests.harness.wayside import Wayside, running_wayside

CALLS_PER_SECOND = 2000
HUNG_SECONDS = 15.0
"""CONTROL_HUNG of the tap: so long after its last pull, and no sooner, control is taken to hang."""
RESTARTS = "wayside_tap_control_restarts_total"
REQUEST = oip.ModelInferRequest(model_name="resnet50", id="1").SerializeToString()
RESPONSE = oip.ModelInferResponse(model_name="resnet50", model_version="1").SerializeToString()
# No machine is so busy that a call takes half a minute: what is compared here is how many were counted.
CONFIG = """
slos:
  - {name: fast, match: {model: resnet50}, objective: 99%, good: {latency_below: 30s}}
  - {name: answers, objective: 99.9%, good: {available: true}}
"""


@dataclass
class Ordeal:
    """Wayside under load, and what its clients, its scraper and its prober saw of it."""

    wayside: Wayside
    calls: Waves
    scrapes: Asked
    live: Asked
    ready: Asked
    kills: int = 0
    lives: list[tuple[int, int]] = field(default_factory=list)
    """Of each life: the sequence and the calls of a snapshot that it took."""
    last: dict[str, Any] = field(default_factory=dict)
    """The snapshot after the last call."""
    last_metrics: str = ""
    log: str = ""

    def control(self) -> int | None:
        """Return the process id of the control that is alive now."""
        return next(iter(self.wayside.controls()), None)

    def wait_for_control_after(self, dead: int | None) -> int:
        """Wait for a life other than this one, until it knows of all that was called; return its process id."""
        wait_until(lambda: self.control() not in (None, dead))
        now = self.control()
        assert now is not None
        self.wayside.wait_for_total(self.calls.succeeded, "calls")
        snapshot = self.wayside.snapshot()
        self.lives.append((snapshot["sequence"], calls_in(snapshot)))
        return now

    def wait_for_answers(self) -> None:
        """Wait until each probe, and the client, has been answered again: nobody of theirs waits for control."""
        before = self._answered()
        wait_until(
            lambda: all(now > then for now, then in zip(self._answered(), before, strict=True))
        )

    def _answered(self) -> tuple[int, int, int]:
        return len(self.live.answers), len(self.ready.answers), self.calls.succeeded

    def kill(self) -> None:
        """-9 for control; returns when its successor knows what was called meanwhile."""
        control = self.wait_for_control_after(None) if not self.lives else self.control()
        assert control is not None
        os.kill(control, signal.SIGKILL)
        self.kills += 1
        self.wait_for_answers()
        self.wait_for_control_after(control)

    def deaths(self) -> int:
        """Return how often the log says that control ended."""
        return self.log.count("; traffic goes on; starting it again in ")

    def restarts(self, reason: str) -> int:
        """Return how often control was replaced for a reason, as the last page of metrics has it."""
        try:
            return int(metric(self.last_metrics, RESTARTS, reason=reason))
        except KeyError:
            return 0


@contextlib.contextmanager
def ordeal(config: str = CONFIG) -> Iterator[Ordeal]:
    """Keep up the load while the block does its worst; the counts are complete after it."""
    with (
        running_nghttpd(RESPONSE) as upstream,
        running_wayside(upstream, config=config) as wayside,
        asking(f"http://{wayside.admin}/metrics", 0.5) as scrapes,
        asking(f"http://{wayside.health}/livez", 0.2) as live,
        asking(f"http://{wayside.health}/readyz", 0.2) as ready,
    ):
        with waves(wayside.address, REQUEST, calls_per_second=CALLS_PER_SECOND) as calls:
            run = Ordeal(wayside, calls, scrapes, live, ready)
            yield run
        wayside.wait_for_total(calls.succeeded, "calls", model="resnet50")
        run.last, run.last_metrics = wayside.snapshot(), wayside.metrics()
        run.log = wayside.running.text()


def calls_in(snapshot: dict[str, Any]) -> int:
    """Add up the calls of a snapshot."""
    return sum(row["calls"] for row in snapshot["calls"])


def noticed(run: Ordeal) -> list[str]:
    """Say what failed, was refused, or was counted otherwise than the client did."""
    made = run.calls.succeeded
    found = [f"{run.calls.failed} calls failed: {output}" for output in run.calls.outputs]
    found += [f"a scrape was refused: {each}" for each in run.scrapes.refused]
    for name, probe in (("livez", run.live), ("readyz", run.ready)):
        found += [f"{name} failed: {each}" for each in (*probe.refused, *probe.broken)]
    if not (made and run.live.answers and run.ready.answers):
        found.append("nobody was answered")
    if len(run.scrapes.broken) > run.deaths():
        # A scrape that was accepted ends with the process that did; the kernel queues all others.
        found.append(f"{run.deaths()} deaths cut these scrapes: {run.scrapes.broken}")
    totals = [
        metric(text, "wayside_calls_total")
        for text in run.scrapes.answers
        if "calls_total{" in text
    ]
    if totals != sorted(totals):
        found.append("calls_total fell")
    if calls_in(run.last) != made:
        found.append(f"{made} calls were made, {calls_in(run.last)} counted")
    for each in run.last["objectives"]:
        events = each["events"]
        if events["good"] + events["bad"] != made:
            found.append(f"{made} calls were made, {each['name']} has {events}")
    for (sequence, calls), (next_sequence, next_calls) in zip(
        run.lives, run.lives[1:], strict=False
    ):
        if next_sequence <= sequence or next_calls < calls:
            found.append(f"a life did not go on where the last one ended: {run.lives}")
    return found


def killed(run: Ordeal) -> list[str]:
    """Say where deaths, restarts and the log do not agree about the kills."""
    found = noticed(run)
    deaths = run.log.count(", exited); traffic goes on; ")
    if not run.restarts("exited") == deaths == run.kills:
        found.append(
            f"{run.kills} kills, {run.restarts('exited')} restarts counted, {deaths} in the log"
        )
    return found


@dataclass(frozen=True)
class Hang:
    """How a control that was stopped was dealt with."""

    since_stop_seconds: float
    """From the stop to its end."""
    since_pull_seconds: float
    """To its end from a moment that was before its last pull."""


def hang(run: Ordeal) -> Hang:
    """SIGSTOP for control: returns when a successor has taken a snapshot."""
    control = run.wait_for_control_after(None)
    pulled = time.monotonic()
    # One pull may have been under way by then; the next one was not.
    wait_until(lambda: bool(run.wayside.snapshot()["sequence"] >= run.lives[-1][0] + 2))
    os.kill(control, signal.SIGSTOP)
    stopped = time.monotonic()
    run.wait_for_answers()
    wait_until(lambda: run.control() != control)
    ended = time.monotonic()
    run.wait_for_control_after(control)
    return Hang(ended - stopped, ended - pulled)


def hung(run: Ordeal, seen: Hang) -> list[str]:
    """Say where a hang was found out too early, or was not told as what it was."""
    found = noticed(run)
    if seen.since_pull_seconds <= HUNG_SECONDS:
        found.append(f"ended {seen.since_pull_seconds:.1f} s after a pull that was not its last")
    told = run.log.count("ending control: it has not asked for a snapshot for 15 s")
    if not run.restarts("hung") == told >= 1:
        found.append(f"{run.restarts('hung')} hangs counted, {told} in the log")
    if run.restarts("exited") or run.restarts("memory"):
        found.append("control was replaced for another reason, too")
    return found
