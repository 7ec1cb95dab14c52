"""`outcomes:` in a catalogue: what codes count as, and the words that are read for it."""

from __future__ import annotations

from textwrap import dedent

import pytest

from sidecar.model.outcomes import Outcome, OutcomeRule
from sidecar.model.policy import JsonExtract, JsonRead, JsonStep, Read, Route, Slot, Step
from sidecar.servers.catalogue import ServerCatalogue, compile_server
from sidecar.servers.outcomes import MAX_RULES, of_route, read_rules
from sidecar.servers.table import rule_groups, shipped
from sidecar.text.document import parse_document

FULL = OutcomeRule("503", "queue is full", Outcome.SHED)
OWN = """\
    server: acme
    messages:
      Reply: {fault: 12, told: 13}
    methods:
      /acme.Oracle/Ask:
        response: {message: Reply, error: fault}
        outcomes:
          UNAVAILABLE: shed
    routes:
      /ask:
        response: {error: fault}
        outcomes: {424: client_error}
    """


def compiled(text: str) -> ServerCatalogue:
    """Compile YAML text."""
    return compile_server(parse_document("own.yaml", dedent(text).encode()))


def rules_of(text: str) -> tuple[OutcomeRule, ...]:
    """Return the rules of a method, written so."""
    return compiled(OWN.replace("UNAVAILABLE: shed", text)).methods[0].outcomes


def words_read(of: Route) -> list[tuple[JsonStep, ...]]:
    """Return where words of an error are looked for."""
    return [each.path for each in of.response if each.slot is Slot.ERROR_TEXT]


def test_a_code_counts_as_is_written() -> None:
    assert rules_of("UNAVAILABLE: shed") == (OutcomeRule("UNAVAILABLE", "", Outcome.SHED),)
    (route,) = compiled(OWN).routes
    assert route.outcomes == (OutcomeRule("424", "", Outcome.CLIENT_ERROR),)


def test_rules_stay_in_their_order_and_words_are_in_lower_case() -> None:
    text = 'UNAVAILABLE: [{message: " Queue IS fÜll", outcome: shed}, timeout]'
    assert rules_of(text) == (
        OutcomeRule("UNAVAILABLE", "queue is fÜll", Outcome.SHED),
        OutcomeRule("UNAVAILABLE", "", Outcome.TIMEOUT),
    )


@pytest.mark.parametrize(
    ("text", "field", "what", "hint"),
    [
        ("UNAVAILABEL: shed", "UNAVAILABEL", "no code of an answer", "'UNAVAILABLE'"),
        ("LOST: shed", "LOST", "no code of an answer", "Known here"),
        ("600: shed", "600", "no code of an answer", "100 to 599"),
        ("OK: server_error", "OK", "was good", "IN_BAND_ERROR"),
        ("302: server_error", "302", "was good", "IN_BAND_ERROR"),
        ("UNKNOWN: shedd", "UNKNOWN", "'shedd' is no outcome", "'shed'"),
        ("UNKNOWN: 5", "UNKNOWN", "5 is no outcome", "CODE: OUTCOME"),
        ("UNKNOWN: {message: x}", "UNKNOWN", "None is no outcome", "CODE: OUTCOME"),
        ("UNKNOWN: {outcom: shed}", "UNKNOWN.outcom", "unknown key", "'outcome'"),
        ("UNKNOWN: {message: 5, outcome: shed}", "UNKNOWN.message", "5 is no text", "Quote"),
        ('UNKNOWN: {message: " ", outcome: shed}', "UNKNOWN.message", "is no text", "Quote"),
        ("UNKNOWN: [shed, timeout]", "UNKNOWN[1]", "twice", "Remove"),
        (f"UNKNOWN: {{message: {'x' * 129}, outcome: shed}}", "UNKNOWN.message", "longer than 128", "few"),
    ],
)  # fmt: skip
def test_each_fault_is_told_with_its_place_and_a_hint(
    text: str, field: str, what: str, hint: str
) -> None:
    (problem,) = compiled(OWN.replace("UNAVAILABLE: shed", text)).problems
    assert problem.line == 8
    assert problem.field == f"methods./acme.Oracle/Ask.outcomes.{field}"
    assert what in problem.what
    assert hint in problem.hint


def test_a_route_has_no_codes_of_grpc_and_a_method_may_be_answered_by_a_proxy() -> None:
    (problem,) = compiled(OWN.replace("424: client_error", "UNAVAILABLE: shed")).problems
    assert "no code of a route" in problem.what
    assert rules_of("503: shed") == (OutcomeRule("503", "", Outcome.SHED),)


