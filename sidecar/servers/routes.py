"""The `routes:` of a server's YAML compiled: HTTP paths, and where in their JSON the few interesting values lie.

Grammar of a value:  [function(] step{.step} [)]      step = key | key[n] | key[*] | [n] | [*]
  key[0]   the first element of an array;  key[*]   every element for which no other path is written
Functions: string int present count prompts. Without one the slot decides. A list of values is tried in its order.
`is(path, text{, text})` is for `final`: it holds where the string is one of the texts.

A route is a path template, with methods of HTTP before it where they are not the usual: `GET|POST /jobs/{model}`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sidecar.model.policy import JsonExtract, JsonRead, JsonStep, Kind, Route, Slot
from sidecar.servers.headers import HeaderValues
from sidecar.servers.limits import (
    MAX_DEPTH,
    MAX_KEY_BYTES,
    MAX_SHAPES,
    MAX_STRINGS,
    MAX_VALUES,
)
from sidecar.servers.outcomes import compile_outcomes, complain_of_no_words, of_route
from sidecar.servers.paths import PathError
from sidecar.text.suggest import suggest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sidecar.servers.checks import Checks
    from sidecar.text.document import Path as Place

_FUNCTIONS = {
    "string": JsonRead.STRING,
    "int": JsonRead.INT,
    "present": JsonRead.PRESENT,
    "count": JsonRead.ITEMS,
    "prompts": JsonRead.PROMPTS,
}
# What is read when the value names no function.
_DEFAULT_READS = {
    Slot.MODEL: JsonRead.STRING,
    Slot.VERSION: JsonRead.STRING,
    Slot.REQUEST_ID: JsonRead.STRING,
    Slot.BATCH_SIZE: JsonRead.INT,
    Slot.ERROR: JsonRead.PRESENT,
    Slot.FINAL: JsonRead.INT,
    Slot.TOKENS_IN: JsonRead.INT,
    Slot.TOKENS_OUT: JsonRead.INT,
    Slot.TOKENS_CACHED: JsonRead.INT,
    Slot.OUTPUT: JsonRead.PRESENT,
    Slot.SHAPE: JsonRead.DIMENSIONS,
    Slot.BATCH_SHAPE: JsonRead.DIMENSIONS,
    Slot.DATATYPE: JsonRead.STRING,
    Slot.MAX_BATCH_SIZE: JsonRead.INT,
    Slot.ERROR_TEXT: JsonRead.STRING,
    Slot.STREAM: JsonRead.INT,
    Slot.NAMES: JsonRead.STRING,
}
_SLOTS = {slot.value: slot for slot in Slot}
_ROUTE_KEYS = {
    "kind": 0, "streaming": 0, "request": 0, "response": 0, "head_bytes": 0, "outcomes": 0, "untested": 0,
}  # fmt: skip

# Segments of plain text, or of one capture and what follows it.
_TEMPLATE = re.compile(r"(?:/(?:[^/{}?#\s]+|\{[a-z_]+\}[^/{}?#\s]*))+\Z")
_CALL = re.compile(r"\s*([a-z]+)\(\s*(.*?)\s*\)\s*\Z")
_STEP = re.compile(r"([^\[\].()]*)((?:\[(?:\d+|\*)\])*)\Z")
_INDEX = re.compile(r"\[(\d+|\*)\]")
_ROUTE = re.compile(r"(?:(?P<verbs>[A-Z]+(?:\|[A-Z]+)*) +)?(?P<template>.*)\Z", re.DOTALL)
VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# What sends a document. A browser asks with OPTIONS whether it may call, and HEAD has no answer to judge.
INFERENCE_VERBS = ("POST", "PUT")
_NEVER_INFERENCE = {"HEAD", "OPTIONS"}
MAX_HEAD_BYTES = 16_777_216
# The word of `streaming:` for a route whose answers stream where the request says so.
_ASKED = "asked"
MAX_TEXTS = 8  # of is(): as many as any API has ways to say that an answer is over
MAX_TEXT_BYTES = 64  # of each


def compile_json_extract(slot: Slot, text: str) -> JsonExtract:
    """Compile one value. Raises PathError."""
    call = _CALL.match(text)
    read, body = _DEFAULT_READS[slot], text.strip()
    texts: tuple[str, ...] = ()
    if call is not None and call[1] == "is":
        read, (body, texts) = JsonRead.STRING, _one_of(slot, text, call[2])
    elif call is not None:
        name, body = call.groups()
        if name not in _FUNCTIONS:
            raise PathError(f"{text!r}: no function {name!r}", suggest(name, _FUNCTIONS))
        read = _FUNCTIONS[name]
    steps = tuple(step for part in body.split(".") for step in _steps(part, text))
    if not steps:
        raise PathError(f"{text!r} names no value", "Write a path, e.g. usage.prompt_tokens.")
    if len(steps) > MAX_DEPTH:
        raise PathError(f"{text!r} is {len(steps)} steps deep", f"At most {MAX_DEPTH} are read.")
    return JsonExtract(slot, steps, read, texts)


def _one_of(slot: Slot, text: str, inside: str) -> tuple[str, tuple[str, ...]]:
    """Return the path and the texts of `is(path, text, ..)`."""
    path, *texts = (part.strip() for part in inside.split(","))
    if slot is not Slot.FINAL:
        raise PathError(f"{text!r}: is() is of `final` alone", "Write the plain path.")
    if not texts or not all(0 < len(each.encode()) <= MAX_TEXT_BYTES for each in texts):
        hint = f"Write is(type, message_stop): texts of at most {MAX_TEXT_BYTES} bytes."
        raise PathError(f"{text!r} names no text", hint)
    if len(texts) > MAX_TEXTS:
        raise PathError(f"{text!r} names {len(texts)} texts", f"At most {MAX_TEXTS} are compared.")
    return path, tuple(texts)


def _steps(part: str, text: str) -> list[JsonStep]:
    match = _STEP.match(part)
    if match is None or not part:
        hint = "Steps look like key, key[0] or key[*], joined by dots."
        raise PathError(f"{text!r}: {part!r} is no step", hint)
    key, indexes = match.groups()
    if len(key.encode()) > MAX_KEY_BYTES:
        raise PathError(f"{text!r}: {key!r} is longer than {MAX_KEY_BYTES} bytes")
    steps = [JsonStep(key=key)] if key else []
    for index in _INDEX.findall(indexes):
        steps.append(JsonStep(each=True) if index == "*" else JsonStep(item=int(index)))
    return steps


def compile_routes(checks: Checks, routes: Mapping[str, object]) -> list[Route]:
    """Return the routes without a problem; `checks` takes what is wrong with the others."""
    compiled = []
    for written, value in routes.items():
        before = len(checks.problems)
        place: Place = ("routes", written)
        route = _route(checks, place, str(written), checks.mapping(place, value))
        if len(checks.problems) == before:
            compiled.append(route)
    return compiled


def _route(checks: Checks, place: Place, written: str, spec: dict[str, object]) -> Route:
    match = _ROUTE.match(written)
    assert match is not None  # whatever it is, it is a template
    template = match["template"]
    if not _TEMPLATE.match(template):
        hint = "Write a path without query, e.g. /v2/models/{model}/infer."
        checks.complain(place, "is no path template", hint)
    checks.keys(place, spec, _ROUTE_KEYS)
    checks.note_untested(written, spec)
    kind = checks.kind(place, spec)
    heads = [HeaderValues(checks, (*place, side)) for side in ("request", "response")]
    asked = spec.get("streaming") == _ASKED
    at_rules = (*place, "outcomes")
    rules = compile_outcomes(checks, at_rules, spec.get("outcomes"), over_http=True)
    route = Route(
        template=template,
        kind=kind,
        verbs=_verbs(checks, place, match["verbs"], kind),
        written=written,
        streaming=asked or checks.flag(place, spec, "streaming"),
        request=_extracts(checks, (*place, "request"), spec.get("request"), heads[0]),
        response=_extracts(checks, (*place, "response"), spec.get("response"), heads[1]),
        head_bytes=checks.head_bytes(place, spec, MAX_HEAD_BYTES),
        request_headers=tuple(heads[0].extracts),
        response_headers=tuple(heads[1].extracts),
        outcomes=rules,
        streams_when_asked=asked,
    )
    if asked and not any(each.slot is Slot.STREAM for each in route.request):
        hint = "Say where a request asks for it: stream: path, in request:."
        checks.complain((*place, "streaming"), "is asked, and nothing says where", hint)
    route = of_route(rules, route)
    complain_of_no_words(checks, at_rules, rules, route)
    _check_names(checks, place, route)
    return route


def _verbs(checks: Checks, place: Place, written: str | None, kind: Kind) -> tuple[str, ...]:
    """Return with which methods of HTTP a route is asked, each once, in one order."""
    if written is None:
        return INFERENCE_VERBS if kind is Kind.INFERENCE else ()
    verbs = set(written.split("|"))
    for unknown in sorted(verbs.difference(VERBS)):
        checks.complain(
            place, f"has no method {unknown!r} of HTTP", suggest(unknown, dict.fromkeys(VERBS))
        )
    if kind is Kind.INFERENCE and (never := sorted(verbs & _NEVER_INFERENCE)):
        hint = "Browsers and probes ask so, and no model runs. Leave it out."
        checks.complain(place, f"is inference, and {never[0]} is none", hint)
    return tuple(verb for verb in VERBS if verb in verbs)


def _check_names(checks: Checks, place: Place, route: Route) -> None:
    """A list of models is one that the tap may ask for by itself, so it asks for nothing else and changes nothing."""
    if any(extract.slot is Slot.NAMES for extract in route.request):
        hint = "Names are read from answers: write them under response:."
        checks.complain((*place, "request", Slot.NAMES.value), "is no list of models", hint)
    if not any(extract.slot is Slot.NAMES for extract in route.response):
        return
    names = (*place, "response", Slot.NAMES.value)
    if route.kind is not Kind.ADMIN:
        checks.complain(names, "are of a route that lists models", "Add kind: admin.")
    elif route.verbs and "GET" not in route.verbs:
        checks.complain(names, "are of a route that is asked with GET", "Add GET to its methods.")
    if "{" in route.template:
        checks.complain(names, "are of a route without captures", "Write the path of the list.")
    if any(e.slot is Slot.NAMES and e.read is not JsonRead.STRING for e in route.response):
        checks.complain(names, "are strings", "Write paths alone, e.g. data[*].id.")


def _extracts(
    checks: Checks, place: Place, value: object, head: HeaderValues
) -> tuple[JsonExtract, ...]:
    spec = {} if value is None else checks.mapping(place, value)
    checks.keys(place, spec, _SLOTS)
    extracts: list[JsonExtract] = []
    for name, texts in spec.items():
        if name not in _SLOTS:
            continue
        for _, text in head.split((*place, name), _SLOTS[name], texts):
            try:
                extracts.append(compile_json_extract(_SLOTS[name], text))
            except PathError as error:
                checks.complain((*place, name), error.what, error.hint)
    strings = sum(extract.read is JsonRead.STRING for extract in extracts)
    shapes = sum(extract.read is JsonRead.DIMENSIONS for extract in extracts)
    if len(extracts) > MAX_VALUES or strings > MAX_STRINGS or shapes > MAX_SHAPES:
        what = f"is read for more than {MAX_VALUES} values, {MAX_STRINGS} strings or {MAX_SHAPES} shapes"
        checks.complain(place, what, "Leave some out.")
    return tuple(extracts)
