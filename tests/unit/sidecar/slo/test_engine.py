"""The engine of objectives: counts into windows, tiers and budgets, over restarts, reloads and clocks that move."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from sidecar.model.duration import DAY, HOUR, MINUTE
from sidecar.model.indicator import Available
from sidecar.model.objective import Objective, State
from sidecar.model.sections.objectives import Burn, Events, Objectives, WindowReading
from sidecar.model.tiers import PAGE, Tier
from sidecar.model.windows import SavedSeries, SeriesKey, Slot
from sidecar.slo.book import MAX_SERIES, MAX_WAITING
from sidecar.slo.engine import ObjectivesEngine
from tests.fakes.promises import SECOND, START, FakeTap, Ticker, tier

ANSWERS = Objective("answers", Available(), "0.999")
OTHERS = Objective("others", Available(), "0.999", "bert")
KEY = SeriesKey(ANSWERS.id, "")


class Disk:
    """What a store would hold: heads, and slots merged by place."""

    def __init__(self) -> None:
        self.heads: dict[SeriesKey, SavedSeries] = {}
        self.slots: dict[SeriesKey, dict[tuple[int, int], Slot]] = {}

    def keep(self, engine: ObjectivesEngine) -> None:
        for key in engine.take_forgotten():
            self.heads.pop(key, None)
            self.slots.pop(key, None)
        for each in engine.unsaved():
            self.heads[each.key] = each
            held = self.slots.setdefault(each.key, {})
            held.update({(slot.ring, slot.number): slot for slot in each.slots})

    def saved(self) -> list[SavedSeries]:
        return [
            replace(head, slots=list(self.slots[key].values())) for key, head in self.heads.items()
        ]


def burn(section: Objectives, at: int = 0) -> Burn:
    found = section.readings[at].burn
    assert found is not None
    return found


def window(section: Objectives, nanos: int, at: int = 0) -> WindowReading:
    return next(each for each in burn(section, at).windows if each.nanos == nanos)


def counted(section: Objectives, nanos: int, at: int = 0) -> tuple[float, float]:
    found = window(section, nanos, at)
    return found.good, found.bad


def restart(ticker: Ticker, disk: Disk, *, on_disk: bool = True) -> Ticker:
    """Another life of control, which finds what was kept."""
    after = Ticker(
        ticker.objectives, on_disk=on_disk, saved=disk.saved(), tap=ticker.tap, now=ticker.now
    )
    after.engine = ObjectivesEngine(disk.saved(), ticker.engine.clock(), on_disk=on_disk)
    after.boot, after.wall_ahead = ticker.boot, ticker.wall_ahead
    return after


# --- events ---------------------------------------------------------------------------------------


def test_events_and_reasons_of_exclusion_are_the_taps() -> None:
    ticker = Ticker([ANSWERS, OTHERS])
    section = ticker.tick(START + SECOND, good=5, bad=2, excluded=4)
    assert [each.events for each in section.readings] == [Events(5, 2, 4), Events()]
    assert counted(section, HOUR) == (5, 2)
    assert counted(section, HOUR, at=1) == (0, 0)
    assert window(section, HOUR, at=1).burn is None, "nothing happened is not a burn of 0"
    assert burn(section, at=1).budget_remaining is None


def test_what_came_before_the_first_look_of_a_young_tap_counts() -> None:
    ticker = Ticker([ANSWERS])
    assert counted(ticker.tick(START + 20 * SECOND, good=5, bad=2), HOUR) == (5, 2)


def test_an_old_tap_that_nobody_remembers_makes_no_burn_of_what_it_counted_long_ago() -> None:
    tap = FakeTap(epoch=START - 5 * DAY)
    tap.count(KEY, 1_000_000, 50_000)
    ticker = Ticker([ANSWERS], tap=tap)
    section = ticker.tick(START + SECOND)
    assert section.readings[0].events == Events(1_000_000, 50_000, 0), "the counts are the tap's"
    assert counted(section, HOUR) == (0, 0)
    assert counted(ticker.tick(START + 2 * SECOND, good=3), HOUR) == (3, 0)


def test_windows_that_are_not_full_say_how_much_there_is() -> None:
    ticker = Ticker([ANSWERS])
    ticker.tick(START + SECOND, good=1)
    section = ticker.tick(START + 10 * MINUTE, good=1)
    covered = {each.nanos: each.covered_nanos for each in burn(section).windows}
    assert covered[5 * MINUTE] == 5 * MINUTE
    assert covered[HOUR] == covered[30 * DAY] == 10 * MINUTE


# --- restarts -------------------------------------------------------------------------------------


def test_nothing_is_lost_over_fifty_deaths_of_control_and_three_of_the_tap() -> None:
    """Each event once, in its slot, against a plain list of them; 10^6 events in a fortnight."""
    draws = random.Random(3)
    disk, ticker = Disk(), Ticker([ANSWERS])
    events: list[tuple[int, int, int]] = []
    kills = set(draws.sample(range(200, 12_000), 50))
    restarts = set(draws.sample(sorted(set(range(200, 12_000)) - kills), 3))
    ticker.tick(now := START)
    for step in range(12_000):
        now += draws.choice([SECOND, 7 * SECOND, 95 * SECOND, 240 * SECOND])
        good, bad = draws.randrange(170), draws.choice([0, 0, draws.randrange(20)])
        events.append((now, good, bad))
        ticker.tick(now, good, bad)
        if step not in kills or draws.random() < 0.5:
            disk.keep(ticker.engine)  # else it dies before the commit: what came is told again
        if step in kills:
            ticker = restart(ticker, disk)
            # In the same slot, so that what the dead life did not keep is counted where it came.
            ticker.tick(now)
            disk.keep(ticker.engine)
        if step in restarts:
            disk.keep(ticker.engine)
            ticker.tap.epoch = now
            ticker.tap.counts = {KEY: [0, 0, 0]}
            ticker = restart(ticker, disk)
    now = -(-now // HOUR) * HOUR
    section = ticker.tick(now)
    total = sum(good + bad for _, good, bad in events)
    assert total > 1_000_000
    for each in burn(section).windows:
        inside = [(good, bad) for at, good, bad in events if at >= now - each.nanos]
        expected = sum(good for good, _ in inside), sum(bad for _, bad in inside)
        assert (each.good, each.bad) == expected, each.nanos


def test_another_life_of_the_tap_has_counted_all_that_it_tells_however_much_that_is() -> None:
    ticker = Ticker([ANSWERS])
    ticker.tick(START + SECOND, good=5, bad=2)
    ticker.tap.epoch = START + 2 * SECOND
    ticker.tap.counts = {KEY: [0, 0, 0]}
    section = ticker.tick(START + 10 * SECOND, good=9, bad=2)
    assert counted(section, HOUR) == (14, 4)


@pytest.mark.parametrize("on_disk", [True, False])
def test_a_restart_neither_forgets_a_firing_tier_nor_tells_of_it_again(on_disk: bool) -> None:
    disk, ticker = Disk(), Ticker([ANSWERS], on_disk=on_disk)
    for second in range(1, 400):
        section = ticker.tick(START + second * SECOND, good=1, bad=1)
        disk.keep(ticker.engine)
    before = tier(section.readings[0], "page-fast")
    assert before.firing
    ticker = restart(ticker, disk, on_disk=on_disk)
    section = ticker.tick(START + 403 * SECOND)
    after = tier(section.readings[0], "page-fast")
    assert (after.firing, after.since_unix_nanos) == (True, before.since_unix_nanos)
    assert ticker.engine.tier_changes == []
    assert counted(section, HOUR) == (399, 399)


def test_without_a_disk_a_series_is_saved_now_and_then_and_at_once_when_a_tier_changes() -> None:
    ticker = Ticker([ANSWERS], on_disk=False)
    saved = []
    for second in range(1, 41):
        ticker.tick(START + second * SECOND, good=1)
        saved += ticker.engine.unsaved()
    assert [each.good for each in saved] == [1, 11, 21, 31]
    assert all(each.slots for each in saved), "whole, so that it can be found again"
    ticker.tick(START + 200 * SECOND, bad=500)
    assert ticker.engine.unsaved(), "due in any case"
    ticker.tick(START + 201 * SECOND, good=1_000_000)
    assert [each.firing for each in ticker.engine.unsaved()] == [()], "it no longer fires"


def test_counts_that_have_not_been_saved_are_in_the_next_life() -> None:
    disk, ticker = Disk(), Ticker([ANSWERS], on_disk=False)
    for second in range(1, 41):
        ticker.tick(START + second * SECOND, good=1, bad=1)
        disk.keep(ticker.engine)
    ticker = restart(ticker, disk, on_disk=False)
    assert counted(ticker.tick(START + 45 * SECOND), HOUR) == (40, 40)


def test_what_is_not_changed_is_not_saved_again() -> None:
    ticker = Ticker([ANSWERS, OTHERS])
    ticker.tick(START + SECOND, good=1)
    assert {each.key.objective_id for each in ticker.engine.unsaved()} == {ANSWERS.id, OTHERS.id}
    ticker.tick(START + 2 * SECOND)
    assert ticker.engine.unsaved() == []
    ticker.tick(START + 3 * SECOND, good=1)
    (saved,) = ticker.engine.unsaved()
    assert [(slot.ring, slot.good) for slot in saved.slots] == [(0, 2), (1, 2), (2, 2), (3, 2)]


def test_what_could_not_be_read_at_the_start_is_added_when_it_can_be() -> None:
    """Another Wayside held the folder: its events and ours are of one promise, and both are kept."""
    disk, first = Disk(), Ticker([ANSWERS, OTHERS])
    for minute in range(120):
        first.tick(START + minute * MINUTE, good=10, bad=minute % 2)
    first.tap.count(SeriesKey(OTHERS.id, ""), 3, 1)
    first.tick(START + 2 * HOUR)
    disk.keep(first.engine)
    second = Ticker([ANSWERS], tap=FakeTap(epoch=START + HOUR), now=START + HOUR)
    for minute in range(61):
        second.tick(START + HOUR + minute * MINUTE, good=1, bad=1)
    second.engine.unsaved()
    second.engine.join(disk.saved())
    section = second.tick(START + 2 * HOUR + SECOND, good=1)
    assert counted(section, 30 * DAY) == (1200 + 62, 60 + 61)
    assert counted(section, 30 * MINUTE)[1] == pytest.approx(15 + 30, abs=1)
    assert window(section, 6 * HOUR).bad_minutes == 60 + 31, "each minute once"
    assert window(section, 6 * HOUR).covered_nanos == 2 * HOUR + SECOND
    disk.keep(second.engine)
    second.objectives = [ANSWERS, OTHERS]
    after = restart(second, disk)
    section = after.tick(START + 2 * HOUR + 2 * SECOND)
    assert counted(section, 30 * DAY) == (1200 + 62, 60 + 61)
    assert counted(section, 30 * DAY, at=1) == (3, 1)


def test_of_the_same_life_of_the_tap_what_came_between_is_counted_too() -> None:
    """Control died, and the disk was slow when it came back: it began with what the tap had counted by then."""
    disk, ticker = Disk(), Ticker([ANSWERS])
    ticker.tick(START + SECOND)
    ticker.tick(START + 10 * MINUTE, good=100, bad=7)
    disk.keep(ticker.engine)
    ticker.tap.count(KEY, 20, 3)
    after = Ticker([ANSWERS], tap=ticker.tap)
    assert counted(after.tick(START + 11 * MINUTE), HOUR) == (0, 0)
    after.tick(START + 12 * MINUTE, good=5)
    after.engine.join(disk.saved())
    assert counted(after.tick(START + 13 * MINUTE, good=1), HOUR) == (126, 10)


# --- reloads --------------------------------------------------------------------------------------


def test_what_a_shorter_window_did_not_keep_is_not_known_of_a_longer_one() -> None:
    ticker = Ticker([ANSWERS])
    ticker.tick(START + SECOND, good=5)
    for days, covered in ((1, 5), (30, 1)):
        ticker.objectives = [replace(ANSWERS, window_nanos=days * DAY)]
        section = ticker.tick(START + 5 * DAY)
        assert window(section, days * DAY).covered_nanos == min(covered, days) * DAY
        assert counted(section, days * DAY) == (0, 0)


def test_other_tiers_apply_at_once_to_what_was_quiet() -> None:
    mine = Tier("mine", PAGE, HOUR, 5 * MINUTE, "0.02")
    ticker = Ticker([ANSWERS])
    ticker.tick(START + SECOND, good=5)
    ticker.objectives = [replace(ANSWERS, tiers=(mine,))]
    names = {each.name for each in burn(ticker.tick(START + 2 * SECOND)).tiers}
    assert "mine" in names
    assert "page-fast" not in names


def test_another_target_keeps_the_windows_and_another_definition_begins_anew() -> None:
    ticker = Ticker([ANSWERS])
    ticker.tick(START + SECOND, good=90, bad=10)
    ticker.objectives = [replace(ANSWERS, ratio="0.9", window_nanos=7 * DAY)]
    section = ticker.tick(START + 2 * SECOND)
    assert counted(section, 7 * DAY) == (90, 10)
    assert window(section, HOUR).burn == pytest.approx(1.0)
    ticker.objectives = [replace(ANSWERS, model_glob="other")]
    assert counted(ticker.tick(START + 3 * SECOND), HOUR) == (0, 0)


def test_a_definition_that_comes_back_finds_its_windows() -> None:
    disk, ticker = Disk(), Ticker([ANSWERS])
    ticker.tick(START + SECOND, good=90, bad=10)
    ticker.objectives = [OTHERS]
    ticker.tick(START + 2 * SECOND)
    disk.keep(ticker.engine)
    for again in (ticker, restart(ticker, disk)):
        again.objectives = [OTHERS, ANSWERS]
        assert counted(again.tick(START + 50 * SECOND), HOUR, at=1) == (90, 10)


def test_what_waits_is_bounded_and_what_is_forgotten_is_told_to_the_store() -> None:
    ticker = Ticker([ANSWERS])
    for number in range(MAX_WAITING + 10):
        now = START + (number + 1) * SECOND
        ticker.objectives = [replace(ANSWERS, name=f"answers {number}")]
        ticker.tap.count(SeriesKey(ticker.objectives[0].id, ""), 1, 0)
        ticker.tick(now)
    ticker.objectives = [ANSWERS]
    ticker.tick(now + SECOND)
    assert len(ticker.engine.take_forgotten()) == 10
    assert ticker.engine.take_forgotten() == []


def test_a_user_s_own_tiers_are_judged_by_their_own_windows() -> None:
    own = (Tier("now", PAGE, MINUTE, 10 * SECOND, "0.001"),)
    ticker = Ticker([replace(ANSWERS, tiers=own, window_nanos=DAY, min_bad=1)])
    for second in range(1, 200):
        section = ticker.tick(START + second * SECOND, bad=1)
    assert tier(section.readings[0], "now").firing
    assert tier(section.readings[0], "now").factor == pytest.approx(1.44)
    section = ticker.tick(START + 215 * SECOND, good=1)
    assert not tier(section.readings[0], "now").firing


# --- by model -------------------------------------------------------------------------------------

EACH = Objective("each", Available(), "0.999", per_model=True)


def test_each_model_has_its_own_windows_and_tiers() -> None:
    ticker = Ticker([EACH])
    ticker.tap.count(SeriesKey(EACH.id, "unknown"), 0, 0)
    for second in range(1, 300):
        ticker.tap.count(SeriesKey(EACH.id, "good"), 10, 0)
        ticker.tap.count(SeriesKey(EACH.id, "poor"), 5, 5)
        section = ticker.tick(START + second * SECOND)
    by_model = {each.model: each for each in section.readings}
    assert list(by_model) == ["unknown", "good", "poor"]
    assert [tier(each, "page-fast").firing for each in section.readings] == [False, False, True]


def test_a_model_that_has_not_come_back_yet_keeps_its_budget() -> None:
    disk, ticker = Disk(), Ticker([EACH])
    ticker.tap.count(SeriesKey(EACH.id, "llama"), 90, 10)
    ticker.tick(START + SECOND)
    disk.keep(ticker.engine)
    ticker.tap = FakeTap(epoch=START + 2 * SECOND, counts={SeriesKey(EACH.id, "unknown"): [0] * 3})
    ticker = restart(ticker, disk)
    section = ticker.tick(START + 3 * SECOND)
    assert [each.model for each in section.readings] == ["unknown", "llama"]
    assert counted(section, HOUR, at=1) == (90, 10)
    assert section.readings[1].events == Events(), "in this life of the tap"


def test_models_that_are_silent_for_a_period_or_beyond_the_cap_are_let_go() -> None:
    ticker = Ticker([EACH])
    for number in range(MAX_SERIES + 3):
        ticker.tap.count(SeriesKey(EACH.id, f"m{number}"), 1, 0)
        ticker.tick(START + (number + 1) * SECOND)
        ticker.tap.counts.clear()
    section = ticker.tick(START + 600 * SECOND)
    assert len(section.readings) == MAX_SERIES
    assert len(ticker.engine.take_forgotten()) == 3
    assert ticker.tick(START + 31 * DAY).readings == ()


@pytest.mark.parametrize("on_disk", [False, True])
def test_a_model_that_was_silent_for_a_period_has_nothing_new(on_disk: bool) -> None:
    ticker = Ticker([EACH], on_disk=on_disk)
    ticker.tick(START)
    ticker.tap.count(SeriesKey(EACH.id, "llama"), 900, 100, at=SECOND)
    section = ticker.tick(START + SECOND)
    assert tier(section.readings[0], "page-fast").firing
    period = 30 * DAY if on_disk else 6 * HOUR
    for later in (period + HOUR, 2 * period + 2 * HOUR):
        section = ticker.tick(START + later)
        assert ticker.engine.take_forgotten() == []
        assert [each.model for each in section.readings] == ["llama"]
        assert counted(section, HOUR) == (0, 0)
        assert not tier(section.readings[0], "page-fast").firing


def test_what_was_forgotten_and_comes_back_has_nothing_new() -> None:
    ticker = Ticker([EACH])
    ticker.tick(START)
    for number in range(MAX_WAITING + 10):
        ticker.tap.count(SeriesKey(EACH.id, f"m{number}"), 900, 100, at=SECOND)
    ticker.tick(START + SECOND)
    kept, ticker.tap.counts = ticker.tap.counts, {}
    ticker.objectives = [OTHERS]
    ticker.tick(START + 2 * SECOND)
    assert len(ticker.engine.take_forgotten()) == 10
    ticker.objectives, ticker.tap.counts = [EACH], kept
    kept[SeriesKey(EACH.id, "m0")][0] += 7
    section = ticker.tick(START + DAY)
    assert len(section.readings) == MAX_WAITING + 10
    assert {counted(section, HOUR, at) for at in range(1, len(section.readings))} == {(0, 0)}
    assert counted(section, HOUR) == (7, 0)


# --- states ---------------------------------------------------------------------------------------


def test_a_state_that_means_harm_fires_after_a_minute_where_there_was_traffic() -> None:
    ticker = Ticker([ANSWERS])
    ticker.tick(START + SECOND, good=1)
    for second, firing in ((10, False), (69, False), (70, True), (3 * 3600, True)):
        section = ticker.tick(START + second * SECOND, up=False)
        found = tier(section.readings[0], "unreachable")
        assert section.readings[0].state is State.UNREACHABLE
        assert found.firing is firing, second
    assert found.since_unix_nanos == START + 70 * SECOND
    section = ticker.tick(START + 4 * HOUR, up=True)
    assert not tier(section.readings[0], "unreachable").firing
    assert [each.tier.name for each in ticker.engine.tier_changes] == ["unreachable"]


def test_a_dead_server_that_nobody_used_pages_nobody() -> None:
    ticker = Ticker([ANSWERS])
    ticker.tick(START + SECOND, good=1)
    ticker.tick(START + 2 * HOUR)
    for hours in (3, 4):
        section = ticker.tick(START + hours * HOUR, up=False)
        assert not tier(section.readings[0], "unreachable").firing


# --- clocks ---------------------------------------------------------------------------------------

YEAR = 365 * DAY


def test_a_wall_clock_a_year_ahead_and_back_moves_no_window() -> None:
    disk, ticker = Disk(), Ticker([ANSWERS])
    for second in range(1, 100):
        ticker.wall_ahead = YEAR if 30 < second < 60 else 0
        section = ticker.tick(START + second * SECOND, good=1, bad=1)
        disk.keep(ticker.engine)
        assert section.clock_moved_nanos == ticker.wall_ahead
        if second in (40, 70):
            ticker = restart(ticker, disk)
    assert counted(section, HOUR) == (99, 99)


def test_a_machine_that_slept_has_empty_short_windows_and_no_burn() -> None:
    """The tap's own clock stands still while the machine sleeps; that of windows does not."""
    ticker = Ticker([ANSWERS])
    for second in range(1, 100):
        ticker.tick(START + second * SECOND, good=50, bad=50)
    ticker.tap.slept = 8 * HOUR
    section = ticker.tick(START + 8 * HOUR + 100 * SECOND, good=100)
    assert counted(section, 6 * HOUR) == (100, 0)
    assert not any(each.firing for each in burn(section).tiers)
    assert counted(section, 30 * DAY) == (99 * 50 + 100, 99 * 50)


@pytest.mark.parametrize("wall_ahead", [-40 * DAY, 0])
def test_a_reboot_asks_the_wall_clock_and_never_goes_back(wall_ahead: int) -> None:
    disk, ticker = Disk(), Ticker([ANSWERS])
    ticker.tick(START + SECOND, good=3, bad=1)
    disk.keep(ticker.engine)
    ticker.boot = "another boot"
    ticker.wall_ahead = wall_ahead
    ticker.tap = FakeTap(epoch=START + 2 * HOUR, counts={KEY: [0, 0, 0]})
    ticker = restart(ticker, disk)
    section = ticker.tick(START + 2 * HOUR + SECOND, good=1)
    assert counted(section, 30 * DAY) == (4, 1)
    assert counted(section, 30 * MINUTE) == ((1, 0) if wall_ahead == 0 else (4, 1))


def test_a_tap_that_counts_less_than_before_began_anew() -> None:
    ticker = Ticker([ANSWERS])
    ticker.tick(START + SECOND, good=100, bad=10)
    ticker.tap.counts[KEY] = [7, 1, 0]
    assert counted(ticker.tick(START + 2 * SECOND), HOUR) == (107, 11)