def test_more_rules_than_anybody_reads_are_refused() -> None:
    said = {f"{code}": "shed" for code in range(400, 400 + MAX_RULES + 1)}
    rules, faults = read_rules(said)
    assert len(rules) == MAX_RULES + 1
    assert [fault.path for fault in faults] == [()]
    assert not read_rules(dict(list(said.items())[1:]))[1]


def test_words_are_read_where_the_error_lies_and_only_if_a_rule_asks() -> None:
    asked = "503: {message: full, outcome: shed}"
    (route,) = compiled(OWN.replace("424: client_error", asked)).routes
    assert words_read(route) == [(JsonStep("fault"),)]
    assert route.response[-1].read is JsonRead.STRING
    (plain,) = compiled(OWN).routes
    assert words_read(plain) == []


def test_words_are_read_where_the_file_says_so() -> None:
    text = OWN.replace("424: client_error", "503: {message: full, outcome: shed}")
    text = text.replace(
        "response: {error: fault}", "response: {error: fault, error_text: fault.says}"
    )
    (route,) = compiled(text).routes
    assert words_read(route) == [(JsonStep("fault"), JsonStep("says"))]


def test_words_of_an_error_in_a_message_are_read_for_such_an_error_alone() -> None:
    inside = compiled(
        OWN.replace("UNAVAILABLE: shed", "IN_BAND_ERROR: {message: x, outcome: shed}")
    )
    (variant,) = inside.methods[0].response
    assert [(each.slot, each.path, each.read) for each in variant.extracts] == [
        (Slot.ERROR, (Step(12),), Read.PRESENT),
        (Slot.ERROR_TEXT, (Step(12),), Read.STRING),
    ]
    trailers = compiled(
        OWN.replace("UNAVAILABLE: shed", "UNAVAILABLE: {message: x, outcome: shed}")
    )
    assert trailers.problems == ()
    assert [each.slot for each in trailers.methods[0].response[0].extracts] == [Slot.ERROR]


@pytest.mark.parametrize(
    ("was", "rule", "line"),
    [
        ("424: client_error", "503: {message: x, outcome: shed}", 12),
        ("UNAVAILABLE: shed", "IN_BAND_ERROR: {message: x, outcome: shed}", 8),
    ],
)
def test_a_rule_about_words_that_nothing_reads_is_a_problem(was: str, rule: str, line: int) -> None:
    text = OWN.replace(was, rule).replace(", error: fault", "").replace("{error: fault}", "{}")
    (problem,) = compiled(text).problems
    assert (problem.line, problem.what) == (line, "asks for words, and none are read")
    assert "error_text" in problem.hint


def test_a_route_that_already_reads_all_it_may_reads_no_words() -> None:
    """The tap would leave out some of it, and nobody would know which."""
    error = JsonExtract(Slot.ERROR, (JsonStep("e"),), JsonRead.PRESENT)
    texts = tuple(
        JsonExtract(Slot.REQUEST_ID, (JsonStep(f"id{n}"),), JsonRead.STRING) for n in range(8)
    )
    assert words_read(of_route([FULL], Route("/a", response=(error, *texts)))) == []
    assert words_read(of_route([FULL], Route("/a", response=(error, *texts[:7])))) == [error.path]


def test_of_two_catalogues_the_rules_of_the_later_are_in_force() -> None:
    own, again = compiled(OWN), compiled(OWN.replace("UNAVAILABLE: shed", "INTERNAL: shed"))
    groups = rule_groups([own, again])
    assert [(group.rules[0].code, group.paths) for group in groups] == [
        ("INTERNAL", ("/acme.Oracle/Ask",)),
        ("424", ("/ask",)),
    ]


def test_queues_that_are_full_are_known_of_the_servers_that_say_so() -> None:
    said = {
        (group.file.rpartition("/")[2], rule.code, rule.outcome.value)
        for group in rule_groups(shipped())
        for rule in group.rules
    }
    assert said >= {
        ("oip.yaml", "UNAVAILABLE", "shed"),
        ("oip.yaml", "IN_BAND_ERROR", "shed"),
        ("oip.yaml", "503", "shed"),
        ("openai.yaml", "424", "client_error"),
        ("openai.yaml", "503", "shed"),
        ("ollama.yaml", "503", "shed"),
        ("tensorflow-serving.yaml", "UNAVAILABLE", "shed"),
        ("torchserve.yaml", "INTERNAL", "shed"),
    }
    (responses,) = [
        route for each in shipped() for route in each.routes if route.template == "/v1/responses"
    ]
    assert responses.outcomes[0] == OutcomeRule("424", "", Outcome.CLIENT_ERROR)
