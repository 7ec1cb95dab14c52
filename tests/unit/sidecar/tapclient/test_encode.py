"""The policy on the seam: every noun arrives."""

from __future__ import annotations

import pytest

from sidecar.model.indicator import (
    All,
    Available,
    FirstTokenBelow,
    LatencyBelow,
    LongestGapBelow,
    TokenTimeBelow,
)
from sidecar.model.objective import Objective
from sidecar.model.outcomes import Outcome, OutcomeRule
from sidecar.model.policy import (
    BatchLimit,
    HeaderExtract,
    JsonExtract,
    JsonRead,
    JsonStep,
    Kind,
    Limits,
    Listener,
    Method,
    Policy,
    Read,
    Route,
    Slot,
)
from sidecar.tapclient import encode
from sidecar.tapclient import tap_pb2 as pb

POLICY = Policy(
    listeners=(Listener("grpc", ":8001", "unix:/run/m.sock"),),
    generation=3,
    config_hash="abc",
    config_valid=False,
    health="h:1",
    drain_token_file="/run/token",
    admin="a:1",
    limits=Limits(1, 2, 3, 4, 5, 6),
    methods=(
        Method("/a.B/C", Kind.PROBE, outcomes=(OutcomeRule("UNAVAILABLE", "full", Outcome.SHED),)),
    ),
    routes=(
        Route(
            "/a/{model}",
            Kind.ADMIN,
            True,
            (JsonExtract(Slot.MODEL, (JsonStep("m"), JsonStep(item=2)), JsonRead.STRING),),
            (
                JsonExtract(Slot.OUTPUT, (JsonStep(each=True),), JsonRead.PRESENT),
                JsonExtract(Slot.FINAL, (JsonStep("t"),), JsonRead.STRING, ("over", "out")),
            ),
            99,
            (HeaderExtract(Slot.REQUEST_ID, "x-request-id"),),
            (HeaderExtract(Slot.TOKENS_OUT, "x-tokens", True),),
            (OutcomeRule("503", "", Outcome.SHED),),
            streams_when_asked=True,
        ),
    ),
    models=("m",),
    served_model="s",
    batch_limits=(BatchLimit("m*", 8), BatchLimit("*", 0)),
    probe_models=True,
    outcomes=(OutcomeRule("429", "", Outcome.CLIENT_ERROR),),
    give_up_nanos=10,
    objectives=(
        Objective("a", Available(11), "0.9"),
        Objective("l", LatencyBelow(5), "0.9", "m*", "a.B/*"),
        Objective("f", FirstTokenBelow(6), "0.9"),
        Objective(
            "g",
            All((FirstTokenBelow(6, 7, 8), TokenTimeBelow(9), LongestGapBelow(10))),
            "0.9",
            per_model=True,
        ),
    ),
    drain_delay_nanos=7,
    drain_total_nanos=8,
    final_scrape_nanos=9,
    first_scrape_nanos=10,
    control_argv=("python", "-m"),
    control_memory_bytes=9,
    log_format="json",
    control_settings=b"{}",
    observe=True,
)


def test_every_part_of_the_policy_arrives() -> None:
    message = encode.parse_policy(encode.policy_bytes(POLICY))
    assert (message.generation, message.config_hash, message.config_valid) == (3, "abc", False)
    assert message.listeners[0] == pb.Listener(
        name="grpc", listen=":8001", upstream="unix:/run/m.sock"
    )
    assert message.limits == pb.Limits(
        threads=1, unsent_bytes=2, connections=3, models=4, methods=5, series=6
    )
    assert [(each.model, each.max_batch_size) for each in message.batch_limits] == [
        ("m*", 8),
        ("*", 0),
    ]
    assert message.probe_models is True
    assert list(message.outcomes) == [pb.OutcomeRule(code="429", outcome="client_error")]
    assert message.give_up_nanos == 10
    assert (message.drain.delay_nanos, message.drain.total_nanos) == (7, 8)
    assert (message.drain.final_scrape_nanos, message.first_scrape_nanos) == (9, 10)
    assert (list(message.control.argv), message.control.memory_bytes) == (["python", "-m"], 9)
    assert (message.health, message.admin, message.log_format) == ("h:1", "a:1", "json")
    assert message.drain_token_file == "/run/token"
    assert (list(message.models), message.served_model) == (["m"], "s")
    assert (message.control_settings, message.observe) == (b"{}", True)
    assert {field.name for field, _ in message.ListFields()} >= {
        field.name for field in pb.Policy.DESCRIPTOR.fields
    } - {"config_valid"}


def test_objectives_say_what_is_good() -> None:
    available, latency, first, goodput = encode.policy_message(POLICY).objectives
    assert list(available.conditions) == [pb.Condition(available=pb.Available(give_up_nanos=11))]
    assert list(latency.conditions) == [pb.Condition(latency_below_nanos=5)]
    assert (latency.model_glob, latency.method_glob) == ("m*", "a.B/*")
    assert latency.id == POLICY.objectives[1].id
    assert list(first.conditions) == [
        pb.Condition(first_token_below=pb.FirstTokenBelow(base_nanos=6))
    ]
    grows = pb.FirstTokenBelow(base_nanos=6, nanos_per_prompt_token=7, up_to_nanos=8)
    assert list(goodput.conditions) == [
        pb.Condition(first_token_below=grows),
        pb.Condition(token_time_below_nanos=9),
        pb.Condition(longest_gap_below_nanos=10),
    ]
    assert [each.per_model for each in (available, latency, first, goodput)] == [
        False,
        False,
        False,
        True,
    ]


def test_a_route_arrives_whole() -> None:
    (route,) = encode.policy_message(POLICY).routes
    assert (route.template, route.kind, route.streaming) == ("/a/{model}", pb.KIND_ADMIN, True)
    assert route.head_bytes == 99
    (asked,) = route.request
    assert [step.WhichOneof("step") for step in asked.path] == ["key", "item"]
    assert (asked.path[0].key, asked.path[1].item) == ("m", 2)
    answered, final = route.response
    assert (answered.slot, answered.path[0].each) == (pb.SLOT_OUTPUT, True)
    assert (final.slot, list(final.texts)) == (pb.SLOT_FINAL, ["over", "out"])
    assert list(route.outcomes) == [pb.OutcomeRule(code="503", outcome="shed")]
    assert route.streams_when_asked


def test_rules_of_a_method_arrive() -> None:
    (method,) = encode.policy_message(POLICY).methods
    assert list(method.outcomes) == [
        pb.OutcomeRule(code="UNAVAILABLE", message="full", outcome="shed")
    ]


@pytest.mark.parametrize("noun", [*Kind, *Slot, *Read, *JsonRead])
def test_every_noun_has_its_number(noun: Kind | Slot | Read | JsonRead) -> None:
    tables = {
        Kind: (encode._KINDS, pb.Kind),
        Slot: (encode._SLOTS, pb.Slot),
        Read: (encode._READS, pb.Read),
        JsonRead: (encode._JSON_READS, pb.JsonRead),
    }
    table, enum = tables[type(noun)]
    prefix = "JSON_READ" if isinstance(noun, JsonRead) else type(noun).__name__
    assert enum.Name(table[noun]) == f"{prefix}_{noun.name}".upper()  # type: ignore[index]


def test_what_is_no_policy_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="no Policy"):
        encode.parse_policy(b"\xff")
