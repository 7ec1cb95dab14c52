"""The page in the data model of prometheus_client: for a registry, and to hold its writers against ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.metrics_core import Metric as ClientFamily
from prometheus_client.samples import Exemplar, Timestamp

from exporters.prometheus.families import Distribution, Family, named
from exporters.prometheus.page import page_families
from exporters.prometheus.text import DATED_IN_TEXT, created_seconds
from sidecar.model.grid import NANOS_PER_SECOND
from sidecar.model.metrics import Type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sidecar.model import exemplar
    from sidecar.model.snapshot import Snapshot


class SnapshotCollector:
    """What prometheus_client asks for families; reads one snapshot.

    `dated`: with the creation of what is dated in text. Its text of 0.0.4 makes gauges of it, so there it is left out.
    """

    def __init__(self, snapshot: Snapshot, *, dated: bool = False) -> None:
        self.snapshot = snapshot
        self._epoch = snapshot.moment.epoch_unix_nanos if dated else None

    def collect(self) -> Iterator[ClientFamily]:
        """Yield every family of the page."""
        for family in page_families(self.snapshot):
            yield client_family(family, self._epoch)


def client_family(family: Family, epoch_unix_nanos: int | None = None) -> ClientFamily:
    """Return a family as prometheus_client has it."""
    metric = family.metric
    made: ClientFamily
    if metric.type is Type.HISTOGRAM:
        made = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
        for one in family.series:
            assert isinstance(one, Distribution)
            made.add_metric(one.labels, _buckets(one), one.sum)
        return made
    of_type = {
        Type.COUNTER: CounterMetricFamily,
        Type.GAUGE: GaugeMetricFamily,
        Type.INFO: InfoMetricFamily,
    }
    made = of_type[metric.type](metric.name, metric.help)
    for one in family.series:
        assert not isinstance(one, Distribution)
        labels = dict(named(metric, one.labels))
        made.add_sample(metric.sample_name, labels, one.value, exemplar=_exemplar(one.exemplar))
        if epoch_unix_nanos and metric in DATED_IN_TEXT and one.since_nanos is not None:
            created = created_seconds(one, epoch_unix_nanos)
            made.add_sample(f"{metric.name}_created", labels, created)
    return made


def _buckets(one: Distribution) -> list[tuple[str, float] | tuple[str, float, Exemplar]]:
    buckets: list[tuple[str, float] | tuple[str, float, Exemplar]] = [
        *zip(one.bounds, one.counts, strict=True)
    ]
    if (told := _exemplar(one.exemplar)) is not None:
        at = one.exemplar_at
        buckets[at] = (one.bounds[at], one.counts[at], told)
    return buckets


def _exemplar(one: exemplar.Exemplar | None) -> Exemplar | None:
    if one is None:
        return None
    at = Timestamp(*divmod(one.unix_nanos, NANOS_PER_SECOND))
    return Exemplar({"trace_id": one.trace_id}, one.value_nanos / NANOS_PER_SECOND, at)
