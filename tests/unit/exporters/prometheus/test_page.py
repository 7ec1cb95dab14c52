"""/metrics: true numbers, nothing invented, few lines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prometheus_client import Metric

from exporters.prometheus import text
from exporters.prometheus.negotiation import Format
from exporters.prometheus.render import MetricsPage
from sidecar.model import metrics
from sidecar.model.grid import GAP_BOUNDS
from sidecar.model.metrics import Type
from sidecar.model.page import MAX_COUNTER_SERIES, MAX_SHAPED_MODELS
from sidecar.model.profiles import Profile
from sidecar.model.server_metrics import PollFailure, ServerReading
from sidecar.model.snapshot import Snapshot
from sidecar.tapclient import tap_pb2 as pb
from tests.fakes import facts
from tests.fakes.facts import INFER, STREAM, snapshot, tap_stats
from tests.fakes.full_house import everything, full_house
from tests.fakes.pages import parse_openmetrics, parse_text
from tests.fakes.published import published, server_reading, watched

OPENMETRICS = (
    "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)

Samples = dict[str, dict[frozenset[tuple[str, str]], float]]


def families(found: Snapshot) -> Iterator[Metric]:
    """What a strict OpenMetrics scraper understands of the page."""
    body, _ = MetricsPage().render(found, OPENMETRICS)
    yield from parse_openmetrics(body.decode())


def samples(found: Snapshot) -> Samples:
    """Sample name -> labels -> value."""
    result: Samples = {}
    for family in families(found):
        for sample in family.samples:
            result.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value
    return result


def only(values: dict[frozenset[tuple[str, str]], float]) -> float:
    """The one value there is."""
    (value,) = values.values()
    return value


def test_counts_are_the_taps_own_with_every_label() -> None:
    found = samples(published(snapshot(counters=[facts.calls(count=12)])))
    labels = {
        "model": "resnet50", "method": INFER, "version": "1", "code": "OK", "ended_by": "server", "kind": "inference",
    }  # fmt: skip
    key = frozenset(labels.items())
    verdict = frozenset({**labels, "outcome": "ok"}.items())
    assert found["wayside_calls_total"] == {verdict: 12}
    assert found["wayside_requests_total"] == {verdict: 12}
    assert found["wayside_request_bytes_total"] == {key: 12_000}
    assert found["wayside_response_bytes_total"] == {key: 1_200}


def test_calls_are_told_apart_by_outcome_and_their_bytes_are_not() -> None:
    two = [
        facts.calls(code="CANCELLED", outcome=outcome, count=count)
        for outcome, count in (("cancelled", 5), ("timeout", 6))
    ]
    found = samples(published(snapshot(counters=two)))
    by_outcome = {dict(at)["outcome"]: n for at, n in found["wayside_calls_total"].items()}
    assert by_outcome == {"cancelled": 5, "timeout": 6}
    assert only(found["wayside_request_bytes_total"]) == 11_000
    assert only(found["wayside_response_bytes_total"]) == 1_100


def test_a_call_that_the_server_never_began_is_a_call_and_no_request() -> None:
    never = facts.calls(code="UNPROCESSED", outcome="cancelled")
    never.requests = 0
    found = samples(published(snapshot(counters=[never, facts.calls()])))
    assert {dict(at)["code"] for at in found["wayside_calls_total"]} == {"OK", "UNPROCESSED"}
    assert {dict(at)["code"] for at in found["wayside_requests_total"]} == {"OK"}


def test_bytes_that_are_shown_are_those_of_all_outcomes() -> None:
    """Also of one that found no room: a sum that left it out would be of nothing."""
    counters = [facts.calls(f"m{number:03}") for number in range(MAX_COUNTER_SERIES)]
    counters.append(facts.calls("m000", outcome="server_error"))
    for number, each in enumerate(counters):
        each.id = number
    found = samples(published(snapshot(counters=counters)))
    assert len(found["wayside_calls_total"]) == MAX_COUNTER_SERIES
    carried = {dict(at)["model"]: n for at, n in found["wayside_request_bytes_total"].items()}
    assert (carried["m000"], carried["m001"]) == (20_000, 10_000)
    assert only(found["wayside_control_series_left_out"]) == 1


def test_errors_inside_ok_responses_count_requests_and_no_calls() -> None:
    found = samples(
        published(snapshot(counters=[facts.calls(code="IN_BAND_ERROR", outcome="server_error")]))
    )
    assert only(found["wayside_requests_total"]) == 10
    assert not {
        "wayside_calls_total",
        "wayside_request_bytes_total",
        "wayside_response_bytes_total",
    } & set(found)


def test_histograms_are_exact_at_their_bounds() -> None:
    timing = pb.TimingSeries(
        model="m", method=INFER, kind="inference", latency=facts.histogram(100_000_000, 100_000_001)
    )
    found = samples(published(snapshot(timings=[timing])))
    by_le = {
        dict(labels)["le"]: value
        for labels, value in found["wayside_latency_seconds_bucket"].items()
    }
    assert (by_le["0.05"], by_le["0.1"], by_le["0.25"], by_le["+Inf"]) == (0, 1, 2, 2)
    assert only(found["wayside_latency_seconds_count"]) == 2
    assert only(found["wayside_latency_seconds_sum"]) == pytest.approx(0.200000001)


def test_gaps_and_what_the_tap_adds_have_bounds_of_their_own() -> None:
    timing = facts.timing("m", STREAM)
    gaps = facts.histogram(20_000_000, 20_000_001, 2_500_000_001, bounds=GAP_BOUNDS)
    timing.response_gap.CopyFrom(gaps)
    tap = tap_stats()
    tap.added_latency.CopyFrom(gaps)
    found = samples(published(snapshot(timings=[timing], tap=tap)))
    for name in ("response_gap_seconds", "tap_added_latency_seconds"):
        by_le = {
            dict(labels)["le"]: value for labels, value in found[f"wayside_{name}_bucket"].items()
        }
        assert set(by_le) == {*(bound.le for bound in GAP_BOUNDS), "+Inf"}
        assert (by_le["0.01"], by_le["0.02"], by_le["0.03"]) == (0, 1, 2)
        assert (by_le["2.5"], by_le["+Inf"]) == (2, 3)


def test_sizes_of_batches_are_exact_at_every_power_of_two() -> None:
    timing = pb.TimingSeries(model="m", method=INFER, kind="inference")
    timing.batch_size.CopyFrom(facts.sizes(1, 2, 3, 4, 5, 1024, 1025))
    limits = [facts.batch_limit("m", 2048), facts.batch_limit("other", 0)]
    found = samples(
        published(snapshot(timings=[timing], batch_limits=limits), profile=Profile.FULL)
    )
    by_le = {
        dict(labels)["le"]: value
        for labels, value in found["wayside_request_batch_size_bucket"].items()
    }
    assert by_le == {
        "1.0": 1, "2.0": 2, "4.0": 4, "8.0": 5, "16.0": 5, "32.0": 5, "64.0": 5, "128.0": 5, "256.0": 5,
        "512.0": 5, "1024.0": 6, "+Inf": 7,
    }  # fmt: skip
    assert only(found["wayside_request_batch_size_sum"]) == 15 + 1024 + 1025
    assert found["wayside_model_max_batch_size"] == {frozenset({("model", "m")}): 2048}


def test_unknown_sizes_are_no_line_and_a_model_that_does_not_batch_says_so() -> None:
    moment = snapshot(timings=[facts.timing()], batch_limits=[facts.batch_limit(max_batch_size=0)])
    found = samples(published(moment))
    assert not [name for name in found if name.startswith("wayside_request_batch_size")]
    assert only(found["wayside_model_max_batch_size"]) == 0
    assert "wayside_model_max_batch_size" not in samples(published(snapshot()))


def test_unary_methods_have_no_first_response_and_no_gaps() -> None:
    unary = samples(published(snapshot(timings=[facts.timing()])))
    assert "wayside_first_response_seconds_count" not in unary
    assert "wayside_response_gap_seconds_count" not in unary
    streaming = samples(published(snapshot(timings=[facts.timing(method=STREAM)])))
    assert only(streaming["wayside_first_response_seconds_count"]) == 1_000
    assert only(streaming["wayside_response_gap_seconds_count"]) == 1_000


def test_probes_are_counted_but_not_timed() -> None:
    moment = snapshot(timings=[facts.timing(kind="probe")], counters=[facts.calls(kind="probe")])
    found = samples(published(moment))
    assert "wayside_latency_seconds_count" not in found
    assert only(found["wayside_calls_total"]) == 10


def test_outcomes_of_timings_are_ok_and_failed() -> None:
    """What is specific to answers is of good ones alone."""
    timings = [facts.timing(method=STREAM, failed=failed) for failed in (False, True)]
    for timing in timings:
        timing.batch_size.CopyFrom(facts.sizes(1))
    found = samples(published(snapshot(timings=timings), profile=Profile.FULL))

    def outcomes(name: str) -> set[str]:
        return {dict(labels)["outcome"] for labels in found[f"wayside_{name}_count"]}

    assert outcomes("latency_seconds") == {"ok", "failed"}
    for name in (
        "call_duration_seconds", "first_response_seconds", "response_gap_seconds", "request_batch_size",
    ):  # fmt: skip
        assert outcomes(name) == {"ok"}


def test_frames_are_told_by_sender_and_type() -> None:
    tap = facts.tap_stats(connections=7)
    tap.server_frames.add(label="PING", value=5)
    full = published(snapshot(tap=tap), profile=Profile.FULL)
    assert samples(full)["wayside_tap_http2_frames_total"] == {
        frozenset({("sender", "client"), ("type", "HEADERS")}): 7,
        frozenset({("sender", "server"), ("type", "PING")}): 5,
    }


def test_upgraded_connections_are_told_beside_the_blind() -> None:
    found = samples(published(snapshot(tap=tap_stats(blind=5, upgraded=2))))
    assert only(found["wayside_tap_upgraded_total"]) == 2
    assert only(found["wayside_tap_blind_total"]) == 5


def test_what_has_no_data_has_no_line() -> None:
    empty = pb.Snapshot(epoch_unix_nanos=1, sequence=1)
    found = samples(published(empty))
    for name in (
        "latency_seconds_count",
        "calls_total",
        "calls_in_flight",
        "upstream_up",
        "tap_blind_total",
    ):
        assert f"wayside_{name}" not in found
    assert "wayside_tap_throttled_seconds_total" not in found
    assert "wayside_slo_events_total" not in found


def test_events_of_an_objective_are_there_at_zero_before_the_first() -> None:
    found = samples(published(snapshot(events=[]), objectives=[watched("fast")]))
    assert found["wayside_slo_events_total"] == {
        frozenset({("slo", "fast"), ("outcome", outcome)}): 0
        for outcome in ("good", "bad", "excluded")
    }


def test_events_states_and_targets_of_objectives() -> None:
    objective = watched("fast")
    event = pb.EventSeries(objective=objective.id, good=90, bad=7, excluded=3)
    found = samples(published(snapshot(events=[event]), objectives=[objective]))
    by_outcome = {
        dict(labels)["outcome"]: value
        for labels, value in found["wayside_slo_events_total"].items()
    }
    assert by_outcome == {"good": 90, "bad": 7, "excluded": 3}
    assert "wayside_slo_excluded_total" not in found
    states = {dict(labels)["state"]: value for labels, value in found["wayside_slo_state"].items()}
    assert sorted(states) == ["no_telemetry", "no_traffic", "ok", "stalled", "unreachable"]
    assert sum(states.values()) == 1
    assert only(found["wayside_slo_objective_ratio"]) == 0.999
    assert (
        frozenset({("slo", "fast"), ("spec_hash", objective.spec_hash)})
        in found["wayside_slo_info"]
    )


def test_excluded_events_are_told_by_every_reason_there_is() -> None:
    objective = watched("fast")
    event = pb.EventSeries(objective=objective.id, excluded=3)
    event.excluded_by.add(label="client_error", value=3)
    event.excluded_by.add(label="cancelled", value=0)
    found = samples(published(snapshot(events=[event]), objectives=[objective]))
    assert found["wayside_slo_excluded_total"] == {
        frozenset({("slo", "fast"), ("reason", "client_error")}): 3,
        frozenset({("slo", "fast"), ("reason", "cancelled")}): 0,
    }


def test_an_upstream_that_is_down_is_zero_and_what_it_refused_is_counted() -> None:
    moment = snapshot(upstreams=[facts.upstream(up=False)])
    found = samples(published(moment))
    assert only(found["wayside_upstream_up"]) == 0
    assert only(found["wayside_upstream_refused_total"]) == 0


@pytest.mark.parametrize("accept", [OPENMETRICS, "text/plain;version=0.0.4", "", "*/*"])
def test_both_formats_parse(accept: str) -> None:
    body, content_type = MetricsPage().render(published(full_house()), accept)
    if "openmetrics" in accept:
        assert content_type.startswith("application/openmetrics-text; version=1.0.0")
        assert body.endswith(b"# EOF\n")
        assert list(parse_openmetrics(body.decode()))
    else:
        assert content_type.startswith("text/plain; version=0.0.4")
        assert list(parse_text(body.decode()))


def test_every_family_on_the_page_is_in_the_table_with_its_type_and_labels() -> None:
    table = {metric.name: metric for metric in metrics.ALL}
    for family in families(everything()):
        metric = table[family.name]
        assert family.type == metric.type.value
        extra = {"le"} if metric.type is Type.HISTOGRAM else set()
        for sample in family.samples:
            assert set(sample.labels) - extra <= set(metric.labels)
            assert set(sample.labels) >= set(metric.labels) - metric.optional


def test_every_metric_of_the_table_can_appear() -> None:
    shown = {family.name for family in families(everything())}
    assert {metric.name for metric in metrics.ALL} == shown


def test_the_servers_own_numbers_are_shown_by_model_and_no_more_than_there_are() -> None:
    found = samples(published(snapshot(), server=server_reading()))
    bert, resnet = frozenset({("model", "bert")}), frozenset({("model", "resnet50")})
    assert found["wayside_server_queue_depth"] == {bert: 0, resnet: 3}
    assert found["wayside_server_running"] == {bert: 2}
    assert found["wayside_server_kv_cache_usage_ratio"] == {frozenset({("model", "")}): 0.25}
    assert found["wayside_server_executed_batch_size"] == {resnet: 5.5}
    assert found["wayside_server_metrics_up"] == {frozenset(): 1}
    polls = found["wayside_server_metrics_failed_polls_total"]
    assert polls[frozenset({("reason", "timeout")})] == 1
    assert sum(polls.values()) == 1
    assert len(polls) == len(PollFailure), "each reason is there from 0"
    assert found["wayside_control_series_left_out"] == {frozenset(): 1}


def test_a_server_that_is_silent_has_no_numbers_and_one_not_asked_no_line() -> None:
    silent = ServerReading(up=False, failed_polls=dict.fromkeys(PollFailure, 4))
    shown = {name for name in samples(published(snapshot(), server=silent)) if "_server_" in name}
    assert shown == {"wayside_server_metrics_up", "wayside_server_metrics_failed_polls_total"}
    assert not any("_server_" in name for name in samples(published(snapshot())))


def test_sources_of_tokens_are_never_mixed_and_their_number_is_bounded() -> None:
    both = [facts.tokens(source="usage", count=7), facts.tokens(source="chunks", count=5)]
    shown = samples(published(snapshot(tokens=both)))["wayside_tokens_total"]
    assert sorted((dict(labels)["source"], value) for labels, value in shown.items()) == [
        ("chunks", 5),
        ("usage", 7),
    ]
    many = published(snapshot(tokens=[facts.tokens(f"m{n}") for n in range(203)]))
    assert only(samples(many)["wayside_control_series_left_out"]) == 3


def test_requests_are_shown_by_shape_and_no_more_than_there_is_room_for() -> None:
    series = [
        facts.shapes("b", **{"FP32[-1,16]": 7, "_OTHER": 2}),
        facts.shapes("a", **{"[3]": 1}),
    ]
    full = published(snapshot(shapes=series), profile=Profile.FULL)
    shown = samples(full)["wayside_request_shapes_total"]
    assert [(dict(labels), value) for labels, value in shown.items()] == [
        ({"model": "a", "shape": "[3]"}, 1),
        ({"model": "b", "shape": "FP32[-1,16]"}, 7),
        ({"model": "b", "shape": "_OTHER"}, 2),
    ]
    many = snapshot(shapes=[facts.shapes(f"m{n}") for n in range(MAX_SHAPED_MODELS + 2)])
    found = samples(published(many, profile=Profile.FULL))
    assert len(found["wayside_request_shapes_total"]) == 9 * MAX_SHAPED_MODELS
    assert only(found["wayside_control_series_left_out"]) == 2 * 9


def test_a_newcomer_never_removes_a_series_already_shown() -> None:
    """Whatever its name: a series that vanished would make sums over the page fall."""

    def numbered(models: list[str]) -> pb.Snapshot:
        counters = [facts.calls(model) for model in models]
        timings = [facts.timing(model) for model in models]
        for number, (counted, timed) in enumerate(zip(counters, timings, strict=True)):
            counted.id = timed.id = number
        return snapshot(counters=counters, timings=timings)

    first = [f"m{number:03}" for number in range(MAX_COUNTER_SERIES)]
    before = samples(published(numbered(first)))
    after = samples(published(numbered([*first, "aaa"])))
    for name in ("wayside_calls_total", "wayside_latency_seconds_count"):
        assert after[name] == before[name]
    assert len(before["wayside_calls_total"]) == MAX_COUNTER_SERIES
    assert 50 < len(before["wayside_latency_seconds_count"]) < 100
    assert only(after["wayside_control_series_left_out"]) == (
        only(before["wayside_control_series_left_out"]) + 2
    )


def test_label_values_from_the_wire_are_escaped() -> None:
    name = 'a"b\\c\nd'
    found = samples(published(snapshot(counters=[facts.calls(name)])))
    assert any(("model", name) in labels for labels in found["wayside_calls_total"])


def test_a_page_is_rendered_once_per_tick_and_format() -> None:
    page, moment = MetricsPage(), published(snapshot())
    first, _ = page.render(moment, "")
    assert page.render(moment, "")[0] is first
    assert page.render(moment, OPENMETRICS)[0] is not first
    assert page.render(moment, "")[0] is first
    later = published(snapshot(), tick=2)
    assert page.render(later, "")[0] is not first


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("chosen", [Format.TEXT, Format.OPENMETRICS])
def test_text_dates_events_alone_and_only_where_there_is_a_word_for_it(
    chosen: Format, profile: Profile
) -> None:
    """Each is a line: a bound of the profile `slo` would not hold with them."""
    moment = everything(profile)
    body, _ = MetricsPage().render(moment, chosen.value)
    dated = [line for line in body.decode().splitlines() if "_created{" in line]
    created = text.number(moment.moment.epoch_unix_nanos / 1e9)
    told = chosen is Format.OPENMETRICS and profile is not Profile.SLO
    assert dated == [
        f'wayside_slo_events_created{{outcome="{outcome}",slo="fast"}} {created}'
        for outcome in (("good", "bad", "excluded") if told else ())
    ]
