"""A native histogram of Prometheus: the cells of the grid as spans of neighbours, their counts as differences.

Prometheus' bucket i of schema 5 ends at 2^(i/32) seconds, which is where cell i - 1 of the grid ends, and so on at each
coarser schema.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sidecar.model.grid import SCHEMA, coarser

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sidecar.model.series import HistogramView

# As Prometheus' own client does: so many empty buckets cost less than a span of their own.
MAX_GAP = 2


class Span(NamedTuple):
    """Neighbours."""

    offset: int  # of the first from the end of the span before; of the first span its index
    length: int


class Buckets(NamedTuple):
    """What was counted, all of it above zero."""

    spans: Sequence[Span]
    deltas: Sequence[int]  # of each count to the one before it


def native_buckets(histogram: HistogramView, schema: int) -> Buckets:
    """Return a histogram that counted something as buckets of a schema from -4 to 5."""
    cells, counts = histogram.cells, histogram.counts
    if schema != SCHEMA:
        cells, counts = coarser(cells, counts, schema)
    spans: list[Span] = []
    deltas: list[int] = []
    offset, length = cells[0] + 1, 0  # of the span that grows
    end, before = offset, 0  # the index after it, and the count before
    for cell, count in zip(cells, counts, strict=True):
        gap = cell + 1 - end
        if gap > MAX_GAP:
            spans.append(Span(offset, length))
            offset, length = gap, 0
        elif gap:
            deltas += (-before, *(0,) * (gap - 1))
            length, before = length + gap, 0
        deltas.append(count - before)
        length, before, end = length + 1, count, cell + 2
    return Buckets([*spans, Span(offset, length)], deltas)
