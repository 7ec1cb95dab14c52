"""The half that thinks can die, hang, leak or be misconfigured: traffic, probes and counts do not notice."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.harness.asking import Asked, asking
from tests.harness.cgroup import memory_cgroup
from tests.harness.compiled import h2load, running_nghttpd
from tests.harness.load import Tally, steady_load
from tests.harness.process import children
from tests.harness.running import wait_until
from tests.harness.samples import metric
from tests.harness.wayside import Wayside, running_wayside

CALLS_PER_SECOND = 2000
CONTROL = "sidecar.runtime"
LEAKING = Path(__file__).resolve().parents[1] / "fakes" / "leaking"
REQUEST = oip.ModelInferRequest(model_name="resnet50", id="1").SerializeToString()
RESPONSE = oip.ModelInferResponse(model_name="resnet50", model_version="1").SerializeToString()
CONFIG = """
slos:
  - {name: fast, match: {model: resnet50}, objective: 99%, good: {latency_below: 250ms}}
  - {name: answers, objective: 99.9%, good: {available: true}}
"""


@dataclass
class Ordeal:
    """Wayside under load, and what the client and the scraper saw of it."""

    wayside: Wayside
    tally: Tally | None = None
    scrapes: Asked | None = None
    live: Asked | None = None
    ready: Asked | None = None
    last: dict[str, Any] = field(default_factory=dict)
    """The snapshot after the last call."""
    last_metrics: str = ""

    def control(self) -> int | None:
        """Return the process id of the control that is alive now."""
        return next(iter(children(self.wayside.running.pid, CONTROL)), None)

    def wait_for_control_after(self, dead: int | None) -> int:
        """Wait for a life other than this one and for its first snapshot; return its process id."""
        wait_until(lambda: self.control() not in (None, dead), 10)
        now = self.control()
        assert now is not None
        assert "sequence" in self.wayside.snapshot()
        return now


@contextlib.contextmanager
def ordeal(seconds: int, config: str = CONFIG) -> Iterator[Ordeal]:
    """Run the load for these seconds while the block does its worst; the counts are compared at its end."""
    with (
        running_nghttpd(RESPONSE) as upstream,
        running_wayside(upstream, config=config) as wayside,
        asking(f"http://{wayside.admin}/metrics", 1.0) as scrapes,
        asking(f"http://{wayside.health}/livez", 0.2) as live,
        asking(f"http://{wayside.health}/readyz", 0.2) as ready,
        steady_load(
            wayside.address,
            REQUEST,
            calls=seconds * CALLS_PER_SECOND,
            calls_per_second=CALLS_PER_SECOND,
        ) as load,
    ):
        run = Ordeal(wayside, scrapes=scrapes, live=live, ready=ready)
        yield run
        run.tally = load.finish()
        wayside.wait_for_total(run.tally.succeeded, "calls", model="resnet50")
        run.last, run.last_metrics = wayside.snapshot(), wayside.metrics()


def assert_unnoticed(run: Ordeal, seconds: int) -> None:
    """Nothing failed, nothing was refused, and what was counted is what the client counted."""
    assert run.tally
    assert run.scrapes
    assert run.live
    assert run.ready
    assert run.tally.failed == 0, run.tally.output
    assert run.tally.succeeded == seconds * CALLS_PER_SECOND
    assert run.scrapes.refused == []
    totals = [
        metric(text, "wayside_calls_total")
        for text in run.scrapes.answers
        if "calls_total{" in text
    ]
    assert totals == sorted(totals), "calls_total fell"
    assert sum(row["calls"] for row in run.last["calls"]) == run.tally.succeeded
    good = {each["name"]: each["events"] for each in run.last["objectives"]}
    for events in good.values():
        assert events["good"] + events["bad"] == run.tally.succeeded
    for probe in (run.live, run.ready):
        assert probe.refused == []
        assert probe.broken == []
        assert len(probe.answers) > seconds


@pytest.mark.slow
def test_control_killed_again_and_again_costs_nothing() -> None:
    """-9 at random intervals of 0.3 to 6 s for a minute at 2,000 calls/s: each life takes a snapshot, nothing fails."""
    rng, kills = random.Random(7), 0
    with ordeal(60) as run:
        until = time.monotonic() + 58
        control = run.wait_for_control_after(None)
        while time.monotonic() < until:
            pause_until = time.monotonic() + rng.uniform(0.3, 6)
            wait_until(lambda at=pause_until: time.monotonic() >= at)  # type: ignore[misc]
            os.kill(control, signal.SIGKILL)
            kills += 1
            control = run.wait_for_control_after(control)
    assert_unnoticed(run, 60)
    assert run.scrapes is not None
    print(
        f"{kills} kills, {len(run.scrapes.answers)} scrapes, slowest {run.scrapes.slowest_seconds:.1f} s, "
        f"{len(run.scrapes.broken)} cut short by a kill"
    )
    assert kills >= 12
    # A scrape that is being answered when its process dies ends there; the kernel queues all others.
    assert len(run.scrapes.broken) <= kills / 4
    restarts = metric(run.last_metrics, "wayside_tap_control_restarts_total", reason="exited")
    assert restarts == kills


@pytest.mark.slow
def test_control_that_hangs_is_replaced() -> None:
    """SIGSTOP for 30 s: found out after 15, killed, replaced; traffic, probes and counts go on."""
    with ordeal(35) as run:
        control = run.wait_for_control_after(None)
        os.kill(control, signal.SIGSTOP)
        stopped = time.monotonic()
        wait_until(lambda: run.control() not in (None, control), 30)
        replaced_after = time.monotonic() - stopped
    assert_unnoticed(run, 35)
    assert 14 < replaced_after < 20
    assert metric(run.last_metrics, "wayside_tap_control_restarts_total", reason="hung") == 1


def test_a_bad_edit_changes_nothing_but_its_own_metric() -> None:
    """An SLO typo while running: the last good objectives stay, and config_last_reload_successful says so."""
    with ordeal(8) as run:
        wayside = run.wayside
        wayside.running.wait_for(
            lambda: "wayside_config_last_reload_successful 1" in wayside.metrics()
        )
        before = wayside.snapshot()
        wayside.config.write_text(CONFIG.replace("99.9%", "99.9"))
        wayside.running.wait_for(
            lambda: "wayside_config_last_reload_successful 0" in wayside.metrics()
        )
        after = wayside.snapshot()
        named = ("name", "id", "objective_ratio", "good")
        assert [{key: each[key] for key in named} for each in after["objectives"]] == [
            {key: each[key] for key in named} for each in before["objectives"]
        ]
        assert after["config"]["generation"] == before["config"]["generation"]
        wayside.running.wait_for(lambda: "slos[1].objective" in wayside.running.text())
        wayside.config.write_text(CONFIG.replace("99.9%", "99.5%"))
        wayside.running.wait_for(
            lambda: "wayside_config_last_reload_successful 1" in wayside.metrics()
        )
        assert wayside.snapshot()["config"]["generation"] == before["config"]["generation"] + 1
        wayside.config.write_text(CONFIG)
        wayside.running.wait_for(
            lambda: wayside.snapshot()["config"]["generation"] > after["config"]["generation"] + 1
        )
    # "answers" was away for a moment: what passed then did not count for it, what was counted before was kept.
    assert run.tally is not None
    assert run.tally.failed == 0
    events = {each["name"]: each["events"] for each in run.last["objectives"]}
    assert events["fast"]["good"] + events["fast"]["bad"] == run.tally.succeeded
    assert 0 < events["answers"]["good"] <= run.tally.succeeded


def test_the_tap_killed_starts_a_new_epoch() -> None:
    """-9 for the tap itself: control ends with it, and its successor counts from nothing, under a new epoch."""
    with running_nghttpd(RESPONSE) as upstream:
        with running_wayside(upstream, config=CONFIG) as first:
            h2load(first.address, REQUEST, calls=300)
            first.wait_for_total(300, "calls")
            epoch = first.snapshot()["epoch_unix_nanos"]
            control = children(first.running.pid, CONTROL)
            os.kill(first.running.pid, signal.SIGKILL)
            wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in control))
        with running_wayside(upstream, config=CONFIG) as second:
            h2load(second.address, REQUEST, calls=100)
            second.wait_for_total(100, "calls")
            document = second.snapshot()
    assert document["epoch_unix_nanos"] > epoch
    assert sum(row["calls"] for row in document["calls"]) == 100
    assert "-" not in json.dumps([each["events"] for each in document["objectives"]])
    assert {each["events"]["good"] for each in document["objectives"]} == {100}


@pytest.mark.slow
def test_a_leaking_control_is_ended_before_the_container_is() -> None:
    """In a 200 MB memory cgroup: the tap ends it at --control-memory, so the kernel never has to end anybody."""
    with memory_cgroup(200_000_000) as group, running_nghttpd(RESPONSE) as upstream:
        with running_wayside(
            upstream,
            config=CONFIG,
            before=group.enter(),
            environment={**os.environ, "PYTHONPATH": str(LEAKING)},
        ) as wayside:
            until = time.monotonic() + 30
            calls = 0
            while time.monotonic() < until:
                assert h2load(wayside.address, REQUEST, calls=1000).statuses == [200] * 1000
                calls += 1000
            wayside.wait_for_total(calls, "calls")
            ended = metric(wayside.metrics(), "wayside_tap_control_restarts_total", reason="memory")
            log = wayside.running.text()
        print(f"ended {ended:.0f} times, peak {group.peak_bytes() / 1e6:.0f} MB of 200")
        assert ended >= 3
        assert "ending control: its" in log
        assert group.oom_kills() == 0
        assert group.limit_hits() == 0
