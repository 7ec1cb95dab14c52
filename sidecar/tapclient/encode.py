"""The policy on its way to the tap: plain nouns in, protobuf out. One flat mapping, no decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sidecar.model.indicator import (
    Available,
    FirstTokenBelow,
    LatencyBelow,
    LongestGapBelow,
    TokenTimeBelow,
    parts_of,
)
from sidecar.model.policy import JsonRead, Kind, Read, Slot
from sidecar.tapclient import tap_pb2 as pb

if TYPE_CHECKING:
    from sidecar.model.indicator import Part
    from sidecar.model.objective import Objective
    from sidecar.model.outcomes import OutcomeRule
    from sidecar.model.policy import (
        Extract,
        HeaderExtract,
        JsonExtract,
        JsonStep,
        Limits,
        Method,
        Policy,
        Route,
        Variant,
    )

_KINDS = {
    Kind.INFERENCE: pb.KIND_INFERENCE,
    Kind.PROBE: pb.KIND_PROBE,
    Kind.ADMIN: pb.KIND_ADMIN,
}
_SLOTS = {
    Slot.MODEL: pb.SLOT_MODEL,
    Slot.VERSION: pb.SLOT_VERSION,
    Slot.REQUEST_ID: pb.SLOT_REQUEST_ID,
    Slot.BATCH_SIZE: pb.SLOT_BATCH_SIZE,
    Slot.ERROR: pb.SLOT_ERROR,
    Slot.FINAL: pb.SLOT_FINAL,
    Slot.TOKENS_IN: pb.SLOT_TOKENS_IN,
    Slot.TOKENS_OUT: pb.SLOT_TOKENS_OUT,
    Slot.TOKENS_CACHED: pb.SLOT_TOKENS_CACHED,
    Slot.OUTPUT: pb.SLOT_OUTPUT,
    Slot.SHAPE: pb.SLOT_SHAPE,
    Slot.BATCH_SHAPE: pb.SLOT_BATCH_SHAPE,
    Slot.DATATYPE: pb.SLOT_DATATYPE,
    Slot.MAX_BATCH_SIZE: pb.SLOT_MAX_BATCH_SIZE,
    Slot.ERROR_TEXT: pb.SLOT_ERROR_TEXT,
    Slot.STREAM: pb.SLOT_STREAM,
    Slot.NAMES: pb.SLOT_NAMES,
}
_JSON_READS = {
    JsonRead.STRING: pb.JSON_READ_STRING,
    JsonRead.INT: pb.JSON_READ_INT,
    JsonRead.PRESENT: pb.JSON_READ_PRESENT,
    JsonRead.ITEMS: pb.JSON_READ_ITEMS,
    JsonRead.PROMPTS: pb.JSON_READ_PROMPTS,
    JsonRead.DIMENSIONS: pb.JSON_READ_DIMENSIONS,
}
_READS = {
    Read.STRING: pb.READ_STRING,
    Read.INT: pb.READ_INT,
    Read.PRESENT: pb.READ_PRESENT,
    Read.COUNT: pb.READ_COUNT,
    Read.VARINT_AT: pb.READ_VARINT_AT,
    Read.VARINTS: pb.READ_VARINTS,
    Read.LENGTH: pb.READ_LENGTH,
    Read.SUM: pb.READ_SUM,
    Read.FIRST_STRING: pb.READ_FIRST_STRING,
    Read.DIMENSIONS: pb.READ_DIMENSIONS,
    Read.DIMENSION_OF_EACH: pb.READ_DIMENSION_OF_EACH,
}


def policy_message(policy: Policy) -> pb.Policy:
    """Return the policy as the seam carries it."""
    listeners = [
        pb.Listener(name=each.name, listen=each.listen, upstream=each.upstream)
        for each in policy.listeners
    ]
    return pb.Policy(
        generation=policy.generation,
        config_hash=policy.config_hash,
        config_valid=policy.config_valid,
        listeners=listeners,
        health=policy.health,
        drain_token_file=policy.drain_token_file,
        admin=policy.admin,
        limits=_limits(policy.limits),
        methods=[method_message(method) for method in policy.methods],
        routes=[route_message(route) for route in policy.routes],
        models=policy.models,
        served_model=policy.served_model,
        objectives=[_objective(objective) for objective in policy.objectives],
        drain=pb.DrainSettings(
            delay_nanos=policy.drain_delay_nanos,
            total_nanos=policy.drain_total_nanos,
            final_scrape_nanos=policy.final_scrape_nanos,
        ),
        first_scrape_nanos=policy.first_scrape_nanos,
        control=pb.Control(argv=policy.control_argv, memory_bytes=policy.control_memory_bytes),
        log_format=policy.log_format,
        control_settings=policy.control_settings,
        observe=policy.observe,
        batch_limits=[
            pb.BatchLimit(model=each.model_glob, max_batch_size=each.max_batch_size)
            for each in policy.batch_limits
        ],
        probe_models=policy.probe_models,
        outcomes=[_outcome_rule(each) for each in policy.outcomes],
        give_up_nanos=policy.give_up_nanos,
    )


def policy_bytes(policy: Policy) -> bytes:
    """Return the serialized policy, as `wayside-tap --policy-fd` reads it."""
    return policy_message(policy).SerializeToString()


def reading_policy(method: Method) -> bytes:
    """Return a serialized policy that does nothing but read one method, as `wayside-tap read-message` takes it."""
    return pb.Policy(observe=True, methods=[method_message(method)]).SerializeToString()


def parse_policy(data: bytes) -> pb.Policy:
    """Return the policy a compiler process printed; raises ValueError."""
    try:
        return pb.Policy.FromString(data)
    except Exception as error:  # protobuf's DecodeError has no stable home across its backends
        raise ValueError(f"{len(data)} bytes are no Policy: {error}") from error


def _limits(limits: Limits) -> pb.Limits:
    return pb.Limits(
        threads=limits.threads,
        unsent_bytes=limits.unsent_bytes,
        connections=limits.connections,
        models=limits.models,
        methods=limits.methods,
        series=limits.series,
    )


def method_message(method: Method) -> pb.Method:
    """Return one method of the catalogue."""
    return pb.Method(
        path=method.path,
        kind=_KINDS[method.kind],
        streaming=method.streaming,
        many_requests=method.many_requests,
        request=pb.Program(variants=[_variant(each) for each in method.request]),
        response=pb.Program(variants=[_variant(each) for each in method.response]),
        head_bytes=method.head_bytes,
        request_headers=[_header(each) for each in method.request_headers],
        response_headers=[_header(each) for each in method.response_headers],
        outcomes=[_outcome_rule(each) for each in method.outcomes],
    )


def route_message(route: Route) -> pb.Route:
    """Return one route of the catalogue."""
    return pb.Route(
        template=route.template,
        verbs=route.verbs,
        kind=_KINDS[route.kind],
        streaming=route.streaming,
        request=[_json_extract(each) for each in route.request],
        response=[_json_extract(each) for each in route.response],
        head_bytes=route.head_bytes,
        request_headers=[_header(each) for each in route.request_headers],
        response_headers=[_header(each) for each in route.response_headers],
        outcomes=[_outcome_rule(each) for each in route.outcomes],
        streams_when_asked=route.streams_when_asked,
    )


def _outcome_rule(rule: OutcomeRule) -> pb.OutcomeRule:
    return pb.OutcomeRule(code=rule.code, message=rule.message, outcome=rule.outcome.value)


def _header(extract: HeaderExtract) -> pb.HeaderExtract:
    return pb.HeaderExtract(
        slot=_SLOTS[extract.slot], name=extract.name, before_body=extract.before_body
    )


def _json_extract(extract: JsonExtract) -> pb.JsonExtract:
    path = [_json_step(step) for step in extract.path]
    return pb.JsonExtract(
        slot=_SLOTS[extract.slot], path=path, read=_JSON_READS[extract.read], texts=extract.texts
    )


def _json_step(step: JsonStep) -> pb.JsonStep:
    if step.key:
        return pb.JsonStep(key=step.key)
    return pb.JsonStep(each=True) if step.each else pb.JsonStep(item=step.item)


def _variant(variant: Variant) -> pb.Variant:
    return pb.Variant(
        any_of=variant.any_of,
        none_of=variant.none_of,
        extracts=[_extract(each) for each in variant.extracts],
    )


def _extract(extract: Extract) -> pb.Extract:
    path = [pb.Step(field=step.field, map_key=step.map_key) for step in extract.path]
    return pb.Extract(
        slot=_SLOTS[extract.slot], path=path, read=_READS[extract.read], index=extract.index
    )


def _objective(objective: Objective) -> pb.Objective:
    return pb.Objective(
        id=objective.id,
        name=objective.name,
        model_glob=objective.model_glob,
        method_glob=objective.method_glob,
        conditions=[_condition(part) for part in parts_of(objective.indicator)],
        per_model=objective.per_model,
    )


def _condition(part: Part) -> pb.Condition:
    match part:
        case Available(nanos):
            return pb.Condition(available=pb.Available(give_up_nanos=nanos))
        case LatencyBelow(nanos):
            return pb.Condition(latency_below_nanos=nanos)
        case FirstTokenBelow(base, each, up_to):
            first = pb.FirstTokenBelow(
                base_nanos=base, nanos_per_prompt_token=each, up_to_nanos=up_to
            )
            return pb.Condition(first_token_below=first)
        case TokenTimeBelow(nanos):
            return pb.Condition(token_time_below_nanos=nanos)
        case LongestGapBelow(nanos):
            return pb.Condition(longest_gap_below_nanos=nanos)
