"""/api/v1/slo: everything of every reading, and what is absent absent."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from sidecar.model.duration import HOUR, MINUTE
from sidecar.model.indicator import All, Available, LatencyBelow
from sidecar.model.objective import State
from sidecar.model.sections.alerts import Alert, AlertmanagerReading, Alerts
from sidecar.model.sections.objectives import Burn, Exhaustion, ObjectiveReading
from sidecar.model.sections.store import StoreReading
from sidecar.net.http_server import Request
from sidecar.web.document.slo import slo_document
from sidecar.web.pages import Pages
from tests.fakes.burning import (
    AT_UNIX_NANOS,
    REASONS,
    on_fire,
    quiet,
    reading,
    told,
    window,
    young,
)


def of(one: ObjectiveReading) -> dict[str, Any]:
    """The part about one reading."""
    (found,) = slo_document(told([one]))["objectives"]
    assert json.loads(json.dumps(found)) == found
    assert "null" not in json.dumps(found)
    return dict(found)


def test_a_reading_is_told_whole() -> None:
    found = of(reading("fast", on_fire(), excluded=3))
    assert {name: found[name] for name in ("name", "promise", "match", "objective_ratio", "window", "state")} == {
        "name": "fast", "promise": "latency_below: 100ms", "match": {"model": "bert"}, "objective_ratio": "0.999",
        "window": "30d", "state": "ok",
    }  # fmt: skip
    assert found["window_seconds"] == 30 * 86_400
    assert found["events"] == {"good": 9_000, "bad": 50, "excluded": 6}
    assert found["excluded_by"] == {**dict.fromkeys(REASONS, 0), "client_error": 3, "cancelled": 3}
    assert found["budget"] == {"remaining_ratio": 0.214, "exhausted": False}
    assert found["exhaustion"] == {
        "seconds": 7_200, "soonest_seconds": 6_000, "latest_seconds": 9_600, "window": "1h",
    }  # fmt: skip
    assert (found["retained"], found["retained_seconds"]) == ("30d", 30 * 86_400)
    assert "model" not in found
    assert found["guard"] == {
        "min_bad": 5, "many_bad": 50, "minutes": 3, "streak_bad": 3, "streak_seconds": 21_600,
        "page_sigmas": 0.5, "ticket_sigmas": 3.0,
    }  # fmt: skip


def test_windows_say_what_lies_in_them_and_of_which_slots_they_are_made() -> None:
    found = of(reading("fast", on_fire()))["windows"]
    assert [each["window"] for each in found] == ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"]
    assert found[0] == {
        "window": "5m", "seconds": 300, "covered_seconds": 300, "slot": "10s", "slots": 30, "good": 9_700, "bad": 300,
        "bad_minutes": 5, "burn": pytest.approx(30),
    }  # fmt: skip
    slots = {each["window"]: (each["slots"], each["slot"]) for each in found}
    assert slots["1h"] == (360, "10s")
    assert slots["6h"] == (360, "1m")
    assert slots["3d"] == (864, "5m")
    assert slots["30d"] == (720, "1h")


def test_a_window_without_events_has_no_burn_and_one_without_minutes_none() -> None:
    empty = replace(window(HOUR, 0, 0, covered=MINUTE), bad_minutes=None)
    (found,) = of(reading("idle", Burn((empty,), (), None, None, HOUR)))["windows"]
    assert (found["covered_seconds"], found["good"], found["bad"]) == (60, 0, 0)
    assert not {"burn", "bad_minutes"} & set(found)


def test_tiers_say_when_they_fire_and_since_when_and_what_holds_them() -> None:
    found = {each["name"]: each for each in of(reading("fast", on_fire()))["tiers"]}
    assert found["page-fast"] == {
        "name": "page-fast", "severity": "page", "long": "1h", "short": "5m", "factor": pytest.approx(14.4),
        "threshold_ratio": pytest.approx(0.0144), "firing": True, "since_unix_nanos": AT_UNIX_NANOS - 12 * MINUTE,
        "out_of_reach": False,
    }  # fmt: skip
    assert found["page-slow"]["fires_in_seconds"] == 480
    assert "since_unix_nanos" not in found["page-slow"]
    assert found["stalled"] == {
        "name": "stalled", "severity": "page", "firing": False, "out_of_reach": False,
    }  # fmt: skip
    held = {each["name"]: each for each in of(reading("young", young()))["tiers"]}
    assert held["page-fast"]["held_by"] == "guard"
    assert [name for name, each in held.items() if each["out_of_reach"]] == [
        "ticket-fast",
        "ticket-slow",
    ]


def test_a_reading_that_the_engine_has_not_looked_at_has_no_burn() -> None:
    found = of(reading("new", None, state=State.NO_TRAFFIC))
    assert not {"windows", "tiers", "budget", "exhaustion", "retained"} & set(found)
    assert found["state"] == "no_traffic"
    brief = replace(quiet(), retained_nanos=HOUR)
    assert of(reading("brief", brief))["guard"]["streak_seconds"] == 3_600, "of what is kept"


def test_what_is_not_known_of_a_budget_is_absent_and_what_is_overspent_says_so() -> None:
    assert not {"budget", "exhaustion"} & set(of(reading("young", young())))
    spent = replace(quiet(), budget_remaining=-2.5, exhaustion=Exhaustion(0, 0, 0, HOUR))
    found = of(reading("spent", spent))
    assert found["budget"] == {"remaining_ratio": -2.5, "exhausted": True}
    assert found["exhaustion"]["seconds"] == 0
    exactly = of(reading("spent", replace(quiet(), budget_remaining=0.0)))
    assert exactly["budget"] == {"remaining_ratio": 0, "exhausted": True}
    perhaps = replace(quiet(), exhaustion=Exhaustion(HOUR, MINUTE, None, HOUR))
    assert "latest_seconds" not in of(reading("perhaps", perhaps))["exhaustion"]


def test_each_model_of_an_objective_has_its_own() -> None:
    document = slo_document(
        told([reading("each", quiet(), "bert"), reading("each", None, "unknown")])
    )
    assert [each["model"] for each in document["objectives"]] == ["bert", "unknown"]


def test_goodput_is_told_in_words_and_min_bad_is_the_objectives_own() -> None:
    one = reading("chat", quiet())
    goodput = All((Available(), LatencyBelow(2_000_000_000)))
    objective = replace(one.objective, indicator=goodput, min_bad=9, method_glob="*/Infer")
    found = of(replace(one, objective=objective))
    assert found["promise"] == "all: [{available: true}, {latency_below: 2s}]"
    assert found["guard"]["min_bad"] == 9
    assert found["match"] == {"model": "bert", "method": "*/Infer"}


def test_where_state_is_kept_and_whether_that_works() -> None:
    assert slo_document(told([]))["state"] == {"home": "disk", "up": True, "behind_seconds": 0}
    down = StoreReading("disk", False, "no space left", "wayside.db.damaged-1", 12.5)
    document = slo_document(told([], down, clock_moved=-5_000_000_000))
    assert document["state"] == {
        "home": "disk", "up": False, "reason": "no space left", "set_aside": "wayside.db.damaged-1",
        "behind_seconds": 12.5,
    }  # fmt: skip
    assert document["clock_moved_seconds"] == -5
    assert document["at_unix_nanos"] == AT_UNIX_NANOS
    assert "state" not in slo_document(replace(told([]), store=None))


def test_the_page_is_served_and_listed_and_the_index_says_what_fires() -> None:
    shown = told([reading("fast", on_fire()), reading("each", quiet(), "bert")])
    pages = Pages(lambda: shown, lambda _snapshot, _accept: (b"", ""))
    answer = pages.handle(Request("/api/v1/slo", ""))
    assert json.loads(answer.body) == slo_document(shown)
    index = pages.handle(Request("/", "")).body.decode()
    assert "/api/v1/slo" in index
    assert "objective fast: ok, page-fast firing\n" in index
    assert "objective each of bert: ok\n" in index


def test_what_is_sent_where_is_told_where_anything_is() -> None:
    assert "alerts" not in slo_document(told([]))
    firing = Alert((("alertname", "A"),), (("summary", "s"),), 5, 9)
    ended = Alert((("alertname", "B"),), (), 5, 6, resolved=True)
    down = AlertmanagerReading("http://b", errors=3, dropped=1, queued=2, last_error="refused")
    snapshot = replace(
        told([]),
        alerts=Alerts((firing, ended), (), 7),
        alertmanagers=(AlertmanagerReading("http://a", 4, last_success_unix_nanos=8), down),
    )
    assert slo_document(snapshot)["alerts"] == {
        "firing": [
            {
                "labels": {"alertname": "A"}, "annotations": {"summary": "s"}, "starts_at_unix_nanos": 5,
                "ends_at_unix_nanos": 9,
            }
        ],
        "resolved": [
            {"labels": {"alertname": "B"}, "annotations": {}, "starts_at_unix_nanos": 5, "ends_at_unix_nanos": 6}
        ],
        "left_out": 7,
        "alertmanagers": [
            {"url": "http://a", "sent": 4, "errors": 0, "dropped": 0, "queued": 0, "last_success_unix_nanos": 8},
            {"url": "http://b", "sent": 0, "errors": 3, "dropped": 1, "queued": 2, "last_error": "refused"},
        ],
    }  # fmt: skip
