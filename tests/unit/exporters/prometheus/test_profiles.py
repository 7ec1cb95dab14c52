"""How many lines each profile is, and that a smaller one tells the same with fewer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from dev.metrics_page import DATED_LINES_OF_TWENTY, LINES, SLO_SERIES_OF_TWENTY
from exporters.prometheus.negotiation import Format
from exporters.prometheus.render import MetricsPage
from sidecar.model import metrics
from sidecar.model.metrics import Metric
from sidecar.model.profiles import Profile, profiles_of, shown_as
from sidecar.model.snapshot import Snapshot
from sidecar.model.windows import SeriesKey
from tests.fakes import facts
from tests.fakes.burning import named, on_fire, reading, told
from tests.fakes.busy_servers import METHODS, busy, many_models
from tests.fakes.full_house import everything
from tests.fakes.pages import parse_openmetrics
from tests.fakes.protobuf_page import parse_protobuf
from tests.fakes.published import published, server_reading, watched

Labels = frozenset[tuple[str, str]]


def with_objectives(moment: Snapshot, count: int) -> Snapshot:
    """Add objectives of which each shows all it can."""
    objectives = [watched(f"objective-{number}") for number in range(count)]
    return replace(moment, objectives=named(objectives, on_fire()))


def in_profile(moment: Snapshot, profile: Profile) -> Snapshot:
    """Show a moment in another profile."""
    return replace(
        moment, config=replace(moment.config, page=replace(moment.config.page, profile=profile))
    )


def page_lines(moment: Snapshot, chosen: Format = Format.TEXT) -> list[str]:
    """Every line of the page as text, comments among them."""
    return MetricsPage().render(moment, chosen.value)[0].decode().splitlines()


def dated(moment: Snapshot) -> Snapshot:
    """Let the tap know of every objective, so that its events have a date."""
    events = {
        SeriesKey(each.objective.id, each.model): facts.event(each.objective.id)
        for each in moment.objectives.readings
    }
    return replace(moment, traffic=replace(moment.traffic, events=events))


def series(moment: Snapshot) -> int:
    """How many series a Prometheus keeps that takes native histograms: each of them is one."""
    body, _ = MetricsPage().render(moment, Format.PROTOBUF.value)
    return sum(len(family.metric) for family in parse_protobuf(body))


def values(moment: Snapshot) -> dict[str, dict[Labels, float]]:
    """Sample name -> labels -> value."""
    found: dict[str, dict[Labels, float]] = {}
    body, _ = MetricsPage().render(moment, Format.OPENMETRICS.value)
    for family in parse_openmetrics(body.decode()):
        for sample in family.samples:
            found.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value
    return found


@pytest.mark.parametrize(("profile", "models"), LINES)
def test_a_page_is_as_long_as_documented(profile: Profile, models: int) -> None:
    assert len(page_lines(busy(models, profile))) == LINES[profile, models]


@pytest.mark.parametrize("objectives", [0, 1, 64])
def test_slo_is_150_lines_and_12_of_each_objective(objectives: int) -> None:
    one = dated(with_objectives(busy(1, Profile.SLO), objectives))
    assert len(page_lines(one)) <= 150 + 12 * objectives
    assert len(page_lines(one, Format.OPENMETRICS)) <= 150 + 12 * objectives


@pytest.mark.parametrize("objectives", [0, 1, 20])
def test_slo_of_twenty_models_is_as_much_where_histograms_are_native(objectives: int) -> None:
    assert series(with_objectives(busy(20, Profile.SLO), objectives)) <= 150 + 12 * objectives
    assert series(busy(20, Profile.SLO)) == SLO_SERIES_OF_TWENTY


def test_an_objective_in_slo_is_12_lines_whatever_was_excluded() -> None:
    every_reason = tuple((f"reason-{number}", number) for number in range(1, 10))
    one = reading("fast", on_fire())
    one = replace(one, events=replace(one.events, excluded_by=every_reason))
    without, with_one = (in_profile(told(each), Profile.SLO) for each in ([], [one]))
    comments = 2 * 4  # of definitions, events, reasons and states
    for chosen in (Format.TEXT, Format.OPENMETRICS):
        more = len(page_lines(dated(with_one), chosen)) - len(page_lines(without, chosen))
        assert more - comments == 12


def test_default_of_one_model_is_500_lines_with_two_objectives() -> None:
    assert len(page_lines(dated(with_objectives(busy(1), 2)), Format.OPENMETRICS)) <= 500


def test_default_of_twenty_models_is_5000_lines_with_an_objective_each() -> None:
    twenty = dated(with_objectives(busy(20), 20))
    assert len(page_lines(twenty, Format.OPENMETRICS)) == DATED_LINES_OF_TWENTY <= 5_000


def left_out(moment: Snapshot) -> float:
    """How many series the page says it has left out."""
    (count,) = values(moment)["wayside_control_series_left_out"].values()
    return count


def test_of_twenty_models_nothing_is_left_out_until_most_of_them_fail() -> None:
    assert left_out(published(many_models(20, ["OK"]))) == 0
    failing = published(many_models(20))
    shown = len(values(failing)["wayside_latency_seconds_count"])
    assert left_out(failing) == 120 - shown
    assert shown > 100
    assert left_out(in_profile(failing, Profile.SLO)) == 0


@pytest.mark.parametrize("metric", metrics.ALL, ids=lambda metric: metric.name)
def test_a_larger_profile_shows_what_a_smaller_one_does(metric: Metric) -> None:
    in_which = profiles_of(metric)
    assert in_which == tuple(Profile)[len(Profile) - len(in_which) :]
    in_slo = shown_as(metric, Profile.SLO)
    assert in_slo is None or set(in_slo.labels) <= set(metric.labels)


@pytest.mark.parametrize("profile", Profile)
def test_a_page_has_the_metrics_of_its_profile_and_no_others(profile: Profile) -> None:
    bodies = MetricsPage().render(everything(profile), Format.OPENMETRICS.value)[0].decode()
    shown = {family.name for family in parse_openmetrics(bodies)}
    assert shown == {each.name for each in metrics.ALL if profile in profiles_of(each)}


SUMMED: dict[str, Callable[[dict[str, str]], bool]] = {
    "wayside_calls_total": lambda labels: labels["kind"] == "inference",
    "wayside_requests_total": lambda labels: labels["kind"] == "inference",
    "wayside_calls_in_flight": lambda labels: labels["kind"] == "inference",
    "wayside_latency_seconds_bucket": lambda _: True,
    "wayside_latency_seconds_count": lambda _: True,
    "wayside_latency_seconds_sum": lambda _: True,
}


@pytest.mark.parametrize("name", SUMMED)
def test_slo_is_the_sum_of_what_default_tells(name: str) -> None:
    """So that a rule over either gives the same. Probes are in neither."""
    answer = many_models(2)
    answer.counters.append(facts.calls("model-0", kind="probe", count=5))
    answer.flights.append(facts.flight("model-0", kind="probe", open_requests=3))
    moment = published(answer)
    brief = values(in_profile(moment, Profile.SLO))[name]
    kept = {label for labels in brief for label, _ in labels}
    sums: dict[Labels, float] = {}
    for labels, value in values(moment)[name].items():
        if SUMMED[name](dict(labels)):
            at = frozenset((label, each) for label, each in labels if label in kept)
            sums[at] = sums.get(at, 0) + value
    assert brief == pytest.approx(sums)
    assert len(values(moment)[name]) > len(brief)


def test_slo_tells_the_state_that_there_is_and_reasons_that_there_were() -> None:
    found = values(in_profile(told([reading("fast", on_fire(), excluded=3)]), Profile.SLO))
    assert found["wayside_slo_state"] == {frozenset({("slo", "fast"), ("state", "ok")}): 1}
    reasons = {
        dict(labels)["reason"]: value
        for labels, value in found["wayside_slo_excluded_total"].items()
    }
    assert reasons == {"client_error": 3, "cancelled": 3}
    assert sum(found["wayside_slo_events_total"].values()) == 9_000 + 50 + 6


def test_shapes_that_are_not_shown_are_not_left_out() -> None:
    many = facts.snapshot(shapes=[facts.shapes(f"m{number}") for number in range(30)])
    assert left_out(published(many)) == 0
    assert left_out(published(many, profile=Profile.FULL)) == 90


def test_the_servers_own_numbers_are_left_out_of_slo() -> None:
    moment = published(facts.snapshot(), server=server_reading())
    assert left_out(moment) == 1
    assert left_out(in_profile(moment, Profile.SLO)) == 0


def test_of_several_traces_slo_names_the_slowest() -> None:
    timings = [facts.timing("m", method) for method in METHODS]
    for timing, value in zip(timings, (5, 9, 7), strict=True):
        timing.latency_exemplar.trace_id = bytes([value]) * 16
        timing.latency_exemplar.value_nanos = value
        timing.latency_exemplar.unix_nanos = 1
    body, _ = MetricsPage().render(
        published(facts.snapshot(timings=timings), profile=Profile.SLO), Format.OPENMETRICS.value
    )
    assert [line.partition(" # ")[2] for line in body.decode().splitlines() if " # " in line] == [
        f'{{trace_id="{"09" * 16}"}} 9e-09 0.000000001'
    ]
