"""The series of events: what a death of control leaves of them, and what keeping and putting away many costs."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import pytest

from sidecar.model.duration import HOUR, MINUTE
from sidecar.model.indicator import Available
from sidecar.model.objective import Objective
from sidecar.model.sections.objectives import Burn, Objectives
from sidecar.model.windows import SavedSeries, SeriesKey
from sidecar.slo.book import MAX_WAITING, MAX_WHOLE, WHOLE_EVERY_NANOS
from sidecar.slo.engine import ObjectivesEngine
from tests.fakes.promises import SECOND, START, FakeTap, Ticker

EACH = Objective("each", Available(), "0.999", per_model=True)


def keys_of(number: int, objective: Objective = EACH) -> list[SeriesKey]:
    return [SeriesKey(objective.id, f"model {at}") for at in range(number)]


def burn_of(section: Objectives, model: str = "model 0") -> Burn:
    reading = next(each for each in section.readings if each.model == model)
    assert reading.burn is not None
    return reading.burn


def in_hour(section: Objectives, model: str) -> tuple[float, float]:
    found = next(each for each in burn_of(section, model).windows if each.nanos == HOUR)
    return found.good, found.bad


def next_life(ticker: Ticker, saved: list[SavedSeries], tap: FakeTap | None = None) -> Ticker:
    after = Ticker(ticker.objectives, tap=tap or ticker.tap, now=ticker.now)
    after.engine = ObjectivesEngine(saved, ticker.engine.clock(), on_disk=True)
    return after


# --- a death of control ---------------------------------------------------------------------------


def test_a_model_that_first_comes_while_control_is_dead_is_counted() -> None:
    """It is new, and of its objective it is known where this tap stood: all of it came since."""
    old, new = keys_of(2)
    ticker = Ticker([EACH])
    ticker.tap.count(old, 100, 0)
    ticker.tick(START + 10 * MINUTE)
    saved = ticker.engine.unsaved()
    ticker.tap.count(new, 10, 40)
    section = next_life(ticker, saved).tick(START + 10 * MINUTE + SECOND)
    assert in_hour(section, new.model) == (10, 40)


def test_a_model_of_a_tap_that_nobody_remembers_is_not() -> None:
    """What is known is of an earlier tap: nobody can say when this one counted what it tells."""
    old, new = keys_of(2)
    ticker = Ticker([EACH])
    ticker.tap.count(old, 100, 0)
    ticker.tick(START + 10 * MINUTE)
    tap = FakeTap(epoch=START + HOUR)
    tap.count(new, 10, 40)
    section = next_life(ticker, ticker.engine.unsaved(), tap).tick(START + 3 * HOUR)
    assert in_hour(section, new.model) == (0, 0)


def test_windows_whose_clock_was_lost_and_stood_ahead_hold_nothing_of_the_future() -> None:
    ticker, keys = Ticker([EACH]), keys_of(1)
    ticker.tap.count(keys[0], 100, 0)
    ticker.tick(START + HOUR)
    after = Ticker([EACH], saved=ticker.engine.unsaved(), tap=ticker.tap)
    section = after.tick(START + 10 * MINUTE)
    assert in_hour(section, keys[0].model) == (0, 0)
    assert all(each.covered_nanos >= 0 for each in burn_of(section).windows)


def test_what_was_forgotten_is_not_new_to_the_next_life_either() -> None:
    """The tap goes on telling of a definition that it has counted once; with it back in force all that would be new."""
    ticker, keys = Ticker([EACH]), keys_of(MAX_WAITING + 30)
    for key in keys:
        ticker.tap.count(key, 1000, 500)
    ticker.tick(START + SECOND)
    ticker.tick(START + 2 * HOUR)
    heads = {each.key: each for each in ticker.engine.unsaved()}
    ticker.objectives = []
    ticker.tick(START + 2 * HOUR + SECOND)
    for gone in ticker.engine.take_forgotten():
        del heads[gone]
    left = {each.key: each for each in ticker.engine.unsaved()}
    assert len(left) == 30
    assert not any(each.slots for each in left.values())
    after = next_life(ticker, [*(heads | left).values()])
    after.tick(START + 2 * HOUR + 2 * SECOND)
    after.objectives = [EACH]
    section = after.tick(START + 2 * HOUR + 3 * SECOND)
    assert {in_hour(section, key.model) for key in keys} == {(0, 0)}


# --- many of them ---------------------------------------------------------------------------------


def test_an_objective_that_goes_takes_no_memory_with_its_models() -> None:
    """A list of the slots of 500 models would take 300 MB, and control may have 128."""
    ticker, keys = Ticker([EACH]), keys_of(20)
    for number in range(360):
        for key in keys:
            ticker.tap.count(key, 1, 1)
        ticker.tick(START + number * MINUTE)
    ticker.objectives = []
    tracemalloc.start()
    try:
        ticker.tick(START + 6 * HOUR)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 600_000
    ticker.objectives = [EACH]
    assert in_hour(ticker.tick(START + 6 * HOUR + SECOND), keys[0].model) == (59.9, 59.9)


@pytest.mark.parametrize("tick_seconds", [1, 5])
def test_without_a_disk_few_are_saved_in_one_tick_and_none_waits_for_ever(
    tick_seconds: int,
) -> None:
    ticker, keys = Ticker([EACH], on_disk=False), keys_of(4 * MAX_WHOLE)
    for key in keys:
        ticker.tap.count(key, 1, 0)
    ticker.tick(START)
    assert len(ticker.engine.unsaved()) == len(keys), "new ones at once: the store must know them"
    ticker.now = START + WHOLE_EVERY_NANOS
    saved: set[SeriesKey] = set()
    for _ in range(4):
        for key in keys:
            ticker.tap.count(key, 1, 0)
        ticker.tick(ticker.now + tick_seconds * SECOND)
        of_tick = {each.key for each in ticker.engine.unsaved()}
        assert len(of_tick) == MAX_WHOLE
        saved |= of_tick
    assert saved == set(keys)


def test_a_tier_that_fires_is_saved_at_once_among_many() -> None:
    ticker, keys = Ticker([EACH], on_disk=False), keys_of(2 * MAX_WHOLE)
    for key in keys:
        ticker.tap.count(key, 100, 0)
    ticker.tick(START)
    ticker.engine.unsaved()
    for minute in range(1, 5):
        ticker.tap.count(keys[-1], 0, 100)
        ticker.tick(START + minute * MINUTE - 30 * SECOND)
        found = [each for each in ticker.engine.unsaved() if each.firing]
        if found:
            break
    assert [each.key for each in found] == [keys[-1]]


def test_an_objective_of_another_definition_remembers_nothing_of_this_one() -> None:
    old, changed = keys_of(1)[0], replace(EACH, name="another")
    ticker = Ticker([EACH])
    ticker.tap.count(old, 100, 0)
    ticker.tick(START + 10 * MINUTE)
    after = next_life(ticker, ticker.engine.unsaved())
    after.objectives = [changed]
    after.tap.count(SeriesKey(changed.id, old.model), 10, 40)
    section = after.tick(START + 10 * MINUTE + SECOND)
    assert in_hour(section, old.model) == (0, 0)
