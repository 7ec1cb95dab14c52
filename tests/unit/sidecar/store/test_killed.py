"""kill -9 at any moment leaves one tick's state, whole, and none that was kept is lost.

A thousand kills are a proof of their own (`make prove ARGS="commits"`).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

KILLS = 100
ROOT = Path(__file__).resolve().parents[4]


def test_a_writer_that_is_killed_leaves_the_state_of_one_tick(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.harness.killed_commits",
        str(tmp_path),
        str(KILLS),
        "12",
    ]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    seen = json.loads(shown.stdout)
    assert seen["torn"] == []
    assert seen["kills"] == KILLS
    assert seen["ticks"] > KILLS, "they wrote"
