"""Processes that write state and are killed at any moment, and what their file holds afterwards.

usage: python -m tests.harness.killed_commits FOLDER KILLS SEED

One process forks all of them, because starting an interpreter takes far longer than a commit; it has no threads. Each
child commits tick after tick: tick n counts one event into one slot of each ring of each series, so every row of the
file follows from n. Whatever is told as kept before the kill must be there after it.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import struct
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

from sidecar.model.windows import SavedSeries, SeriesKey, Slot
from sidecar.store.database import Database
from sidecar.store.slot_table import PLACES
from sidecar.store.sqlite import SqliteStore
from sidecar.store.state_folder import FILE_NAME
from tests.fakes.lines import Lines

SERIES = tuple(SeriesKey(f"{n:016x}", f"model-{n}") for n in range(8))
TICK = "tick"
# Ticks that one slot of each ring takes.
TICKS_OF_SLOT = (3, 5, 7, 11)
TICKS_AT_ONCE = 4
# A child is let go on until it has told so many times at most that all is kept; some are killed before the first.
MAX_TOLD = 8
PATIENCE_SECONDS = 60.0
# Some commits take so long.
MAX_PAUSE_SECONDS = 0.005
_NUMBER = struct.Struct("!Q")


class Seen(NamedTuple):
    """What all kills came to."""

    kills: int
    ticks: int
    torn: list[str]  # each file that does not hold one tick's state, and how


def slot_at(ring: int, number: int, tick: int) -> Slot:
    """Return what a slot holds at a tick, where the first tick is 1."""
    size = TICKS_OF_SLOT[ring]
    return Slot(ring, number, min(tick, number * size + size - 1) - max(number * size, 1) + 1, 0, 0)


def series_at(key: SeriesKey, tick: int) -> SavedSeries:
    """Return a series at a tick, with the slots that changed in it."""
    slots = [slot_at(ring, tick // size, tick) for ring, size in enumerate(TICKS_OF_SLOT)]
    return SavedSeries(key, 1, tick, 0, tick, tick, 1, (("page", tick),), (), slots)


def fault_of(database: Database) -> str:
    """Say how a file differs from the state of its tick; empty: in nothing."""
    tick = int(database.values().get(TICK, b"0"))
    found = {series.key: series for series in database.series()}
    if set(found) != (set(SERIES) if tick else set()):
        return f"tick {tick}: {len(found)} series"
    for key, series in found.items():
        wanted = series_at(key, tick)
        if _head(series) != _head(wanted):
            return f"tick {tick}: the head is {_head(series)}"
        for ring, size in enumerate(TICKS_OF_SLOT):
            newest = tick // size
            slots = {each.number: each for each in series.slots if each.ring == ring}
            for number in range(max(newest - PLACES[ring] + 1, 0), newest + 1):
                slot = slot_at(ring, number, tick)
                if slot.good and slots.get(number) != slot:
                    return f"tick {tick}: {slots.get(number)} instead of {slot}"
    return ""


def _head(series: SavedSeries) -> tuple[object, ...]:
    return series.key, series.good, series.excluded, series.last_traffic_nanos, series.firing


def write_for_ever(folder: str, told: int) -> None:
    """Commit tick after tick, and tell each that is kept on a descriptor."""
    store = SqliteStore(folder, Lines())
    tick = int(store.read(TICK) or b"0")
    while True:
        tick += 1
        store.write(TICK, b"%d" % tick)
        store.save_series([series_at(key, tick) for key in SERIES])
        store.commit()
        if tick % TICKS_AT_ONCE == 0:
            # Let the writer's thread come round; between these, ticks merge as they do behind a slow disk.
            while store.reading().behind_seconds:
                time.sleep(0)
            os.write(told, _NUMBER.pack(tick))


def kill_one(folder: str, chance: random.Random) -> int:
    """Fork a writer, kill it at some moment; return the last tick that it told as kept, 0 for none."""
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(receive)
            write_for_ever(folder, send)
        finally:
            os._exit(1)
    os.close(send)
    last = 0
    for _ in range(chance.randrange(MAX_TOLD)):
        ready, _, _ = select.select([receive], [], [], PATIENCE_SECONDS)
        content = os.read(receive, _NUMBER.size) if ready else b""
        if not content:
            break  # it has ended by itself, or hangs: told below
        (last,) = _NUMBER.unpack(content)
    # By itself the kill would come just after something was told, when the writer has nothing to do.
    time.sleep(chance.random() * MAX_PAUSE_SECONDS)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    while content := os.read(receive, _NUMBER.size):
        (last,) = _NUMBER.unpack(content)
    os.close(receive)
    if not os.WIFSIGNALED(status):
        raise AssertionError(f"a writer ended by itself with {status}")
    return last


def killed(folder: str, kills: int, seed: int) -> Seen:
    """Kill so many writers of one file, one after the other, and look at it after each."""
    chance, torn, before = random.Random(seed), [], 0
    for number in range(kills):
        told = kill_one(folder, chance)
        database = Database(os.path.join(folder, FILE_NAME))
        fault = fault_of(database)
        tick = int(database.values().get(TICK, b"0"))
        database.close()
        if not fault and tick < max(told, before):
            fault = f"tick {tick}, though {max(told, before)} was kept"
        if fault:
            torn.append(f"kill {number}: {fault}")
        before = tick
    return Seen(kills, before, torn)


def main(words: Sequence[str]) -> int:
    """Print what was seen as JSON."""
    folder, kills, seed = words
    print(json.dumps(killed(folder, int(kills), int(seed))._asdict()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
