"""Many streams at once whose server stamps every chunk, and what Wayside says of each first token and each gap.

/metrics and the snapshot tell distributions, whose mean is exact. So a model of its own for each stream, and answers of
two chunks, make each first token and each gap a number by itself, and their differences are told call by call.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.fakes.stamped import Ask, Span, Stamps, Wish
from tests.harness.wayside import Wayside

STREAMS = 64
SPREAD_SECONDS = 0.03
"""Within which all are asked for: not all in the same microsecond."""
FIRST_MS = 60
ROUNDING_US = 1
"""Of sums that come as decimal seconds."""
NAMES = ("first_response_seconds", "response_gap_seconds")


def crowd(address: str, ask: Ask, wishes: Sequence[Wish]) -> list[Stamps]:
    """Ask for everything within SPREAD_SECONDS, each on a connection that stands already."""

    async def one(door: tuple[asyncio.StreamReader, asyncio.StreamWriter], wish: Wish) -> Stamps:
        await asyncio.sleep(random.uniform(0, SPREAD_SECONDS))
        return await ask(*door, wish)

    async def run() -> list[Stamps]:
        host, _, port = address.rpartition(":")
        doors = [await asyncio.open_connection(host, int(port)) for _ in wishes]
        try:
            return await asyncio.gather(
                *(one(door, wish) for door, wish in zip(doors, wishes, strict=True))
            )
        finally:
            for _, writer in doors:
                writer.close()

    return asyncio.run(run())


def sums(wayside: Wayside, name: str) -> dict[str, float]:
    """Return the sum of a histogram by model, in us."""
    rows: list[dict[str, Any]] = wayside.snapshot()["timings"]
    found: dict[str, float] = defaultdict(float)
    for row in rows:
        if name in row:
            found[row["model"]] += row[name]["mean"] * row[name]["count"] * 1e6
    return found


@dataclass(frozen=True)
class Heard:
    """What Wayside says of one first token or gap, beside its bounds."""

    us: float
    span: Span

    @property
    def off_us(self) -> int:
        """How far from the stamps."""
        return int(abs(self.us - self.span.stamped / 1000))

    @property
    def width_us(self) -> int:
        """How far its bounds are apart."""
        return (self.span.most - self.span.least) // 1000

    @property
    def within_bounds(self) -> bool:
        """Whether it can be."""
        least, most = self.span.least / 1000, self.span.most / 1000
        return least - ROUNDING_US <= self.us <= most + ROUNDING_US


def wave(wayside: Wayside, ask: Ask, calls: int) -> dict[str, list[Heard]]:
    """Make a wave of calls of two chunks after others; return what Wayside says of each."""
    before = {name: sums(wayside, name) for name in NAMES}
    wishes = [Wish(f"stream-{n}", 2, FIRST_MS) for n in range(STREAMS)]
    stamps = crowd(wayside.address, ask, wishes)
    wayside.wait_for_total(calls + STREAMS, "calls")
    after = {name: sums(wayside, name) for name in NAMES}
    spans = dict(zip(NAMES, ([e.first for e in stamps], [e.gaps[0] for e in stamps]), strict=True))
    return {
        name: [
            Heard(after[name][wish.model] - before[name][wish.model], span)
            for wish, span in zip(wishes, spans[name], strict=True)
        ]
        for name in NAMES
    }


def waves(wayside: Wayside, ask: Ask, count: int) -> dict[str, list[Heard]]:
    """Make some waves, and one before them that does not count: a model is known by its name once it has answered."""
    wave(wayside, ask, 0)
    heard: dict[str, list[Heard]] = defaultdict(list)
    for number in range(count):
        for name, each in wave(wayside, ask, (1 + number) * STREAMS).items():
            heard[name] += each
    return heard
