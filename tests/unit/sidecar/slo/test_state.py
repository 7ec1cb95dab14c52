"""States: each kind of silence has its own name."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from sidecar.model.indicator import Available
from sidecar.model.objective import Objective, State
from sidecar.slo.state import Evidence, Subject, state_of
from sidecar.tapclient import tap_pb2 as pb
from tests.fakes.facts import INFER, SECOND, flight, histogram

NOW = 1_000 * SECOND
ANY = Objective("answers", Available(), "0.999")


class Facts(NamedTuple):
    """Evidence, and when a request of an objective was last seen."""

    evidence: Evidence
    last_events: dict[str, int]


def facts(
    *flights: pb.Flight,
    up: bool = True,
    blind: int = 0,
    latency_nanos: int = 20_000_000,
    observing: bool = True,
    last_event_nanos: int = 0,
) -> Facts:
    """A moment with these flights; everything completed so far took `latency_nanos`."""
    timing = pb.TimingSeries(
        model="resnet50", method=INFER, kind="inference", latency=histogram(*[latency_nanos] * 100)
    )
    found = Evidence(list(flights), [timing], not up, blind / 100, observing)
    return Facts(found, {ANY.id: last_event_nanos})


def state(found: Facts, objective: Objective = ANY, model: str = "") -> State:
    """The state at NOW."""
    last_event = found.last_events.get(objective.id, 0)
    return state_of(Subject.of(objective, model), last_event, found.evidence, NOW)


def test_recent_completions_are_ok() -> None:
    assert state(facts(flight(last_completed_nanos=NOW - SECOND))) is State.OK


def test_nothing_ever_and_nothing_for_a_minute_are_no_traffic() -> None:
    assert state(facts()) is State.NO_TRAFFIC
    assert state(facts(flight())) is State.NO_TRAFFIC
    assert state(facts(flight(last_completed_nanos=NOW - 61 * SECOND))) is State.NO_TRAFFIC


def test_requests_that_only_fail_are_traffic_under_whatever_label_they_are_counted() -> None:
    """Nothing completed: what tells of them is the tap, by the models' true names."""
    assert state(facts(last_event_nanos=NOW - SECOND)) is State.OK
    assert state(facts(flight("unknown"), last_event_nanos=NOW - 60 * SECOND)) is State.OK
    assert state(facts(last_event_nanos=NOW - 61 * SECOND)) is State.NO_TRAFFIC
    another = Objective("fast", Available(), "0.99", "another")
    assert state(facts(last_event_nanos=NOW - SECOND), another) is State.NO_TRAFFIC


def test_a_model_without_a_name_that_hangs_stalls_the_objective_over_all_models() -> None:
    hanging = flight("unknown", open_requests=1, oldest_open_nanos=11 * SECOND)
    assert state(facts(hanging, last_event_nanos=NOW)) is State.STALLED
    by_name = Objective("llamas", Available(), "0.99", "llama-*")
    assert state(facts(hanging), by_name) is State.NO_TRAFFIC, "it may be another model"


def test_an_objective_that_was_edited_knows_of_the_calls_before() -> None:
    """Events begin anew with it, completions do not."""
    assert state(facts(flight(last_completed_nanos=NOW - SECOND), last_event_nanos=0)) is State.OK


def test_the_first_request_on_its_way_is_ok() -> None:
    waiting = flight(open_requests=1, oldest_open_nanos=SECOND)
    assert state(facts(waiting)) is State.OK


@pytest.mark.parametrize(
    ("age_seconds", "expected"), [(9, State.OK), (10, State.STALLED), (600, State.STALLED)]
)
def test_open_requests_and_ten_seconds_without_a_completion_are_stalled(
    age_seconds: int, expected: State
) -> None:
    age = age_seconds * SECOND
    hanging = flight(open_requests=3, oldest_open_nanos=age, last_completed_nanos=NOW - age)
    assert state(facts(hanging)) is expected


def test_a_server_that_never_answered_anything_is_stalled() -> None:
    assert state(facts(flight(open_requests=1, oldest_open_nanos=11 * SECOND))) is State.STALLED


def test_a_slow_model_is_given_five_times_its_p99() -> None:
    def hanging(seconds: int) -> Facts:
        age = seconds * SECOND
        return facts(
            flight(open_requests=1, oldest_open_nanos=age, last_completed_nanos=NOW - age),
            latency_nanos=10 * SECOND,
        )

    assert state(hanging(40)) is State.OK
    assert state(hanging(60)) is State.STALLED


def test_a_request_after_an_idle_hour_is_no_stall() -> None:
    woken = flight(
        open_requests=1, oldest_open_nanos=SECOND, last_completed_nanos=NOW - 900 * SECOND
    )
    assert state(facts(woken)) is State.OK


def test_one_model_answering_keeps_the_objective_over_all_of_them_moving() -> None:
    hanging = flight("a", open_requests=1, oldest_open_nanos=60 * SECOND)
    moving = flight("b", last_completed_nanos=NOW - SECOND)
    assert state(facts(hanging, moving)) is State.OK


def test_a_server_that_cannot_be_reached_is_unreachable_before_anything_else() -> None:
    hanging = flight(open_requests=1, oldest_open_nanos=60 * SECOND)
    assert state(facts(hanging, up=False, blind=50)) is State.UNREACHABLE


def test_more_than_one_percent_blind_connections_are_no_telemetry() -> None:
    recent = flight(last_completed_nanos=NOW - SECOND)
    assert state(facts(recent, blind=1)) is State.OK
    assert state(facts(recent, blind=2)) is State.NO_TELEMETRY
    assert state(facts(recent, observing=False)) is State.NO_TELEMETRY


def test_a_stall_is_told_even_where_sight_is_poor() -> None:
    hanging = flight(open_requests=1, oldest_open_nanos=60 * SECOND)
    assert state(facts(hanging, blind=5)) is State.STALLED


def test_an_objective_is_about_what_its_globs_match_and_inference_only() -> None:
    objective = Objective("chat", Available(), "0.99", "llama-*", "*/ModelInfer")
    recent = NOW - SECOND
    assert state(facts(flight("llama-7b", last_completed_nanos=recent)), objective) is State.OK
    assert (
        state(facts(flight("resnet50", last_completed_nanos=recent)), objective) is State.NO_TRAFFIC
    )
    probe = flight("llama-7b", last_completed_nanos=recent, kind="probe")
    assert state(facts(probe), objective) is State.NO_TRAFFIC


def test_a_model_of_an_objective_counted_by_model_is_that_model_alone() -> None:
    by_model = Objective("each", Available(), "0.99", "llama-*", per_model=True)
    recent = flight("llama-7b", last_completed_nanos=NOW - SECOND)
    assert state(facts(recent), by_model, "llama-7b") is State.OK
    assert state(facts(recent), by_model, "llama-70b") is State.NO_TRAFFIC
    hanging = flight("unknown", open_requests=1, oldest_open_nanos=60 * SECOND)
    assert state(facts(recent, hanging), by_model, "unknown") is State.STALLED
