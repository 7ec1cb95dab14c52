"""/metrics: our writer against prometheus_client's, byte for byte, and every format tells the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import exposition
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.utils import floatToGoString

from exporters.prometheus.collector import SnapshotCollector
from exporters.prometheus.native import Span, native_buckets
from exporters.prometheus.negotiation import Format
from exporters.prometheus.render import MetricsPage
from exporters.prometheus.text import TextWriter, number
from sidecar.model import grid
from sidecar.model.profiles import PageSettings, Profile
from sidecar.model.sections.objectives import Objectives
from sidecar.model.snapshot import Snapshot
from sidecar.tapclient import tap_pb2 as pb
from tests.fakes import facts
from tests.fakes.burning import on_fire, quiet, reading
from tests.fakes.pages import parse_openmetrics, parse_text
from tests.fakes.protobuf_page import created_in, native_cells, parse_protobuf, samples_of
from tests.fakes.published import published, server_reading

# Whatever a name on the wire may hold, quotes and line ends among it.
NAMES = st.text(st.characters(codec="utf-8"), max_size=12)
NANOS = st.one_of(st.integers(1, 2_000), st.integers(1, 10**14))
COUNTS = st.one_of(st.integers(0, 2_000_000), st.integers(0, 2**63 - 1))
DURATIONS = st.lists(NANOS, max_size=12)
TRACES = st.one_of(
    st.none(),
    st.tuples(st.binary(min_size=16, max_size=16), NANOS, st.integers(1, 2 * 10**18)),
)


def exemplar(told: tuple[bytes, int, int] | None) -> pb.Exemplar | None:
    """An exemplar of the seam."""
    if told is None:
        return None
    trace, value, at = told
    return pb.Exemplar(trace_id=trace, value_nanos=value, unix_nanos=at)


@st.composite
def timings(draw: st.DrawFn) -> pb.TimingSeries:
    """Durations of one method."""
    streaming = draw(st.booleans())
    return pb.TimingSeries(
        model=draw(NAMES),
        method=draw(NAMES),
        kind="inference",
        failed=draw(st.booleans()),
        streaming=streaming,
        id=draw(st.integers(0, 100)),
        latency=facts.histogram(*draw(DURATIONS)),
        call_duration=facts.histogram(*draw(DURATIONS)),
        first_response=facts.histogram(*draw(DURATIONS)) if streaming else None,
        response_gap=facts.histogram(*draw(DURATIONS), bounds=grid.GAP_BOUNDS),
        batch_size=facts.sizes(*draw(st.lists(st.integers(1, 3_000), max_size=4))),
        latency_exemplar=exemplar(draw(TRACES)),
        first_response_exemplar=exemplar(draw(TRACES)),
    )


@st.composite
def counters(draw: st.DrawFn) -> pb.CounterSeries:
    """Counts of one combination of labels."""
    names = ("version", "method", "kind", "code", "ended_by", "outcome")
    labels = {name: draw(NAMES) for name in names} | {
        "kind": draw(st.sampled_from(["inference", "probe"]))
    }
    return facts.calls(draw(NAMES), draw(st.integers(0, 10**9)), **labels)


def unique(series: list[Any], key: Callable[[Any], object]) -> list[Any]:
    """One series for each combination of labels, as the tap has them."""
    return list({key(each): each for each in series}.values())


@st.composite
def moments(draw: st.DrawFn) -> Snapshot:
    """A moment in which anything may have happened, in some profile."""
    timed = unique(
        draw(st.lists(timings(), max_size=3)), lambda one: (one.model, one.method, one.failed)
    )
    objectives = (reading("fast", on_fire(), excluded=2), reading("each", quiet(), draw(NAMES)))
    counted = [
        pb.EventSeries(
            objective=each.objective.id,
            model=each.model,
            bad=1,
            exemplar=exemplar(draw(TRACES)),
            since_nanos=draw(st.integers(0, 2**60)),
        )
        for each in objectives
    ]
    answer = facts.snapshot(
        counters=draw(st.lists(counters(), max_size=5)),
        timings=timed,
        events=counted,
        shapes=[facts.shapes(draw(NAMES), **{draw(NAMES): draw(COUNTS)})],
    )
    moment = replace(published(answer, server=server_reading()), objectives=Objectives(objectives))
    page = PageSettings(
        draw(st.sampled_from(Profile)), draw(st.integers(grid.COARSEST_SCHEMA, grid.SCHEMA))
    )
    return replace(moment, config=replace(moment.config, page=page))


@given(moments())
def test_text_is_what_prometheus_client_writes(moment: Snapshot) -> None:
    body, _ = MetricsPage().render(moment, Format.TEXT.value)
    assert body == exposition.generate_latest(SnapshotCollector(moment))


@given(moments())
def test_openmetrics_is_what_prometheus_client_writes(moment: Snapshot) -> None:
    body, _ = MetricsPage().render(moment, Format.OPENMETRICS.value)
    dated = moment.config.page.profile is not Profile.SLO
    assert body == openmetrics.generate_latest(SnapshotCollector(moment, dated=dated))  # type: ignore[no-untyped-call]


@given(st.lists(moments(), min_size=2, max_size=3))
def test_a_page_does_not_depend_on_the_pages_before_it(many: list[Snapshot]) -> None:
    page = MetricsPage()
    for tick, moment in enumerate(many, 1):
        now = replace(moment, moment=replace(moment.moment, tick=tick))
        for chosen in Format:
            assert page.render(now, chosen.value) == MetricsPage().render(now, chosen.value)


@given(moments())
def test_every_format_tells_the_same_numbers(moment: Snapshot) -> None:
    page = MetricsPage()
    told = []
    for chosen, parse in ((Format.TEXT, parse_text), (Format.OPENMETRICS, parse_openmetrics)):
        samples: dict[str, dict[frozenset[tuple[str, str]], float]] = {}
        for family in parse(page.render(moment, chosen.value)[0].decode()):
            for sample in family.samples:
                samples.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value
        told.append(samples)
    body = page.render(moment, Format.PROTOBUF.value)[0]
    told.append(samples_of(parse_protobuf(body)))
    dated = {name: told[1].pop(name) for name in list(told[1]) if name.endswith("_created")}
    assert told[0] == told[1] == told[2]
    created = created_in(parse_protobuf(body))
    assert dated == {name: created[name] for name in dated}
    assert bool(dated) is (moment.config.page.profile is not Profile.SLO)
    lines = sum(len(values) for values in told[0].values())
    assert told[0]["wayside_metrics_lines"] == {frozenset(): lines}


@given(moments())
def test_every_format_names_the_same_traces(moment: Snapshot) -> None:
    page = MetricsPage()
    lines = set()
    for family in parse_openmetrics(page.render(moment, Format.OPENMETRICS.value)[0].decode()):
        for sample in family.samples:
            if sample.exemplar:
                assert sample.exemplar.value <= float(sample.labels.get("le", "inf"))
                lines.add(
                    (
                        sample.exemplar.labels["trace_id"],
                        sample.exemplar.value,
                        str(sample.exemplar.timestamp),
                    )
                )
    messages = set()
    for told in parse_protobuf(page.render(moment, Format.PROTOBUF.value)[0]):
        for metric in told.metric:
            exemplars = [
                bucket.exemplar for bucket in metric.histogram.bucket if bucket.HasField("exemplar")
            ]
            assert list(metric.histogram.exemplars) == exemplars
            exemplars += [metric.counter.exemplar] if metric.counter.HasField("exemplar") else []
            for each in exemplars:
                at = f"{each.timestamp.seconds}.{each.timestamp.nanos:09d}"
                messages.add((each.label[0].value, each.value, at))
    assert lines == messages


@given(st.lists(NANOS, min_size=1), st.integers(grid.COARSEST_SCHEMA, grid.SCHEMA))
def test_a_native_histogram_counts_what_lies_in_each_bucket(nanos: list[int], schema: int) -> None:
    """By brute force: bucket i of schema s holds (2^((i-1)/2^s), 2^(i/2^s)] seconds, edges rounded to nanoseconds."""
    spans, deltas = native_buckets(facts.histogram(*nanos), schema)
    histogram = pb_histogram(spans, list(deltas))
    expected: dict[int, int] = {}
    for each in nanos:
        index = (grid.cell_of(each) >> grid.SCHEMA - schema) + 1
        low, high = 2.0 ** ((index - 1) / 2**schema), 2.0 ** (index / 2**schema)
        assert round(low * 1e9) <= each <= round(high * 1e9) + 1
        expected[index] = expected.get(index, 0) + 1
    assert native_cells(histogram) == expected
    assert all(span.offset > 2 for span in spans[1:]), "small gaps are counted as empty buckets"


def pb_histogram(spans: Any, deltas: list[int]) -> Any:
    """The message of spans and deltas."""
    from exporters.prometheus.proto import metrics_pb2 as messages

    return messages.Histogram(
        positive_span=[
            messages.BucketSpan(offset=offset, length=length) for offset, length in spans
        ],
        positive_delta=deltas,
    )


@given(st.one_of(st.floats(), COUNTS, st.integers(-10, 10_000_000), st.floats(0, 1e9)))
def test_numbers_are_written_as_go_does(value: float) -> None:
    assert number(value) == floatToGoString(value)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    "value", [0, 999_999, 1_000_000, 10**15, 10**16, 10**17, 123456.75, 1234567.5, -5, 1e-9]
)
def test_numbers_at_the_edges(value: float) -> None:
    assert number(value) == floatToGoString(value)  # type: ignore[no-untyped-call]


def test_gaps_of_two_are_filled_and_longer_ones_are_spans() -> None:
    near = facts.histogram(*(grid.edge_nanos(cell) for cell in (-100, -97, -93)))
    assert native_buckets(near, 5) == ([Span(-99, 4), Span(3, 1)], [1, -1, 0, 1, 0])


def test_what_is_held_between_pages_is_of_the_newest_alone() -> None:
    writer, page = TextWriter(), SnapshotCollector(published(facts.snapshot()))
    from exporters.prometheus.page import page_families

    writer.write(page_families(page.snapshot), openmetrics=False)
    many = len(writer._known)
    writer.write([], openmetrics=False)
    assert (many > 10, len(writer._known)) == (True, 0)
