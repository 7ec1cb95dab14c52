"""An incident of the demo: its course by the clock, what is said of it, and what it does to the model server."""

from __future__ import annotations

import asyncio
import os
import pty
import random
import sys
import termios
from pathlib import Path
from typing import Any

import pytest

from sidecar import demo
from sidecar.demo.batching import Batcher
from sidecar.demo.children import Child
from sidecar.demo.fault import FAILING_MODEL, INCIDENTS, Fault
from sidecar.demo.incident import BEGIN_SECONDS, HOLD_SECONDS, KEYS, LONGEST_SECONDS, Incidents
from sidecar.demo.keys import Keys
from sidecar.demo.models import DemoModel
from sidecar.demo.reading import tiers_of
from sidecar.demo.show import tier_line
from sidecar.web.document.slo import slo_document
from tests.fakes.burning import on_fire, quiet, reading, told, young

FIRING = {"page-fast of bert-fast": "60s burns 7.1, 10s burns 19.8, it fires above 6"}
START = 100.0
START_SECONDS = 60.0


class Course:
    """An incident whose clock the test winds."""

    def __init__(self, planned: str = "") -> None:
        self.told: list[str] = []
        self.incidents = Incidents(self.told.append, planned, START)

    def at(self, seconds: float, firing: dict[str, str] | None = None, keys: str = "") -> list[str]:
        """What is said so long after the start."""
        return self.incidents.step(START + seconds, firing or {}, keys)


def test_a_planned_incident_from_begin_to_end() -> None:
    course = Course("slow")
    assert course.at(BEGIN_SECONDS - 0.1) == []
    assert course.at(BEGIN_SECONDS) == [f"incident begins (slow): {INCIDENTS['slow']}"]
    assert course.told == ["slow"]
    assert course.at(20) == []
    fires = BEGIN_SECONDS + 7
    assert course.at(fires, FIRING) == [
        "page-fast of bert-fast fires 7 s after it began: 60s burns 7.1, 10s burns 19.8, it fires above 6"
    ]
    assert course.at(fires + HOLD_SECONDS - 0.1, FIRING) == []
    assert course.told == ["slow"]
    ends = fires + HOLD_SECONDS
    assert course.at(ends, FIRING) == ["incident ends: the model server is well again."]
    assert course.told == ["slow", "well"]
    assert course.at(ends + 8, FIRING) == []
    assert course.at(ends + 9) == [
        "page-fast of bert-fast clears 9 s after it ended",
        "the incident is over",
    ]
    assert course.at(ends + 300) == [], "it was planned once"


def test_two_tiers_are_each_told_and_it_is_over_when_both_have_cleared() -> None:
    course = Course()
    other = {"stalled of bert-fast": "its state is stalled"}
    course.at(1, keys="w")
    assert course.at(5, other) == [
        "stalled of bert-fast fires 4 s after it began: its state is stalled"
    ]
    assert len(course.at(6, {**FIRING, **other})) == 1
    assert course.at(8, FIRING) == ["stalled of bert-fast clears while it lasts"]
    assert course.at(15, FIRING) == ["incident ends: the model server is well again."]
    assert course.at(16)[-1] == "the incident is over"


def test_what_fired_before_is_none_of_its_doing() -> None:
    course = Course()
    assert len(course.at(1, FIRING, "f")) == 1
    assert course.at(2, FIRING) == []
    ends = course.at(1 + LONGEST_SECONDS, FIRING)
    assert ends == [
        f"incident ends: the model server is well again. No tier fired within {LONGEST_SECONDS:g} s."
    ]
    assert course.at(2 + LONGEST_SECONDS, FIRING) == ["the incident is over"]
    assert course.told == ["failing", "well"]


def test_keys_begin_one_at_a_time() -> None:
    course = Course()
    assert course.at(1, keys="xyz") == []
    assert course.at(2, keys="xf")[0].startswith("incident begins (failing)")
    assert course.at(3, keys="s") == []
    assert course.told == ["failing"]


def test_the_command_knows_the_incidents_there_are() -> None:
    """It names them itself, so that help imports nothing."""
    assert tuple(INCIDENTS) == demo.INCIDENTS
    assert sorted(KEYS) == ["f", "s", "w"]


def test_tiers_are_read_from_the_api() -> None:
    document = slo_document(told([reading("fast", on_fire()), reading("new", None)]))
    shown = {each.name: each for each in tiers_of(document)}
    assert shown["page-fast of fast"].firing
    assert tier_line(shown["page-fast of fast"]) == (
        "page-fast of fast FIRES: 1h burns 15.0, 5m burns 30.0, it fires above 14.4"
    )
    assert "stalled of fast" not in shown, "a state is told while it lasts"
    held = {each.name: each for each in tiers_of(slo_document(told([reading("young", young())])))}
    assert held["ticket-fast of young"].words == "2h burns 54.1, it fires above 3"
    assert not any(each.firing for each in tiers_of(slo_document(told([reading("a", quiet())]))))


