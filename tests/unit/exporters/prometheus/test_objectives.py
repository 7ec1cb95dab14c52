"""Objectives on /metrics: events of every instance, burn of the first hundred, `model` only where counted by model."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exporters.prometheus.render import MetricsPage
from sidecar.model.duration import HOUR, MINUTE
from sidecar.model.objectives_page import MAX_INSTANCES
from sidecar.model.sections.objectives import Burn
from sidecar.model.sections.store import StoreReading
from sidecar.model.snapshot import Snapshot
from sidecar.model.windows import SeriesKey
from sidecar.tapclient import tap_pb2 as pb
from tests.fakes.burning import on_fire, quiet, reading, tiers, told, window, young
from tests.fakes.pages import parse_openmetrics, parse_text

Labels = tuple[tuple[str, str], ...]


def shown(snapshot: Snapshot) -> dict[str, dict[Labels, float]]:
    """Sample name without prefix -> sorted labels -> value, equal in both formats."""
    pages = []
    for accept, parse in (("application/openmetrics-text", parse_openmetrics), ("", parse_text)):
        found: dict[str, dict[Labels, float]] = {}
        body, _ = MetricsPage().render(snapshot, accept)
        for family in parse(body.decode()):
            for sample in family.samples:
                name = sample.name.removeprefix("wayside_")
                found.setdefault(name, {})[tuple(sorted(sample.labels.items()))] = sample.value
        pages.append(found)
    assert pages[0] == pages[1]
    return pages[0]


def test_a_burning_budget_is_told_in_numbers() -> None:
    found = shown(told([reading("fast", on_fire())]))
    burns = {dict(at)["window"]: value for at, value in found["replica_burn_rate"].items()}
    assert list(burns) == ["5m", "30m", "1h", "2h", "6h", "1d", "3d"], "30d is no tier's window"
    assert burns["5m"] == pytest.approx(30)
    assert found["replica_budget_remaining_ratio"] == {(("slo", "fast"),): 0.214}
    assert found["replica_exhaustion_seconds"] == {(("slo", "fast"),): 7200}
    assert found["replica_window_seconds"] == {(("slo", "fast"),): 30 * 86_400}
    firing = {dict(at)["tier"]: value for at, value in found["replica_tier_firing"].items()}
    assert firing == {
        "page-fast": 1, "page-slow": 0, "ticket-fast": 0, "ticket-slow": 0, "stalled": 0, "unreachable": 0,
    }  # fmt: skip


def test_what_is_not_known_has_no_line() -> None:
    never = Burn((window(HOUR, 0, 0, covered=MINUTE),), (), None, None, 6 * HOUR)
    found = shown(told([reading("idle", never), reading("new", None)], StoreReading()))
    told_of = {name for name in found if name.startswith(("replica_", "state_"))}
    assert told_of == {"replica_window_seconds"}
    assert found["replica_window_seconds"] == {(("slo", "idle"),): 60}


def test_tiers_whose_windows_are_not_kept_are_absent_and_so_are_their_windows() -> None:
    found = shown(told([reading("young", young())]))
    assert {dict(at)["window"] for at in found["replica_burn_rate"]} == {"5m", "30m", "1h", "6h"}
    assert "ticket-fast" not in {dict(at)["tier"] for at in found["replica_tier_firing"]}


def test_model_is_a_label_only_where_events_are_counted_by_model() -> None:
    whole, one, other = (
        reading("all", quiet()),
        reading("each", on_fire(), "bert", excluded=3),
        reading("each", quiet(), "unknown"),
    )
    found = shown(told([whole, one, other]))
    for name in (
        "slo_events_total", "slo_excluded_total", "slo_state", "replica_burn_rate", "replica_tier_firing",
        "replica_budget_remaining_ratio", "replica_window_seconds",
    ):  # fmt: skip
        models = {(dict(at)["slo"], dict(at).get("model")) for at in found[name]}
        assert models == {("all", None), ("each", "bert"), ("each", "unknown")}, name
    assert (
        found["slo_events_total"][("model", "bert"), ("outcome", "excluded"), ("slo", "each")] == 6
    )
    assert set(found["slo_objective_ratio"]) == {(("slo", "all"),), (("slo", "each"),)}
    assert len(found["slo_info"]) == 2


def test_a_trace_stands_at_the_bad_events_of_its_own_instance() -> None:
    readings = [reading("each", quiet(), "bert"), reading("each", quiet(), "unknown")]
    objective = readings[0].objective
    event = pb.EventSeries(objective=objective.id, model="bert", bad=50)
    event.exemplar.trace_id, event.exemplar.value_nanos = b"\xab" * 16, 250_000_000
    event.exemplar.unix_nanos = 1_760_000_000_500_000_000
    shown_now = told(readings)
    traffic = replace(shown_now.traffic, events={SeriesKey(objective.id, "bert"): event})
    page, _ = MetricsPage().render(
        replace(shown_now, traffic=traffic), "application/openmetrics-text"
    )
    with_trace = [line for line in page.decode().splitlines() if " # " in line]
    assert with_trace == [
        'wayside_slo_events_total{model="bert",outcome="bad",slo="each"} 50.0 '
        f'# {{trace_id="{"ab" * 16}"}} 0.25 1760000000.500000000'
    ]


def test_beyond_a_hundred_instances_only_events_are_shown_and_the_rest_is_counted() -> None:
    readings = [reading("each", on_fire(), f"m{n}") for n in range(MAX_INSTANCES + 2)]
    found = shown(told(readings))
    assert len(found["slo_events_total"]) == 3 * (MAX_INSTANCES + 2)
    for name in ("replica_budget_remaining_ratio", "replica_window_seconds"):
        assert len(found[name]) == MAX_INSTANCES
    alone = shown(told(readings[:1]))
    lines = sum(
        len(values)
        for name, values in alone.items()
        if name.startswith(("slo_state", "slo_excluded", "replica_"))
    )
    assert found["control_series_left_out"] == {(): 2 * lines}
    assert alone["control_series_left_out"] == {(): 0}


def test_the_store_is_up_down_or_not_asked_for() -> None:
    assert shown(told([], StoreReading("disk")))["state_store_up"] == {(): 1}
    down = StoreReading("disk", up=False, reason="no space left")
    assert shown(told([], down))["state_store_up"] == {(): 0}
    assert "state_store_up" not in shown(told([], StoreReading("tap")))


def test_a_file_that_was_set_aside_is_named() -> None:
    store = StoreReading("disk", set_aside="wayside.db.damaged-20261130T201500Z")
    assert shown(told([], store))["state_set_aside_info"] == {
        (("file", "wayside.db.damaged-20261130T201500Z"),): 1
    }
    assert "state_set_aside_info" not in shown(told([]))


def test_a_tier_fires_as_long_as_the_engine_says_so() -> None:
    """The page repeats the decision: it makes none of its own."""
    cold = replace(quiet(), tiers=tiers({"ticket-slow": 1}))
    found = shown(told([reading("fast", cold)]))
    assert found["replica_tier_firing"][("slo", "fast"), ("tier", "ticket-slow")] == 1
