"""Families for prometheus_client from the table of names. A family without samples yields no line at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)

from sidecar.model import grid
from sidecar.model.metrics import RESPONSE_GAP, TAP_ADDED_LATENCY, Metric, Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prometheus_client.metrics_core import Metric as Family

    from sidecar.model.series import CountView, HistogramView, SizeHistogramView

Labels: TypeAlias = "Sequence[str]"
Sample: TypeAlias = "tuple[Labels, float]"


def counters(metric: Metric, samples: Iterable[Sample]) -> Iterator[Family]:
    """Yield a counter family; absent when there is nothing to tell."""
    family = CounterMetricFamily(metric.name, metric.help)
    for labels, value in samples:
        family.add_sample(f"{metric.name}_total", _labels(metric, labels), value)
    yield from _present(metric, Type.COUNTER, family)


def gauges(metric: Metric, samples: Iterable[Sample]) -> Iterator[Family]:
    """Yield a gauge family; absent when there is nothing to tell."""
    family = GaugeMetricFamily(metric.name, metric.help)
    for labels, value in samples:
        family.add_sample(metric.name, _labels(metric, labels), value)
    yield from _present(metric, Type.GAUGE, family)


def infos(metric: Metric, samples: Iterable[Labels]) -> Iterator[Family]:
    """Yield an info family: labels are the content, the value is 1."""
    family = InfoMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels in samples:
        family.add_metric(labels, {})
    yield from _present(metric, Type.INFO, family)


def histograms(metric: Metric, samples: Iterable[tuple[Labels, HistogramView]]) -> Iterator[Family]:
    """Yield a histogram family at the classic bounds; a series that counted nothing is absent."""
    family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    les = [bound.le for bound in _bounds(metric)]
    for labels, histogram in samples:
        if histogram.count:
            exact = zip(les, grid.cumulative(histogram), strict=True)
            seconds = histogram.sum_nanos / grid.NANOS_PER_SECOND
            family.add_metric(labels, [*exact, ("+Inf", histogram.count)], seconds)
    yield from _present(metric, Type.HISTOGRAM, family)


def size_histograms(
    metric: Metric, samples: Iterable[tuple[Labels, SizeHistogramView]]
) -> Iterator[Family]:
    """Yield a histogram family of sizes at their edges; a series that counted nothing is absent."""
    family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, histogram in samples:
        if histogram.count:
            exact = zip(grid.EXPORTED_LE_ITEMS, grid.cumulative_sizes(histogram), strict=True)
            family.add_metric(labels, [*exact, ("+Inf", histogram.count)], histogram.sum)
    yield from _present(metric, Type.HISTOGRAM, family)


def labelled(counts: Iterable[CountView]) -> Iterator[Sample]:
    """Yield samples of the tap's own labelled counts."""
    for count in counts:
        yield (count.label,), count.value


def _labels(metric: Metric, values: Labels) -> dict[str, str]:
    """Return labels by name, without those that are empty and may be left out."""
    named = zip(metric.labels, values, strict=True)
    return {name: value for name, value in named if value or name not in metric.optional}


def _bounds(metric: Metric) -> Sequence[grid.Bound]:
    """Return what the tap counted against: the field of the seam that a metric is read from says so."""
    return grid.GAP_BOUNDS if metric in (RESPONSE_GAP, TAP_ADDED_LATENCY) else grid.LATENCY_BOUNDS


def _present(metric: Metric, kind: Type, family: Family) -> Iterator[Family]:
    assert metric.type is kind, metric.name
    if family.samples:
        yield family
