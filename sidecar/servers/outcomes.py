"""`outcomes:` of a method, of a route or of the whole configuration: what codes count as, where that is not the usual.

    outcomes:
      424: client_error
      UNAVAILABLE: {message: exceeds maximum queue size, outcome: shed}     # or a list of such

A message is looked for in the server's own words, in lower case. Over gRPC those are grpc-message, which the tap reads
anyway; in a body they lie where the error does, and are read (Slot.ERROR_TEXT) only where a rule asks for them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from sidecar.model.outcomes import (
    GRPC_CODES,
    IN_BAND_ERROR,
    Outcome,
    OutcomeRule,
    is_code,
    is_good,
    is_status,
)
from sidecar.model.policy import JsonExtract, JsonRead, Read, Slot
from sidecar.servers.limits import MAX_STRINGS, MAX_VALUES, refusal
from sidecar.text.suggest import suggest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sidecar.model.policy import Extract, Method, Route, Variant
    from sidecar.servers.checks import Checks
    from sidecar.text.document import Path as Place

# Each failed call is held against all of them that are about its code: more is a list that nobody reads.
MAX_RULES = 32
# A rule quotes a few words of a sentence. Longer ones would hardly survive a release of the server.
MAX_MESSAGE_BYTES = 128

_OUTCOMES = {each.value: each for each in Outcome}
_CODES = dict.fromkeys((*GRPC_CODES, IN_BAND_ERROR), 0)
_RULE_KEYS = {"message": 0, "outcome": 0}
_SHAPE = "Write CODE: OUTCOME, or CODE: {message: words, outcome: OUTCOME}."


class Fault(NamedTuple):
    """What is wrong with a rule, and where below `outcomes`."""

    path: Place
    what: str
    hint: str


def read_rules(value: object) -> tuple[tuple[OutcomeRule, ...], list[Fault]]:
    """Return the rules as written, and what is wrong with the others."""
    if value is None:
        return (), []
    if not isinstance(value, dict):
        return (), [Fault((), "is no mapping", _SHAPE)]
    rules: list[OutcomeRule] = []
    faults: list[Fault] = []
    for code, written in value.items():
        if fault := _bad_code(code):
            faults.append(fault)
            continue
        listed = isinstance(written, list)
        for at, each in enumerate(written if listed else [written]):
            found = _rule((code, at) if listed else (code,), code, each)
            if isinstance(found, Fault):
                faults.append(found)
            elif any(found[:2] == (before.code, before.message) for before in rules):
                faults.append(Fault((code, at), "says the same words twice", "Remove one of both."))
            else:
                rules.append(OutcomeRule(*found))
    if len(rules) > MAX_RULES:
        faults.append(Fault((), f"has {len(rules)} rules", f"At most {MAX_RULES} are looked at."))
    return tuple(rules), faults


def _bad_code(code: str) -> Fault | None:
    """Say why nothing may be said of a code."""
    if not is_code(code):
        hint = suggest(code, _CODES) if code[:1].isalpha() else "HTTP statuses are 100 to 599."
        return Fault((code,), f"{code!r} is no code of an answer", hint)
    if is_good(code):
        hint = "Name the codes of failures; an error inside a good answer is IN_BAND_ERROR."
        return Fault((code,), f"{code} says that the answer was good, and so it counts", hint)
    return None


def _rule(place: Place, code: str, written: object) -> tuple[str, str, Outcome] | Fault:
    """Read one word, or one mapping of words and outcome."""
    spec = written if isinstance(written, dict) else {"outcome": written}
    for key in spec:
        if key not in _RULE_KEYS:
            return Fault((*place, key), "is an unknown key", suggest(key, _RULE_KEYS))
    outcome, message = spec.get("outcome"), spec.get("message", "")
    if not isinstance(outcome, str) or outcome not in _OUTCOMES:
        hint = suggest(outcome, _OUTCOMES) if isinstance(outcome, str) else _SHAPE
        where = (*place, "outcome") if spec is written and "outcome" in spec else place
        return Fault(where, f"{outcome!r} is no outcome", hint)
    if "message" in spec and not (isinstance(message, str) and message.strip()):
        return Fault((*place, "message"), f"{message!r} is no text", "Quote the server's words.")
    words = str(message).strip().encode().lower().decode()  # as the tap does: of ASCII alone
    if len(words.encode()) > MAX_MESSAGE_BYTES:
        what = f"is longer than {MAX_MESSAGE_BYTES} bytes"
        return Fault((*place, "message"), what, "Quote the few words that tell it from others.")
    return code, words, _OUTCOMES[outcome]


def compile_outcomes(
    checks: Checks, place: Place, value: object, *, over_http: bool
) -> tuple[OutcomeRule, ...]:
    """Return the rules of a method or a route; `checks` takes what is wrong with them."""
    rules, faults = read_rules(value)
    for fault in faults:
        checks.complain((*place, *fault.path), fault.what, fault.hint)
    for rule in rules:
        # The other way round it may be: where gRPC was asked for, a proxy answers with a status.
        if over_http and rule.code in GRPC_CODES:
            hint = "Write the digits of a status, e.g. 503."
            checks.complain((*place, rule.code), "is no code of a route", hint)
    return rules


def of_method(rules: Sequence[OutcomeRule], method: Method) -> Method:
    """Return a method that reads the words which rules ask for, as far as its answers hold any."""
    if not any(rule.message and rule.code == IN_BAND_ERROR for rule in rules):
        return method
    return replace(method, response=tuple(_variant_with_words(each) for each in method.response))


def of_route(rules: Sequence[OutcomeRule], route: Route) -> Route:
    """Return a route that reads the words which rules ask for, as far as its answers hold any."""
    if not any(_asks_a_body(rule) for rule in rules) or reads_words(route):
        return route
    words = tuple(_words_in_json(route.response))
    strings = sum(each.read is JsonRead.STRING for each in (*route.response, *words))
    if len(route.response) + len(words) > MAX_VALUES or strings > MAX_STRINGS:
        return route
    return replace(route, response=(*route.response, *words))


def reads_words(of: Method | Route) -> bool:
    """Say whether the words of an error in a body are read."""
    extracts: Iterable[Extract | JsonExtract] = (
        extract
        for each in of.response
        for extract in ([each] if isinstance(each, JsonExtract) else each.extracts)
    )
    return any(each.slot is Slot.ERROR_TEXT for each in extracts)


def complain_of_no_words(
    checks: Checks, place: Place, rules: Sequence[OutcomeRule], of: Method | Route
) -> None:
    """Complain where a rule asks for words in a body of which none are read."""
    for rule in rules:
        if _asks_a_body(rule) and not reads_words(of):
            hint = "Say where: error_text: path, or error: path, in response:."
            checks.complain((*place, rule.code), "asks for words, and none are read", hint)


def _asks_a_body(rule: OutcomeRule) -> bool:
    return bool(rule.message) and (rule.code == IN_BAND_ERROR or is_status(rule.code))


def _words_in_json(response: Sequence[JsonExtract]) -> Iterator[JsonExtract]:
    for each in response:
        if each.slot is Slot.ERROR:
            yield JsonExtract(Slot.ERROR_TEXT, each.path, JsonRead.STRING)


def _variant_with_words(variant: Variant) -> Variant:
    """Read the error as text, too, unless its words are read or the tap would read no more."""
    extracts = variant.extracts
    if any(each.slot is Slot.ERROR_TEXT for each in extracts):
        return variant
    words = tuple(
        replace(each, slot=Slot.ERROR_TEXT, read=Read.STRING)
        for each in extracts
        if each.slot is Slot.ERROR and each.read is Read.PRESENT
    )
    more = replace(variant, extracts=(*extracts, *words))
    return variant if refusal([more]) else more
