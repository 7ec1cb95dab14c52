"""Calls over HTTP/1.1 whose heads tell something, made of those of http_others.py; and ALL there are."""

from __future__ import annotations

from dataclasses import replace

from tests.servers import http_others, http_refused
from tests.servers.http_cases import OPENAI, HttpCase
from tests.servers.http_documented import DOCUMENTED
from tests.servers.http_others import OF_MANY, oip, tgi

ASKED = "X-Request-Id: c-1"
SAID = "x-request-id: s-1"
VERBS = ("infer", "generate", "generate_stream", "infer_stream")


def named(
    case: HttpCase, name: str, asked: tuple[str, ...], said: tuple[str, ...], **told: str | int
) -> HttpCase:
    """Return the call with these header fields, and what they change of what is told."""
    return replace(
        case,
        name=f"{case.name}: {name}",
        asked_head=asked,
        answer_head=said,
        told={**case.told, **told},
        servers=(),
    )


def first_of_each_route(cases: list[HttpCase]) -> list[HttpCase]:
    """Return one call of each route."""
    return list({case.route: case for case in reversed(cases)}.values())


IDENTIFIED = [
    each
    for case in first_of_each_route([*OPENAI, *DOCUMENTED])
    if case.route.endswith(("/completions", "/embeddings", "/responses"))
    for each in (
        named(case, "the client's id", (ASKED,), (SAID,), request_id="c-1"),
        named(case, "the server's id", (), (SAID,), request_id="s-1"),
    )
]
TENSORS = [
    named(
        replace(case, asked={name: value for name, value in case.asked.items() if name != "id"}),
        "the head's id",
        (ASKED,),
        (),
        request_id="c-1",
    )
    for verb in VERBS
    for case in first_of_each_route(oip(verb))
]
# What is documented: the original TargetModel is passed to the container in this header.
TARGETED = named(
    OF_MANY, "by its name", ("X-Amzn-SageMaker-Target-Model: bert.tar.gz",), (), model="bert.tar.gz"
)
# Without details: the body tells no tokens.
COUNTED = [
    HttpCase(
        "tgi", "counted in the head", case.route, case.path, {"inputs": "why"}, {"generated_text": "ab"},
        {"tokens_in": 3, "tokens_out": 2}, answer_head=("x-prompt-tokens: 3", "x-generated-tokens: 2"),
    )
    for case in (tgi("/generate")[0], tgi("/generate_stream")[0])
]  # fmt: skip

ALL = [
    *http_others.ALL, *DOCUMENTED, *IDENTIFIED, *TENSORS, TARGETED, *COUNTED, *http_refused.ALL,
]  # fmt: skip
