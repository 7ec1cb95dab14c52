"""What protobuf has that text has not: native histograms, traces at them, and when counts began."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import pytest

from exporters.prometheus.negotiation import Format
from exporters.prometheus.proto import metrics_pb2 as messages
from exporters.prometheus.render import MetricsPage
from sidecar.model.grid import COARSEST_SCHEMA, SCHEMA
from sidecar.model.profiles import PageSettings, Profile
from sidecar.model.snapshot import Snapshot
from sidecar.tapclient import tap_pb2 as pb
from tests.fakes import facts
from tests.fakes.full_house import everything
from tests.fakes.protobuf_page import native_cells, parse_protobuf
from tests.fakes.published import published, watched

SECOND = 1_000_000_000


def families(moment: Snapshot) -> dict[str, messages.MetricFamily]:
    """The families of the page by name."""
    body, content_type = MetricsPage().render(moment, Format.PROTOBUF.value)
    assert content_type == Format.PROTOBUF.value
    return {each.name: each for each in parse_protobuf(body)}


def shown(
    nanos: list[int], schema: int = SCHEMA, profile: Profile = Profile.DEFAULT
) -> messages.Histogram:
    """The latencies of the one series, where these were measured."""
    timing = pb.TimingSeries(model="m", method=facts.INFER, kind="inference")
    timing.latency.CopyFrom(facts.histogram(*nanos))
    moment = published(facts.snapshot(timings=[timing]))
    moment = replace(moment, config=replace(moment.config, page=PageSettings(profile, schema)))
    (metric,) = families(moment)["wayside_latency_seconds"].metric
    histogram: messages.Histogram = metric.histogram
    return histogram


@pytest.mark.parametrize("profile", Profile)
def test_a_histogram_is_native_and_classic_in_one_message(profile: Profile) -> None:
    histogram = shown([SECOND, SECOND, 2 * SECOND], profile=profile)
    assert (histogram.schema, histogram.zero_threshold, histogram.zero_count) == (5, 2.0**-128, 0)
    # Bucket 0 ends at one second, bucket 32 at two.
    assert native_cells(histogram) == {0: 2, 32: 1}
    by_bound = {bucket.upper_bound: bucket.cumulative_count for bucket in histogram.bucket}
    assert (by_bound[0.5], by_bound[1.0], by_bound[2.5], by_bound[float("inf")]) == (0, 2, 3, 3)
    assert (histogram.sample_count, histogram.sample_sum) == (3, 4.0)


@pytest.mark.parametrize("schema", range(COARSEST_SCHEMA, SCHEMA + 1))
def test_a_coarser_schema_adds_neighbours(schema: int) -> None:
    histogram = shown([SECOND // 1024, SECOND, 1024 * SECOND], schema)
    assert histogram.schema == schema
    indices = (math.ceil(power * 2.0**schema) for power in (-10, 0, 10))
    assert native_cells(histogram) == Counter(indices)


def test_prometheus_takes_a_message_for_native_by_its_spans() -> None:
    assert shown([SECOND]).positive_span
    sizes = families(everything())["wayside_request_batch_size"]
    assert not [each for each in sizes.metric if each.histogram.positive_span]


def test_a_trace_is_at_its_bucket_and_at_the_native_histogram() -> None:
    timing = facts.timing("m")
    timing.latency.CopyFrom(facts.histogram(SECOND, 3 * SECOND))
    timing.latency_exemplar.CopyFrom(
        pb.Exemplar(trace_id=b"\xab" * 16, value_nanos=SECOND, unix_nanos=1_760_000_000_000_000_005)
    )
    (metric,) = families(published(facts.snapshot(timings=[timing])))[
        "wayside_latency_seconds"
    ].metric
    with_trace = [each for each in metric.histogram.bucket if each.HasField("exemplar")]
    (exemplar,) = metric.histogram.exemplars
    assert [each.upper_bound for each in with_trace] == [1.0]
    assert with_trace[0].exemplar == exemplar
    assert [(each.name, each.value) for each in exemplar.label] == [("trace_id", "ab" * 16)]
    assert (exemplar.value, exemplar.timestamp.ToNanoseconds()) == (1.0, 1_760_000_000_000_000_005)


def created_of(moment: Snapshot) -> dict[str, set[int]]:
    """When the series of each family were created, by its name without the prefix; empty where that is not told."""
    created: dict[str, set[int]] = {}
    for name, family in families(moment).items():
        if family.type in (messages.COUNTER, messages.HISTOGRAM):
            told = created.setdefault(name.removeprefix("wayside_"), set())
            for metric in family.metric:
                for counted in (metric.counter, metric.histogram):
                    if counted.HasField("created_timestamp"):
                        told.add(counted.created_timestamp.ToNanoseconds())
    return created


UNDATED = {
    "alertmanager_dropped_total",
    "alertmanager_errors_total",
    "alertmanager_sent_total",
    "control_cpu_seconds_total",
    "request_batch_size",
    "request_shapes_total",
    "server_metrics_failed_polls_total",
}
"""Control and the model server come and go; shapes and sizes are put together anew when a limit is learned."""


def test_created_is_told_of_all_that_the_tap_counts() -> None:
    moment = everything()
    created = created_of(moment)
    assert {name for name, told in created.items() if not told} == UNDATED
    epoch = moment.moment.epoch_unix_nanos
    assert all(told == {epoch} for told in created.values() if told)


@pytest.mark.parametrize("profile", Profile)
def test_a_series_is_as_old_as_the_tap_says_and_a_sum_as_its_oldest_part(profile: Profile) -> None:
    answer = facts.snapshot(
        counters=[facts.calls("m", 1, version="1"), facts.calls("m", 1, version="2")],
        timings=[facts.timing("m"), facts.timing("m", failed=True)],
        events=[facts.event(watched("fast").id, good=1)],
        tokens=[facts.tokens("m")],
    )
    answer.events[0].excluded_by.add(label="unprocessed", value=1)
    began = {"counters": (50, 30), "timings": (90, 60), "events": (20,), "tokens": (70,)}
    for kind, since in began.items():
        for series, nanos in zip(getattr(answer, kind), since, strict=True):
            series.since_nanos = nanos
    moment = published(answer, objectives=[watched("fast")])
    page = replace(moment.config.page, profile=profile)
    created = created_of(replace(moment, config=replace(moment.config, page=page)))
    epoch, summed = moment.moment.epoch_unix_nanos, profile is Profile.SLO
    assert created["calls_total"] == {epoch + 30} | (set() if summed else {epoch + 50})
    assert created["requests_total"] == created["calls_total"]
    assert created["latency_seconds"] == {epoch + 60} | (set() if summed else {epoch + 90})
    assert created["slo_events_total"] == {epoch + 20}
    assert created["slo_excluded_total"] == {epoch + 20}
    if not summed:
        assert created["call_duration_seconds"] == {epoch + 90}
        assert created["tokens_total"] == {epoch + 70}
        assert created["request_bytes_total"] == created["calls_total"]


def test_families_are_called_as_their_samples_are() -> None:
    found = families(everything())
    kinds = {name: each.type for name, each in found.items()}
    assert kinds["wayside_calls_total"] == messages.COUNTER
    assert kinds["wayside_build_info"] == messages.GAUGE
    assert kinds["wayside_upstream_up"] == messages.GAUGE
    assert kinds["wayside_latency_seconds"] == messages.HISTOGRAM
    assert all(each.help and each.metric for each in found.values())
