"""What a tick costs the engine, counted and not timed: by changed instance, whatever the events."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from sidecar.model.duration import DAY
from sidecar.model.indicator import Available
from sidecar.model.objective import Objective
from sidecar.model.windows import SeriesKey
from tests.fakes.promises import SECOND, START, Ticker

EACH = Objective("each", Available(), "0.999", per_model=True)
INSTANCES = 100
# Of the interpreter, for a changed instance in a tick in which no slot ends. A tick that ends one of each ring has them
# all gone through once more.
MOST_A_TICK = 6_000


def instructions(run: Callable[[], object]) -> int:
    """Count the instructions that the interpreter executes of the engine's code."""
    count = 0

    def entered(frame: FrameType, event: str, _: object) -> Any:
        if event != "call" or "/sidecar/slo/" not in frame.f_code.co_filename:
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return executed

    def executed(_frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        count += event == "opcode"
        return executed

    before = sys.gettrace()
    sys.settrace(entered)
    try:
        run()
    finally:
        sys.settrace(before)
    return count


def ticking(instances: int) -> tuple[Ticker, list[SeriesKey]]:
    """An engine that knows so many instances for two months."""
    ticker = Ticker([EACH])
    keys = [SeriesKey(EACH.id, f"model {number}") for number in range(instances)]
    for at in (START, START + 5 * DAY, START + 40 * DAY, START + 60 * DAY):
        for key in keys:
            ticker.tap.count(key, 100, 1)
        ticker.tick(at)
        ticker.engine.unsaved()
    return ticker, keys


def tick_of(ticker: Ticker, keys: list[SeriesKey], good: int, bad: int) -> int:
    """Count a tick, its saving included, in which these changed."""
    for key in keys:
        ticker.tap.count(key, good, bad)

    def run() -> None:
        ticker.tick(ticker.now + SECOND)
        assert len(ticker.engine.unsaved()) == len(keys)

    return instructions(run)


def test_a_tick_does_the_same_for_one_event_as_for_a_million() -> None:
    ticker, keys = ticking(INSTANCES)
    one = tick_of(ticker, keys, 1, 1)
    million = tick_of(ticker, keys, 1_000_000, 1)
    assert million <= 1.01 * one
    print(f"{one / INSTANCES:.0f} instructions for a changed instance")
    assert one <= MOST_A_TICK * INSTANCES


@pytest.mark.parametrize("bad", [0, 1])
def test_what_a_changed_instance_costs_does_not_follow_how_many_there_are(bad: int) -> None:
    few, many = (tick_of(*ticking(number), 1, bad) / number for number in (10, INSTANCES))
    assert many <= 1.05 * few


def test_a_silence_of_days_costs_a_tick_no_more_than_the_rings_are_long() -> None:
    ticker, keys = ticking(1)
    usual = tick_of(ticker, keys, 1, 0)
    ticker.now += 300 * DAY
    assert tick_of(ticker, keys, 1, 0) <= usual + 200_000
