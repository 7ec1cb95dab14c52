"""Families as Prometheus' protobuf messages, each with its length before it: the one format with native histograms.

A histogram that is counted on the grid is told both ways in one message; Prometheus takes the one that it is configured
for. An info is a gauge, and a counter is called as its samples are, as in the text format.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf.timestamp_pb2 import Timestamp

from exporters.prometheus.families import Distribution, named
from exporters.prometheus.native import native_buckets
from exporters.prometheus.proto import metrics_pb2 as pb
from sidecar.model.grid import NANOS_PER_SECOND
from sidecar.model.metrics import Type

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exporters.prometheus.families import Family, Point
    from sidecar.model.exemplar import Exemplar
    from sidecar.model.metrics import Metric

_TYPES = {
    Type.COUNTER: pb.MetricType.COUNTER,
    Type.GAUGE: pb.MetricType.GAUGE,
    Type.HISTOGRAM: pb.MetricType.HISTOGRAM,
    Type.INFO: pb.MetricType.GAUGE,
}
# What is nearer to zero is in the zero bucket, as with Prometheus' own client. No duration is: 0 counts as 1 ns.
ZERO_THRESHOLD = 2.0**-128


def write(families: Iterable[Family], native_schema: int, epoch_unix_nanos: int) -> bytes:
    """Return the bytes of a page; the epoch is the tap's start."""
    page = bytearray()
    for family in families:
        message = _family(family, native_schema, epoch_unix_nanos).SerializeToString()
        page += _varint(len(message)) + message
    return bytes(page)


def _family(family: Family, native_schema: int, epoch_unix_nanos: int) -> pb.MetricFamily:
    metric = family.metric
    kind = _TYPES[metric.type]
    message = pb.MetricFamily(name=metric.sample_name, help=metric.help, type=kind)
    for one in family.series:
        created = _created(metric, one, epoch_unix_nanos)
        told = message.metric.add(
            label=[
                pb.LabelPair(name=name, value=value) for name, value in named(metric, one.labels)
            ]
        )
        if isinstance(one, Distribution):
            _fill_histogram(told.histogram, one, native_schema, created)
        elif metric.type is Type.COUNTER:
            _fill_counter(told.counter, one, created)
        else:
            told.gauge.value = one.value
    return message


def _fill_counter(counter: pb.Counter, one: Point, created: Timestamp | None) -> None:
    counter.value = one.value
    if one.exemplar:
        counter.exemplar.CopyFrom(_exemplar(one.exemplar))
    if created:
        counter.created_timestamp.CopyFrom(created)


def _fill_histogram(
    histogram: pb.Histogram, one: Distribution, native_schema: int, created: Timestamp | None
) -> None:
    histogram.sample_count = one.total
    histogram.sample_sum = one.sum
    for bound, count in zip(one.bounds, one.counts, strict=True):
        histogram.bucket.add(cumulative_count=count, upper_bound=float(bound))
    if one.exemplar:
        exemplar = _exemplar(one.exemplar)
        histogram.bucket[one.exemplar_at].exemplar.CopyFrom(exemplar)
    if created:
        histogram.created_timestamp.CopyFrom(created)
    if one.cells is None:
        return
    buckets = native_buckets(one.cells, native_schema)
    histogram.schema = native_schema
    histogram.zero_threshold = ZERO_THRESHOLD
    histogram.zero_count = 0
    histogram.positive_span.extend(
        pb.BucketSpan(offset=offset, length=length) for offset, length in buckets.spans
    )
    histogram.positive_delta.extend(buckets.deltas)
    if one.exemplar:
        histogram.exemplars.append(exemplar)


def _exemplar(one: Exemplar) -> pb.Exemplar:
    message = pb.Exemplar(
        label=[pb.LabelPair(name="trace_id", value=one.trace_id)],
        value=one.value_nanos / NANOS_PER_SECOND,
    )
    message.timestamp.FromNanoseconds(one.unix_nanos)
    return message


def _created(metric: Metric, one: Point | Distribution, epoch_unix_nanos: int) -> Timestamp | None:
    """Return since when a series counts; None where that is not known, as of control, which comes and goes."""
    since_nanos = one.since_nanos
    # The tap's own counts are there from its start.
    if since_nanos is None and metric.name.startswith(("wayside_tap_", "wayside_upstream_")):
        since_nanos = 0
    if since_nanos is None:
        return None
    created = Timestamp()
    created.FromNanoseconds(epoch_unix_nanos + since_nanos)
    return created


def _varint(value: int) -> bytes:
    """Return a length as protobuf writes it."""
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)
