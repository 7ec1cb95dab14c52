"""/metrics in protobuf as a scraper reads it: messages one after the other, and the samples that they mean."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.internal.decoder import _DecodeVarint32  # type: ignore[attr-defined]

from exporters.prometheus.proto import metrics_pb2 as pb

Labels = frozenset[tuple[str, str]]


def parse_protobuf(body: bytes) -> Iterator[pb.MetricFamily]:
    """Yield the families of a page; nothing may be left over."""
    at = 0
    while at < len(body):
        length, at = _DecodeVarint32(body, at)
        assert at + length <= len(body), "a message is cut short"
        yield pb.MetricFamily.FromString(body[at : at + length])
        at += length


def samples_of(families: Iterator[pb.MetricFamily]) -> dict[str, dict[Labels, float]]:
    """Return sample name -> labels -> value, as the text format has them."""
    found: dict[str, dict[Labels, float]] = {}
    for family in families:
        for metric in family.metric:
            labels = frozenset((each.name, each.value) for each in metric.label)
            for suffix, more, value in samples_in(metric):
                at = found.setdefault(f"{family.name}{suffix}", {})
                assert labels | more not in at, family.name
                at[labels | more] = value
    return found


def created_in(families: Iterator[pb.MetricFamily]) -> dict[str, dict[Labels, float]]:
    """Return name -> labels -> when the series was created, as OpenMetrics writes it, of those that say so."""
    found: dict[str, dict[Labels, float]] = {}
    for family in families:
        for metric in family.metric:
            for counted in (metric.counter, metric.histogram):
                if counted.HasField("created_timestamp"):
                    labels = frozenset((each.name, each.value) for each in metric.label)
                    nanos = counted.created_timestamp.ToNanoseconds()
                    name = f"{family.name.removesuffix('_total')}_created"
                    found.setdefault(name, {})[labels] = (
                        nanos / 1_000_000_000
                    )  # whole: rounded once
    return found


def samples_in(metric: pb.Metric) -> Iterator[tuple[str, Labels, float]]:
    """Yield (suffix of the name, labels beside its own, value)."""
    none: Labels = frozenset()
    if metric.HasField("counter"):
        yield "", none, metric.counter.value
    elif metric.HasField("gauge"):
        yield "", none, metric.gauge.value
    else:
        assert metric.HasField("histogram")
        for bucket in metric.histogram.bucket:
            yield "_bucket", frozenset({("le", le(bucket.upper_bound))}), bucket.cumulative_count
        yield "_count", none, metric.histogram.sample_count
        yield "_sum", none, metric.histogram.sample_sum


def le(bound: float) -> str:
    """Write a bound as the label is written."""
    return "+Inf" if bound == float("inf") else repr(bound)


def native_cells(histogram: pb.Histogram) -> dict[int, int]:
    """Return what a native histogram counted, by Prometheus' index."""
    cells: dict[int, int] = {}
    index = count = 0
    deltas = iter(histogram.positive_delta)
    for span in histogram.positive_span:
        index += span.offset
        for _ in range(span.length):
            count += next(deltas)
            cells[index] = count
            index += 1
    assert not list(deltas)
    return {at: count for at, count in cells.items() if count}
