"""Families from the table of names: series in, and only what has a series is a family. Absent stays absent.

Series of a family are held together, as a page is written from them in three formats; `collector.py` takes them apart
for prometheus_client, whose data model they are.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from sidecar.model import grid
from sidecar.model.metrics import RESPONSE_GAP, TAP_ADDED_LATENCY, Metric, Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sidecar.model.exemplar import Exemplar
    from sidecar.model.series import CountView, HistogramView, SizeHistogramView

INFINITY = "+Inf"
Labels: TypeAlias = "tuple[str, ...]"
Sample: TypeAlias = "tuple[Labels, float]"


class Bounds(NamedTuple):
    """Upper bounds of a classic histogram."""

    les: Sequence[str]  # as the label has them, +Inf last
    nanos: Sequence[int]  # those that are numbers


def _of(bounds: Sequence[grid.Bound]) -> Bounds:
    return Bounds((*(each.le for each in bounds), INFINITY), [each.nanos for each in bounds])


_LATENCIES, _GAPS = _of(grid.LATENCY_BOUNDS), _of(grid.GAP_BOUNDS)
_SIZES = (*grid.EXPORTED_LE_ITEMS, INFINITY)


class Point(NamedTuple):
    """One series of a counter, a gauge or an info."""

    labels: Labels  # values, in the order of the metric's names
    value: float
    exemplar: Exemplar | None = None
    since_nanos: int | None = None  # uptime at which it counted nothing yet; None: not known


class Distribution(NamedTuple):
    """One series of a histogram."""

    labels: Labels
    bounds: Sequence[str]  # as `le` has them, +Inf last
    counts: Sequence[int]  # at the bounds, cumulative
    sum: float
    cells: HistogramView | None  # on the grid; None where it is counted by its bounds alone
    exemplar: Exemplar | None = None
    exemplar_at: int = 0  # the bound that it is told at
    since_nanos: int | None = None  # as of a point

    @property
    def total(self) -> int:
        """Return how many were counted."""
        return self.counts[-1]


class Family(NamedTuple):
    """One metric with what there is to tell of it; not looked at before it is known to be shown."""

    metric: Metric
    series: Iterable[Point | Distribution]


def counters(metric: Metric, samples: Iterable[Sample]) -> Family:
    """Return a counter family."""
    assert metric.type is Type.COUNTER, metric.name
    return Family(metric, (Point(labels, value) for labels, value in samples))


def dated(metric: Metric, points: Iterable[Point]) -> Family:
    """Return a counter family of which it is known since when its series count; some may name a trace."""
    assert metric.type is Type.COUNTER, metric.name
    return Family(metric, points)


def gauges(metric: Metric, samples: Iterable[Sample]) -> Family:
    """Return a gauge family."""
    assert metric.type is Type.GAUGE, metric.name
    return Family(metric, (Point(labels, value) for labels, value in samples))


def infos(metric: Metric, samples: Iterable[Labels]) -> Family:
    """Return an info family: labels are the content, the value is 1."""
    assert metric.type is Type.INFO, metric.name
    return Family(metric, (Point(labels, 1) for labels in samples))


def histograms(
    metric: Metric,
    samples: Iterable[tuple[Labels, HistogramView, Exemplar | None, int | None]],
) -> Family:
    """Return a histogram family of durations, with since when they are counted; one that counted nothing is absent."""
    assert metric.type is Type.HISTOGRAM, metric.name
    bounds = _bounds(metric)
    return Family(
        metric,
        (
            _durations(labels, bounds, histogram, exemplar)._replace(since_nanos=since)
            for labels, histogram, exemplar, since in samples
            if histogram.count
        ),
    )


def size_histograms(metric: Metric, samples: Iterable[tuple[Labels, SizeHistogramView]]) -> Family:
    """Return a histogram family of sizes at their edges; a series that counted nothing is absent."""
    assert metric.type is Type.HISTOGRAM, metric.name
    return Family(
        metric,
        (
            Distribution(
                labels,
                _SIZES,
                (*grid.cumulative_sizes(histogram), histogram.count),
                histogram.sum,
                None,
            )
            for labels, histogram in samples
            if histogram.count
        ),
    )


def _durations(
    labels: Labels, bounds: Bounds, histogram: HistogramView, exemplar: Exemplar | None
) -> Distribution:
    return Distribution(
        labels,
        bounds.les,
        (*grid.cumulative(histogram), histogram.count),
        histogram.sum_nanos / grid.NANOS_PER_SECOND,
        histogram,
        exemplar,
        bisect_left(bounds.nanos, exemplar.value_nanos) if exemplar else 0,
    )


def _bounds(metric: Metric) -> Bounds:
    """Return what the tap counted against: the field of the seam that a metric is read from says so."""
    return _GAPS if metric in (RESPONSE_GAP, TAP_ADDED_LATENCY) else _LATENCIES


def labelled(counts: Iterable[CountView]) -> Iterable[Sample]:
    """Yield samples of the tap's own labelled counts."""
    for count in counts:
        yield (count.label,), count.value


def named(metric: Metric, values: Labels) -> list[tuple[str, str]]:
    """Return the labels of a series by name, without those that are empty and may be left out."""
    pairs = zip(metric.labels, values, strict=True)
    return [(name, value) for name, value in pairs if value or name not in metric.optional]


def lines(families: Iterable[Family]) -> int:
    """Return how many lines families are as text, comments and times of creation aside."""
    return sum(
        len(each.bounds) + 2 if isinstance(each, Distribution) else 1
        for family in families
        for each in family.series
    )
