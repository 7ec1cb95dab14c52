"""What an attack costs the tap: memory, and processor time beside that of a tap which only relays the same bytes."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.e2e.wayside import Wayside
from tests.fakes.running import wait_until
from tests.fakes.steady import metric
from tests.hazards import process
from tests.hazards.attack import Attack, Counted
from tests.hazards.passage import Step, Upstream, passage

RELAY_ONLY = "observe: false\n"
PAIRS = 3
SAMPLE_CPU_SECONDS = 0.1
MOST_PLAYS = 200
COUNTED_SECONDS = 10.0


@dataclass(frozen=True)
class Played:
    """What one play left behind."""

    bytes: int
    memory_bytes: int
    """The highest resident memory during it, above what there was before."""
    counted: dict[str, float]
    """By sample: by how much it rose."""


def count(page: str, sample: Counted) -> float:
    """Read a sample that may not be there yet."""
    try:
        return metric(page, sample.name, **sample.labels)
    except KeyError:
        return 0.0


def play(upstream: Upstream, wayside: Wayside, steps: Sequence[Step], write_bytes: int) -> int:
    """Make a connection for a script and play it; the bytes are compared at both ends."""
    (first_towards, first), *rest = steps
    assert first_towards == "up", "the client speaks first"
    with passage(upstream, wayside.address, first) as made:
        return len(first) + made.play(rest, write_bytes)


def play_once(upstream: Upstream, wayside: Wayside, attack: Attack) -> Played:
    """Play an attack and wait until /metrics tells of it."""
    before = wayside.metrics()
    resident = process.resident_bytes(wayside.running.pid)
    process.forget_peak(wayside.running.pid)
    passed = play(upstream, wayside, attack.script(), attack.write_bytes)

    def rises() -> dict[str, float]:
        page = wayside.metrics()
        return {str(each): count(page, each) - count(before, each) for each in attack.counted}

    wanted = {str(each): each.by for each in attack.counted}
    wait_until(lambda: all(rises()[name] >= by for name, by in wanted.items()), COUNTED_SECONDS)
    peak = process.peak_bytes(wayside.running.pid)
    return Played(passed, max(0, peak - resident), rises())


def cpu_ratio(upstream: Upstream, reads: Wayside, relays: Wayside, attack: Attack) -> float:
    """Compare the processor time of the two on the same bytes, turn about; the median of some pairs."""
    steps = attack.script()

    def cpu_of(wayside: Wayside, plays: int) -> float:
        began = process.cpu_seconds(wayside.running.pid)
        for _ in range(plays):
            play(upstream, wayside, steps, attack.write_bytes)
        return process.cpu_seconds(wayside.running.pid) - began

    cpu_of(reads, 1)
    plays = min(MOST_PLAYS, int(SAMPLE_CPU_SECONDS / PAIRS / cpu_of(relays, 1)) + 1)
    return median_ratio(lambda: cpu_of(reads, plays), lambda: cpu_of(relays, plays))


def median_ratio(one: Callable[[], float], other: Callable[[], float]) -> float:
    """Take pairs, and of their ratios the one in the middle."""
    return statistics.median(one() / other() for _ in range(PAIRS))
