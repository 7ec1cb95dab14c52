"""`python -m bench.objectives`: what a tick of objectives costs control, at the most instances that there can be.

500 instances of which all change each tick, beside 200 series of traffic: the answer of the tap merged, the engine, and
the ticks' writes handed to SQLite. Figures are of this machine; the work itself is counted in the tests.
"""

from __future__ import annotations

import gc
import os
import statistics
import tempfile
import time

from sidecar.model.indicator import Available
from sidecar.model.objective import Objective
from sidecar.model.sections.tap import Tap
from sidecar.model.windows import SeriesKey
from sidecar.store.sqlite import SqliteStore
from sidecar.tapclient.ledger import Ledger
from tests.fakes import facts
from tests.fakes.lines import Lines
from tests.fakes.promises import SECOND, START, Ticker

INSTANCES, SERIES, TICKS = 500, 200, 60
AIM_MS, MOST_MB = 50.0, 30.0


def resident_mb() -> float:
    """What the kernel holds of this process."""
    with open("/proc/self/statm", encoding="ascii") as handle:
        return int(handle.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    """Tick, and print the medians."""
    objective = Objective("each", Available(), "0.999", per_model=True)
    ticker, ledger = Ticker([objective]), Ledger()
    keys = [SeriesKey(objective.id, f"model {number}") for number in range(INSTANCES)]
    series = [facts.calls(f"model {number}", count=number + 1) for number in range(SERIES)]
    for number, each in enumerate(series, 1):
        each.id = number
    spent: dict[str, list[float]] = {"merge": [], "engine": [], "store": []}
    gc.collect()
    before = resident_mb()
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(folder, Lines())
        for number in range(1, TICKS + 1):
            for key in keys:
                ticker.tap.count(key, 100, number % 2)
            answer = facts.snapshot(counters=series)
            traffic, ticker.now = ticker.tap.traffic(), START + number * SECOND
            tap, moment = Tap(facts.tap_stats(), draining=False), ticker.moment()
            marks = [time.perf_counter()]
            ledger.merge(answer)
            marks.append(time.perf_counter())
            ticker.engine.judge([objective], traffic, tap, moment, observing=True)
            unsaved = ticker.engine.unsaved()
            marks.append(time.perf_counter())
            store.save_series(unsaved)
            store.commit()
            marks.append(time.perf_counter())
            for name, begun, ended in zip(spent, marks[:-1], marks[1:], strict=True):
                spent[name].append((ended - begun) * 1e3)
        held = resident_mb() - before
        store.close()
    medians = {name: statistics.median(each) for name, each in spent.items()}
    parts = ", ".join(f"{name} {value:.1f}" for name, value in medians.items())
    print(f"{INSTANCES} instances, all changing, {SERIES} series: {TICKS} ticks")
    print(f"a tick takes {sum(medians.values()):.1f} ms in the median ({parts}); aim {AIM_MS:g} ms")
    print(f"resident memory grew by {held:.1f} MB; at most {MOST_MB:g} MB")


if __name__ == "__main__":
    main()
