"""What control writes down outlives it where the tap keeps it, and the whole of Wayside where a folder does.

Twenty kills in a row are a proof of their own (`make prove ARGS="state"`). Only whole processes show this: what
outlives one of them lies in another one, or in a file.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.e2e.lives import kill_control, life, lives_over
from tests.fakes.silent import silent_server
from tests.harness.samples import metric
from tests.harness.wayside import Wayside, running_wayside

KILLS = 4
HOARDING = Path(__file__).resolve().parents[1] / "fakes" / "hoarding"
QUICK = "control: {tick: 100ms}\n"


def test_what_the_tap_keeps_survives_kills_and_no_restart_of_the_tap() -> None:
    with silent_server() as upstream:
        with running_wayside(upstream, config=QUICK) as wayside:
            assert lives_over(wayside, KILLS) == list(range(1, KILLS + 2))
            assert metric(wayside.metrics(), "wayside_control_life") == 1 + KILLS
        with running_wayside(upstream, config=QUICK) as another:
            assert life(another) == 1


def is_kept(wayside: Wayside) -> bool:
    """Say whether the folder holds all that was written: it is written beside the ticks, not in them."""
    state = json.loads(wayside.get(wayside.admin, "/api/v1/slo"))["state"]
    return bool(state["up"] and state["behind_seconds"] == 0)


def test_what_a_folder_holds_survives_wayside(tmp_path: Path) -> None:
    config = f"{QUICK}state_dir: {tmp_path / 'state'}\n"
    lives = []
    with silent_server() as upstream:
        for _ in range(2):
            with running_wayside(upstream, config=config) as wayside:
                lives.append(life(wayside))
                wayside.running.wait_for(lambda: is_kept(wayside))
                kill_control(wayside)
                lives.append(life(wayside))
    assert lives == [1, 2, 3, 4]


def test_a_folder_that_cannot_be_used_is_told_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    config = f"{QUICK}state_dir: {tmp_path / 'file'}\n"
    with silent_server() as upstream, running_wayside(upstream, config=config) as wayside:
        assert life(wayside) == 1
        kill_control(wayside)
        assert life(wayside) == 1, "nobody keeps it"
        assert (
            "state is not kept, and will not outlive control until it is" in wayside.running.text()
        )


def test_over_its_bound_it_is_refused_counted_and_told() -> None:
    environment = {**os.environ, "PYTHONPATH": str(HOARDING)}
    with (
        silent_server() as upstream,
        running_wayside(upstream, config=QUICK, environment=environment) as wayside,
    ):
        wayside.running.wait_for(
            lambda: metric(wayside.metrics(), "wayside_tap_keeps_refused_total") == 1
        )
        wayside.running.wait_for(
            lambda: "control's state is not kept, the one before it is" in wayside.running.text()
        )
        kill_control(wayside)
        assert life(wayside) == 2, "what fits is kept all the same"
        wayside.running.wait_for(
            lambda: metric(wayside.metrics(), "wayside_tap_keeps_refused_total") == 2
        )
