"""What an attack costs the tap: memory, and processor time beside that of a tap which only relays the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.harness import process
from tests.harness.running import wait_until
from tests.harness.samples import metric
from tests.harness.wayside import Wayside
from tests.hazards.attack import Attack, Counted
from tests.hazards.passage import Step, Upstream, passage

RELAY_ONLY = "observe: false\n"
PAIRS = 3
SAMPLE_CPU_SECONDS = 0.1
MOST_PLAYS = 200


@dataclass(frozen=True)
class Played:
    """What one play left behind."""

    bytes: int
    memory_bytes: int
    """The highest resident memory during it, above what there was before."""
    wanted: dict[str, float]
    counted: dict[str, float]
    """By sample: by how much it should have risen, and did."""


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
    script = attack.script()
    samples = attack.wanted(script)
    passed = play(upstream, wayside, script, attack.write_bytes)

    def rises() -> dict[str, float]:
        page = wayside.metrics()
        return {str(each): count(page, each) - count(before, each) for each in samples}

    wanted = {str(each): each.by for each in samples}
    wait_until(lambda: all(rises()[name] >= by for name, by in wanted.items()))
    peak = process.peak_bytes(wayside.running.pid)
    return Played(passed, max(0, peak - resident), wanted, rises())


@dataclass(frozen=True)
class Cost:
    """Processor time for the same bytes, with and without reading them."""

    read_seconds: float
    relay_seconds: float
    bytes: int

    @property
    def ratio(self) -> float:
        """How much reading makes of relaying."""
        return self.read_seconds / self.relay_seconds

    @property
    def reading_nanos_per_byte(self) -> float:
        """What reading adds."""
        return (self.read_seconds - self.relay_seconds) / self.bytes * 1e9


def cost(
    upstream: Upstream, reads: Wayside, relays: Wayside, attack: Attack, write_bytes: int
) -> Cost:
    """Compare the two on the same bytes, turn about; of some pairs, the one whose ratio is in the middle."""
    steps = attack.script()

    def cpu_of(wayside: Wayside, plays: int) -> float:
        began = process.cpu_seconds(wayside.running.pid)
        for _ in range(plays):
            play(upstream, wayside, steps, write_bytes)
        return process.cpu_seconds(wayside.running.pid) - began

    cpu_of(reads, 1)
    plays = min(MOST_PLAYS, int(SAMPLE_CPU_SECONDS / PAIRS / cpu_of(relays, 1)) + 1)
    passed = plays * sum(len(content) for _, content in steps)
    pairs = [Cost(cpu_of(reads, plays), cpu_of(relays, plays), passed) for _ in range(PAIRS)]
    return sorted(pairs, key=lambda pair: pair.ratio)[PAIRS // 2]
