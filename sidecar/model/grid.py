"""The histogram grid: one fixed log-linear scale of 32 steps per octave, anchored at 1 ms.

The tap counts into it (dataplane/proto/tap.proto, message Histogram), everything else reads from it. An edge is a
whole number of units of 15625/32 ns, so edges are exact integers here and a cumulative count at an exported `le`
is exact: every `le` is an edge, and no observation is ever split.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sidecar.model.series import HistogramView, SizeHistogramView

STEPS_PER_OCTAVE = 32
STEP_BITS = 5  # log2 of it
# Nanoseconds per unit is 15625/32: 1 ms is then 2048 units, a power of two, and every step above 32 units is exact.
UNIT_NUMERATOR = 15_625
UNIT_DENOMINATOR = 32

NANOS_PER_SECOND = 1_000_000_000

# The exported upper bounds. At most 14, so that one histogram is 17 lines; fixed per release, because a changed set of
# bounds breaks every recorded quantile. Dense where model servers answer (5-400 ms), two octaves apart beyond.
EXPORTED_LE_SECONDS = (
    "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05",
    "0.1", "0.2", "0.4", "0.8", "1.6", "6.4", "25.6",
)  # fmt: skip

# Sizes of batches are counted by powers of two, each of them an edge; one more bucket holds what is larger.
EXPORTED_LE_ITEMS = tuple(f"{2**power}.0" for power in range(11))


def bucket_of(nanos: int) -> int:
    """Return the bucket that holds a duration in nanoseconds; below 1 ns counts as 1 ns."""
    units = -(-UNIT_DENOMINATOR * max(nanos, 1) // UNIT_NUMERATOR) - 1
    if units < STEPS_PER_OCTAVE:
        return units
    octave = units.bit_length() - 1
    return (octave - STEP_BITS + 1) * STEPS_PER_OCTAVE + (
        (units >> (octave - STEP_BITS)) & (STEPS_PER_OCTAVE - 1)
    )


def edge_units(bucket: int) -> int:
    """Return the upper edge of a bucket in units of 15625/32 ns; bucket -1 has edge 0."""
    if bucket < STEPS_PER_OCTAVE:
        return bucket + 1
    octave, step = divmod(bucket, STEPS_PER_OCTAVE)
    return (STEPS_PER_OCTAVE + step + 1) << (octave - 1)


def edge_nanos(bucket: int) -> float:
    """Return the upper edge of a bucket in nanoseconds."""
    return edge_units(bucket) * UNIT_NUMERATOR / UNIT_DENOMINATOR


def edge_seconds(bucket: int) -> float:
    """Return the upper edge of a bucket in seconds."""
    return edge_nanos(bucket) / NANOS_PER_SECOND


def _bucket_ending_at(le_seconds: str) -> int:
    """Return the bucket whose upper edge is `le_seconds`."""
    return bucket_of(round(float(le_seconds) * NANOS_PER_SECOND))


EXPORTED_BUCKETS = tuple(_bucket_ending_at(le) for le in EXPORTED_LE_SECONDS)


def cumulative(histogram: HistogramView) -> list[int]:
    """Return the exact counts at EXPORTED_LE_SECONDS, in that order."""
    totals: list[int] = []
    pairs = list(zip(histogram.buckets, histogram.counts, strict=True))
    seen, at = 0, 0
    for last in EXPORTED_BUCKETS:
        while at < len(pairs) and pairs[at][0] <= last:
            seen += pairs[at][1]
            at += 1
        totals.append(seen)
    return totals


def cumulative_sizes(histogram: SizeHistogramView) -> list[int]:
    """Return the exact counts at EXPORTED_LE_ITEMS, in that order."""
    return list(itertools.accumulate(histogram.counts[: len(EXPORTED_LE_ITEMS)]))


def quantile_seconds(
    buckets: Sequence[int], counts: Sequence[int], quantile: float
) -> float | None:
    """Return a quantile (0..1) in seconds, interpolated inside its bucket; None when nothing was counted.

    A step is at most 1/32 of its value, so the result is within 3.2 % of the true one, and mostly far closer.
    """
    total = sum(counts)
    if total == 0:
        return None
    rank = quantile * total
    seen = 0
    for bucket, count in zip(buckets, counts, strict=True):
        if seen + count >= rank and count:
            low, high = edge_seconds(bucket - 1), edge_seconds(bucket)
            return low + (high - low) * max(rank - seen, 0.0) / count
        seen += count
    return math.nan  # unreachable: rank never exceeds total


def merge(histograms: Iterable[HistogramView]) -> tuple[list[int], list[int]]:
    """Return (buckets, counts) of several histograms added together, ascending."""
    sums: dict[int, int] = {}
    for histogram in histograms:
        for bucket, count in zip(histogram.buckets, histogram.counts, strict=True):
            sums[bucket] = sums.get(bucket, 0) + count
    ascending = sorted(sums)
    return ascending, [sums[bucket] for bucket in ascending]
