"""From rounds to figures: the median of each round's value, and the median of paired ratios with their spread."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bench.instructions import Count
from bench.loads import Latency
from bench.metrics_page import PageCost


@dataclass(frozen=True)
class Round:
    """What one contender did in one round of one load; processor time is per call, or per chunk of a stream."""

    own_cpu_us: float
    children_cpu_us: float
    latency: Latency

    @property
    def cpu_us(self) -> float:
        """The whole process tree's processor time per call."""
        return self.own_cpu_us + self.children_cpu_us


@dataclass(frozen=True)
class Spread:
    """A median between the smallest and the largest."""

    median: float
    smallest: float
    largest: float


@dataclass
class Results:
    """Everything one run has measured; a cell is one contender under one load."""

    rounds: dict[tuple[str, str], list[Round]] = field(default_factory=dict)
    failed: dict[tuple[str, str], str] = field(default_factory=dict)
    not_run: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    resident_bytes: dict[str, tuple[int, int]] = field(default_factory=dict)
    instructions: list[Count] = field(default_factory=list)
    not_counted: str = ""
    page: PageCost | None = None
    load_before: float = 0.0

    def good(self, load: str, contender: str) -> list[Round] | None:
        """Return a cell's rounds; None where it was not run or a call failed."""
        if (load, contender) in self.failed:
            return None
        return self.rounds.get((load, contender)) or None

    def median(self, load: str, contender: str, value: Callable[[Round], float]) -> float | None:
        """Return the median of a value over a cell's rounds."""
        rounds = self.good(load, contender)
        return statistics.median(map(value, rounds)) if rounds else None

    def ratio(
        self, load: str, above: str, below: str, value: Callable[[Round], float]
    ) -> Spread | None:
        """Compare two contenders round by round."""
        pair = self.good(load, above), self.good(load, below)
        if pair[0] is None or pair[1] is None:
            return None
        return spread(
            value(one) / value(other)
            for one, other in zip(pair[0], pair[1], strict=True)
            if value(other) > 0
        )

    def added(self, load: str, contender: str, value: Callable[[Round], float]) -> float | None:
        """Return the median of what a contender adds to the direct way, round by round."""
        pair = self.good(load, contender), self.good(load, "direct")
        if pair[0] is None or pair[1] is None:
            return None
        return statistics.median(
            value(one) - value(direct) for one, direct in zip(pair[0], pair[1], strict=True)
        )

    def added_ratio(
        self, load: str, above: str, below: str, value: Callable[[Round], float]
    ) -> Spread | None:
        """Compare what two contenders add to the direct way; None where in some round the second added nothing."""
        cells = [self.good(load, name) for name in (above, below, "direct")]
        one, other, direct = cells
        if one is None or other is None or direct is None:
            return None
        rounds = list(zip(one, other, direct, strict=True))
        if any(value(b) <= value(c) for _, b, c in rounds):
            return None
        return spread((value(a) - value(c)) / (value(b) - value(c)) for a, b, c in rounds)


def spread(values: Iterable[float]) -> Spread | None:
    """Sum up some values; None where there are none."""
    known = list(values)
    return Spread(statistics.median(known), min(known), max(known)) if known else None


def cpu(one: Round) -> float:
    """Processor time per call, all processes."""
    return one.cpu_us


def own_cpu(one: Round) -> float:
    """Processor time per call of the process that carries the bytes."""
    return one.own_cpu_us


def p50(one: Round) -> float:
    """The median latency."""
    return one.latency.p50_us


def p99(one: Round) -> float:
    """The latency that one call in a hundred exceeds."""
    return one.latency.p99_us
