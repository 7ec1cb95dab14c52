"""Windows survive what happens to their processes: every event once, through deaths of control and starts of the tap.

Only whole processes show this: the tap counts on while control is dead, and a folder outlives both.
"""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.e2e.lives import kill_control
from tests.harness.compiled import h2load, running_echo
from tests.harness.process import resident_bytes
from tests.harness.running import wait_until
from tests.harness.wayside import Wayside, running_wayside

CALLS, ROUNDS = 200, 3
CONFIG = """
control: {tick: 100ms}
slos:
  - {name: answers, objective: 99.9%, good: {available: true}}
  - {name: hopeless, objective: 99%, good: {latency_below: 1us}}
"""
REQUEST = oip.ModelInferRequest(model_name="resnet50").SerializeToString()
CONTROL_BYTES = 50_000_000


def objective(wayside: Wayside, name: str) -> dict[str, Any]:
    """One objective as the API tells it."""
    found = json.loads(wayside.get(wayside.admin, "/api/v1/slo"))["objectives"]
    each: dict[str, Any] = next(each for each in found if each["name"] == name)
    return each


def counted(wayside: Wayside, name: str, window: str) -> tuple[float, float]:
    """What a window holds, (good, bad)."""
    windows = objective(wayside, name)["windows"]
    found = next(each for each in windows if each["window"] == window)
    return found["good"], found["bad"]


def wait_for(wayside: Wayside, name: str, events: tuple[float, float]) -> None:
    """Wait until the period holds these events."""
    wait_until(lambda: counted(wayside, name, "30d") == events)


def firing(wayside: Wayside, name: str) -> dict[str, int]:
    """Which tiers fire, since when."""
    tiers = objective(wayside, name)["tiers"]
    return {each["name"]: each["since_unix_nanos"] for each in tiers if each["firing"]}


def is_kept(wayside: Wayside) -> bool:
    """Whether the folder holds what was counted."""
    state = json.loads(wayside.get(wayside.admin, "/api/v1/slo"))["state"]
    return bool(state["up"] and state["behind_seconds"] == 0)


def test_each_event_is_in_its_window_once_over_deaths_and_restarts(tmp_path: Path) -> None:
    config = f"{CONFIG}state_dir: {tmp_path / 'state'}\n"
    sent = 0
    fired: dict[str, int] = {}
    with running_echo() as upstream:
        for _ in range(ROUNDS):
            with running_wayside(upstream, config=config) as wayside:
                for _ in range(2):
                    h2load(wayside.address, REQUEST, calls=CALLS)
                    sent += CALLS
                    kill_control(wayside)
                    wait_for(wayside, "answers", (sent, 0))
                    wait_for(wayside, "hopeless", (0, sent))
                assert firing(wayside, "answers") == {}
                wait_until(lambda: "page-fast" in firing(wayside, "hopeless"))
                now = firing(wayside, "hopeless")["page-fast"]
                assert fired in ({}, {"page-fast": now}), "it fires since it first did"
                fired = {"page-fast": now}
                # What SIGTERM ends is kept to the last event, without anybody having looked.
                h2load(wayside.address, REQUEST, calls=CALLS)
                sent += CALLS
        with running_wayside(upstream, config=config) as wayside:
            assert counted(wayside, "answers", "30d") == (sent, 0)
            assert counted(wayside, "hopeless", "30d") == (0, sent)
            assert firing(wayside, "hopeless")["page-fast"] == fired["page-fast"]


def test_a_tap_that_is_killed_loses_what_came_after_its_last_tick_and_no_more(
    tmp_path: Path,
) -> None:
    config = f"{CONFIG}state_dir: {tmp_path / 'state'}\n"
    with running_echo() as upstream:
        with running_wayside(upstream, config=config) as wayside:
            h2load(wayside.address, REQUEST, calls=CALLS)
            wait_until(lambda: counted(wayside, "answers", "30d") == (CALLS, 0))
            wait_until(lambda: is_kept(wayside))
            os.kill(wayside.running.pid, signal.SIGKILL)
        with running_wayside(upstream, config=config) as wayside:
            assert counted(wayside, "answers", "30d") == (CALLS, 0)


def test_who_waits_for_the_folder_goes_on_with_what_the_one_before_had_counted(
    tmp_path: Path,
) -> None:
    """A new one starts while the old one drains, as in a rollout: the budget is that of both."""
    config = f"{CONFIG}state_dir: {tmp_path / 'state'}\n"
    with running_echo() as upstream:
        with running_wayside(upstream, config=config) as old:
            h2load(old.address, REQUEST, calls=CALLS)
            wait_for(old, "answers", (CALLS, 0))
            waiting = running_wayside(upstream, config=config)
            new = waiting.__enter__()
        try:
            h2load(new.address, REQUEST, calls=CALLS)
            wait_for(new, "answers", (2 * CALLS, 0))
            wait_for(new, "hopeless", (0, 2 * CALLS))
            wait_until(lambda: is_kept(new))
        finally:
            waiting.__exit__(None, None, None)
        with running_wayside(upstream, config=config) as after:
            assert counted(after, "answers", "30d") == (2 * CALLS, 0)


def test_without_a_folder_windows_survive_control_and_end_at_six_hours() -> None:
    with running_echo() as upstream, running_wayside(upstream, config=CONFIG) as wayside:
        h2load(wayside.address, REQUEST, calls=CALLS)
        wait_until(lambda: counted(wayside, "answers", "6h") == (CALLS, 0))
        kill_control(wayside)
        wait_until(lambda: counted(wayside, "answers", "6h") == (CALLS, 0))
        found = objective(wayside, "answers")
        assert found["retained"] == "6h"
        assert "budget" not in found
        out_of_reach = [each["name"] for each in found["tiers"] if each.get("out_of_reach")]
        assert out_of_reach == ["ticket-fast", "ticket-slow"]


def test_control_is_small_at_rest_with_twenty_objectives_and_a_folder(tmp_path: Path) -> None:
    """At most 50 MB: what the kernel holds, after a scrape and a look at every objective."""
    slos = "".join(
        f"  - {{name: slo-{n}, objective: 99.9%, good: {{latency_below: {n + 1}ms}}}}\n"
        for n in range(20)
    )
    config = f"state_dir: {tmp_path / 'state'}\nslos:\n{slos}"
    with running_echo() as upstream, running_wayside(upstream, config=config) as wayside:
        h2load(wayside.address, REQUEST, calls=CALLS)
        wait_until(lambda: sum(counted(wayside, "slo-19", "30d")) == CALLS)
        wait_until(lambda: is_kept(wayside))
        assert "wayside_state_store_up 1.0" in wayside.metrics()
        (control,) = wayside.controls()
        held = resident_bytes(control)
    print(f"control {held / 1e6:.1f} MB")
    assert held <= CONTROL_BYTES
