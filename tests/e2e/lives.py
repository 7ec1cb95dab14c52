"""Lives of control, one after the other, and the number that each of them has for itself."""

from __future__ import annotations

import os
import signal

from tests.harness.running import wait_until
from tests.harness.wayside import Wayside


def life(wayside: Wayside) -> int:
    """Read which life of control answers."""
    number: int = wayside.snapshot()["control"]["life"]
    return number


def kill_control(wayside: Wayside) -> None:
    """-9; returns when the next life answers."""
    (pid,) = wayside.controls()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: wayside.controls() not in ([], [pid]))


def lives_over(wayside: Wayside, kills: int) -> list[int]:
    """Kill control so often; return which life answered before the first kill and after each."""
    lives = [life(wayside)]
    for _ in range(kills):
        kill_control(wayside)
        lives.append(life(wayside))
    return lives