MODEL = DemoModel("instant", "1", fixed_ms=0.0, per_item_ms=0.0, max_batch=4, max_delay_ms=0.0)


def test_a_wedged_server_answers_nobody_until_it_is_well_and_then_not_those_who_left() -> None:
    async def course() -> tuple[int, bool]:
        fault = Fault()
        batcher = Batcher(MODEL, random.Random(0), fault)
        loop = asyncio.ensure_future(batcher.run())
        fault.become("wedged")
        first = asyncio.ensure_future(batcher.submit())
        for _ in range(10):
            await asyncio.sleep(0)
        left = [asyncio.ensure_future(batcher.submit()) for _ in range(3)]
        stays = asyncio.ensure_future(batcher.submit())
        await asyncio.sleep(0)
        for each in left:
            each.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        unanswered = not first.done() and not stays.done()
        fault.become("well")
        await first
        executed = await stays
        loop.cancel()
        return executed, unanswered

    executed, unanswered = asyncio.run(course())
    assert unanswered
    assert executed == 1, "those who left are in no batch"


def test_slow_is_ten_times_as_long_and_failing_is_of_one_model() -> None:
    fault = Fault()
    assert (fault.slow_factor, fault.fails(FAILING_MODEL, 0.0)) == (1.0, False)
    fault.become("slow")
    assert fault.slow_factor == 10
    fault.become("failing")
    assert fault.slow_factor == 1
    assert fault.fails(FAILING_MODEL, 0.89)
    assert not fault.fails(FAILING_MODEL, 0.9)
    assert not fault.fails("resnet50", 0.0)
    fault.become("anything else")
    assert not fault.fails(FAILING_MODEL, 0.0)


def test_a_slow_batch_sleeps_ten_times_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    model = DemoModel("m", "1", fixed_ms=5.0, per_item_ms=0.0, max_batch=1, max_delay_ms=0.0)
    slept: list[float] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        slept.append(seconds)
        await sleep(0)

    async def course(kind: str) -> None:
        fault = Fault()
        fault.become(kind)
        batcher = Batcher(model, random.Random(0), fault)
        loop = asyncio.ensure_future(batcher.run())
        await batcher.submit()
        loop.cancel()

    monkeypatch.setattr("sidecar.demo.batching.asyncio.sleep", noted)
    asyncio.run(course(""))
    asyncio.run(course("slow"))
    assert slept == [pytest.approx(0.005), pytest.approx(0.05)]


def test_the_server_takes_lines_and_lives_on_when_its_input_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sidecar.demo.server", "127.0.0.1:0"]
    server = Child("server", command, tmp_path, listens=True)
    try:
        for line, says in (("wedged", "now: wedged"), ("slow", "now: slow"), ("well", "now: well")):
            server.tell(line)
            server.wait_for(says, lambda says=says: says in server.tail(), START_SECONDS)  # type: ignore[misc]
        assert server.process.stdin is not None
        server.process.stdin.close()
        server.check()
    finally:
        server.stop()
    assert server.process.returncode == 0


class Terminal:
    """A terminal as standard input."""

    def __init__(self) -> None:
        self.ours, self.theirs = pty.openpty()

    def fileno(self) -> int:
        return self.theirs

    def modes(self) -> list[Any]:
        return termios.tcgetattr(self.theirs)


def test_keys_come_one_by_one_and_the_terminal_is_put_back_whatever_happens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    before = terminal.modes()
    monkeypatch.setattr("sys.stdin", terminal)

    def interrupted() -> None:
        with Keys() as keys:
            assert keys.listening
            assert terminal.modes() != before
            assert keys.pressed() == ""
            os.write(terminal.ours, b"sf")
            assert keys.pressed() == "sf"
            assert keys.pressed() == ""
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert terminal.modes() == before
    os.close(terminal.ours)
    os.close(terminal.theirs)


@pytest.mark.parametrize("stdin", [None, "a file", "background"])
def test_without_a_terminal_of_ours_nothing_is_pressed_and_nothing_changed(
    stdin: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("sfw")
    with (tmp_path / "file").open() as file:
        terminal = Terminal()
        monkeypatch.setattr(
            "sys.stdin", {None: None, "a file": file, "background": terminal}[stdin]
        )
        monkeypatch.setattr("os.tcgetpgrp", lambda _fd: os.getpgrp() + 1)
        before = terminal.modes()
        with Keys() as keys:
            assert not keys.listening
            assert keys.pressed() == ""
            assert terminal.modes() == before
        os.close(terminal.ours)
        os.close(terminal.theirs)
