"""`wayside demo`, as a person runs it: it shows every model, ends by itself, and says what died when something does."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.harness.running import START_SECONDS, Running, running, wait_until

WAYSIDE = Path(sys.executable).parent / "wayside"
LIMIT_SECONDS = 2 * START_SECONDS
# A minute on an idle machine. It decides nothing but how long a failure takes to tell.
INCIDENT_SECONDS = 240.0


KINDS = {"sidecar.demo.server": "server", "sidecar.demo.load": "load", "wayside-tap": "wayside"}


def children_of(pid: int) -> dict[str, int]:
    """Name the processes that a process has started, by what they are."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # gone meanwhile
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            command = (entry / "cmdline").read_text().replace("\0", " ")
            if parent == pid:
                found.update(
                    {kind: int(entry.name) for mark, kind in KINDS.items() if mark in command}
                )
    return found


def wait_until_calls_are_seen(demo: Running) -> None:
    """Wait for lines that show each simulated model with good answers, and an objective with events."""
    line = r"  {} +\d+\.\d calls/s  p50 +\d+\.\d ms .* ok [1-9]"
    lines = [line.format(model) for model in ("bert", "chat", "flaky", "resnet50")]
    lines.append(r"objective bert-fast: ok  good [1-9]")
    demo.wait_for(lambda: all(re.search(each, demo.text()) for each in lines))


def all_gone(pids: list[int]) -> bool:
    """Tell whether none of these processes exists any more."""
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_it_ends_by_itself() -> None:
    """`--for` is kept, the status is 0, and what can be looked at was told."""
    done = subprocess.run(
        [WAYSIDE, "demo", "--for", "2s", "--rate", "100"],
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "http://127.0.0.1:" in done.stdout


def test_an_interrupt_ends_it_cleanly() -> None:
    """Ctrl-C once all is seen: status 0, and no process is left behind."""
    with running([WAYSIDE, "demo"]) as demo:
        wait_until_calls_are_seen(demo)
        started = list(children_of(demo.pid).values())
        assert len(started) == 3
        demo.process.send_signal(signal.SIGINT)
        assert demo.process.wait(LIMIT_SECONDS) == 0
        assert all_gone(started)


def test_it_says_what_died() -> None:
    """Without its model server the demo ends with status 1, the name of what died and the end of its log."""
    with running([WAYSIDE, "demo"]) as demo:
        wait_until_calls_are_seen(demo)
        started = children_of(demo.pid)
        os.kill(started["server"], signal.SIGKILL)
        assert demo.process.wait(LIMIT_SECONDS) == 1
        assert "wayside demo: model-server ended with status -9." in demo.text()
        assert "model-server: wayside-demo-server (simulated models" in demo.text()
        assert all_gone(list(started.values()))


def test_an_incident_makes_a_tier_fire_and_clear() -> None:
    """Each step is told, in its order: it begins, a budget burns until a tier fires, it ends, the tier clears.

    Whose tier it is depends on the machine: where it is slow, bert is too slow for its promise before anything fails.
    """
    with running([WAYSIDE, "demo", "--incident", "failing"]) as demo:
        demo.wait_for(lambda: "the incident is over" in demo.text(), INCIDENT_SECONDS)
        told = demo.text()
    fires = re.search(r"page-fast of \S+ fires", told)
    assert fires, told
    steps = (
        "incident begins (failing): 90% of the calls of bert fail",
        fires[0],
        "incident ends: the model server is well again.\n",
        fires[0].replace("fires", "clears"),
        "the incident is over",
    )
    assert sorted(steps, key=told.index) == list(steps)


def test_its_children_do_not_outlive_it() -> None:
    """Killed with -9 the demo cannot clean up; the kernel ends its children."""
    with running([WAYSIDE, "demo"]) as demo:
        wait_until_calls_are_seen(demo)
        started = list(children_of(demo.pid).values())
        demo.process.kill()
        demo.process.wait()
        wait_until(lambda: all_gone(started))
