"""The two readings of a histogram: a base-2 exponential grid of 32 steps an octave, and bounds that people know.

The tap counts into both (dataplane/proto/tap.proto, message Histogram), everything else reads from them. Quantiles come
from the grid, whose steps are 2.2 %: it is OpenTelemetry's exponential histogram of scale 5. The other is what classic
histograms show, exact at each bound.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sidecar.model.series import HistogramView, SizeHistogramView

NANOS_PER_SECOND = 1_000_000_000

SCHEMA = 5  # an octave has 2^SCHEMA cells
STEPS_PER_OCTAVE = 1 << SCHEMA
COARSEST_SCHEMA = -4  # of Prometheus' native histograms: a cell is 16 octaves

FIRST_CELL = -989  # the first whose edge is 1 ns
LAST_CELL = 1091  # the first whose edge is above 2^64 ns

# Sizes of batches are counted by powers of two, each of them an edge; one more bucket holds what is larger.
EXPORTED_LE_ITEMS = tuple(f"{2**power}.0" for power in range(11))


class Bound(NamedTuple):
    """An upper bound, inclusive, of classic histograms."""

    le: str  # seconds, as the label is written
    nanos: int


def _bounds(*les: str) -> tuple[Bound, ...]:
    return tuple(Bound(le, round(float(le) * NANOS_PER_SECOND)) for le in les)


# Fixed per release: a changed set breaks every quantile that was recorded over it.
LATENCY_BOUNDS = _bounds(
    "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5",
    "1.0", "2.5", "5.0", "10.0", "30.0", "60.0",
)  # fmt: skip
"""Of latencies and waits."""
GAP_BOUNDS = _bounds(
    "0.0001", "0.00025", "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.02", "0.03",
    "0.05", "0.1", "0.25", "0.5", "1.0", "2.5",
)  # fmt: skip
"""Of gaps between responses, and of the latency that the tap adds."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """Several histograms added together; a HistogramView."""

    count: int
    sum_nanos: int
    cells: Sequence[int]
    counts: Sequence[int]
    classes: Sequence[int]


# Of the fraction of a root. Edges below 2^65 ns are then known to 2^-63 ns; none but the tie is within 2^-17 ns of one.
ROOT_BITS = 128


def _root(step: int) -> int:
    """Return 2^(step/32) in units of 2^-ROOT_BITS, rounded down: five square roots of an integer are its 32nd."""
    power = 1 << (step + ROOT_BITS * STEPS_PER_OCTAVE)
    for _ in range(SCHEMA):
        power = math.isqrt(power)
    return power


ROOTS = tuple(_root(step) for step in range(STEPS_PER_OCTAVE))


def _edge(cell: int) -> int:
    """Return 2^((cell+1)/32) seconds in nanoseconds, rounded, a tie down."""
    octave, step = divmod(cell + 1, STEPS_PER_OCTAVE)
    scaled = ROOTS[step] * NANOS_PER_SECOND << octave - FIRST_CELL  # never a negative shift
    half = 1 << ROOT_BITS - FIRST_CELL - 1
    return (scaled + half - 1) // (2 * half)


EDGES_NANOS = tuple(_edge(cell) for cell in range(FIRST_CELL, LAST_CELL + 1))


def cell_of(nanos: int) -> int:
    """Return the first cell whose edge is not below a duration of at most 2^64 ns; below 1 ns counts as 1 ns."""
    return FIRST_CELL + bisect_left(EDGES_NANOS, max(nanos, 1))


def edge_nanos(cell: int) -> int:
    """Return the upper edge of a cell up to LAST_CELL; 0 for what lies below FIRST_CELL."""
    return EDGES_NANOS[cell - FIRST_CELL] if cell >= FIRST_CELL else 0


def cumulative(histogram: HistogramView) -> list[int]:
    """Return the exact counts at its bounds, ascending; what is above the last is in none."""
    return list(itertools.accumulate(histogram.classes[:-1]))


def cumulative_sizes(histogram: SizeHistogramView) -> list[int]:
    """Return the exact counts at EXPORTED_LE_ITEMS, in that order."""
    return list(itertools.accumulate(histogram.counts[: len(EXPORTED_LE_ITEMS)]))


def quantile_seconds(cells: Sequence[int], counts: Sequence[int], quantile: float) -> float | None:
    """Return a quantile (0..1) in seconds: the middle of the cell that holds it; None when nothing was counted.

    The largest duration of a cell is at most 2^(1/32) times its smallest, so their geometric middle is within 1.1 % of
    whichever was counted.
    """
    total = sum(counts)
    if total == 0:
        return None
    rank = quantile * total
    seen = 0
    for cell, count in zip(cells, counts, strict=True):
        seen += count
        if seen >= rank and count:
            smallest, largest = edge_nanos(cell - 1) + 1, edge_nanos(cell)
            return math.sqrt(smallest * largest) / NANOS_PER_SECOND
    return math.nan  # unreachable: rank never exceeds total


def merge(histograms: Iterable[HistogramView]) -> Histogram:
    """Return histograms with the same bounds added together."""
    count = sum_nanos = 0
    sums: dict[int, int] = {}
    classes = [0] * (len(LATENCY_BOUNDS) + 1)
    for histogram in histograms:
        count += histogram.count
        sum_nanos += histogram.sum_nanos
        _add(sums, histogram.cells, histogram.counts)
        for at, more in enumerate(histogram.classes):
            classes[at] += more
    return Histogram(count, sum_nanos, *_ascending(sums), classes)


def coarser(
    cells: Sequence[int], counts: Sequence[int], schema: int
) -> tuple[Sequence[int], Sequence[int]]:
    """Return cells and counts on a grid of 2^schema cells an octave, COARSEST_SCHEMA to SCHEMA: neighbours added."""
    assert COARSEST_SCHEMA <= schema <= SCHEMA, schema
    sums: dict[int, int] = {}
    _add(sums, (cell >> SCHEMA - schema for cell in cells), counts)
    return _ascending(sums)


def _add(sums: dict[int, int], cells: Iterable[int], counts: Iterable[int]) -> None:
    for cell, count in zip(cells, counts, strict=True):
        sums[cell] = sums.get(cell, 0) + count


def _ascending(sums: dict[int, int]) -> tuple[list[int], list[int]]:
    cells = sorted(sums)
    return cells, [sums[cell] for cell in cells]
