"""Values that lie in header fields: how they are written, what is refused, and which value counts."""

from __future__ import annotations

from textwrap import dedent

import pytest

from sidecar.model.policy import HeaderExtract, Read, Slot
from sidecar.servers.catalogue import ServerCatalogue, compile_server
from sidecar.servers.headers import MAX_NAMES, read_head
from sidecar.text.document import parse_document

BEFORE = HeaderExtract(Slot.MODEL, "x-model", True)
AFTER = HeaderExtract(Slot.MODEL, "x-model", False)


def compiled(text: str) -> ServerCatalogue:
    """Compile YAML text."""
    return compile_server(parse_document("own.yaml", dedent(text).encode()))


def of_request(request: str, message: str = "message: Req, ") -> ServerCatalogue:
    """Compile a file of one method that reads this of its requests."""
    return compiled(f"""
        messages: {{Req: {{model: 1, other: 2}}}}
        methods:
          /a.B/C: {{request: {{{message}{request}}}}}
    """)


@pytest.mark.parametrize(
    ("model", "headers", "paths"),
    [
        ("header( X-Model )", (BEFORE,), 0),
        ("[header(x-model), model]", (BEFORE,), 1),
        ("[model, other, header(x-model)]", (AFTER,), 2),
        ("[header(x-model), model, header(y)]", (BEFORE, HeaderExtract(Slot.MODEL, "y")), 1),
    ],
)
def test_a_header_counts_where_it_is_written(
    model: str, headers: tuple[HeaderExtract, ...], paths: int
) -> None:
    catalogue = of_request(f"model: {model}")
    assert catalogue.problems == ()
    (method,) = catalogue.methods
    assert method.request_headers == headers
    assert sum(len(form.extracts) for form in method.request) == paths
    assert method.response_headers == ()


def test_a_route_and_the_answers_tokens() -> None:
    catalogue = compiled("""
        routes:
          /rank:
            request: {model: header(x-model)}
            response: {tokens_out: [usage.out, header(x-tokens)], version: header(x-version)}
    """)
    assert catalogue.problems == ()
    (route,) = catalogue.routes
    assert route.request_headers == (BEFORE,)
    assert route.response_headers == (
        HeaderExtract(Slot.TOKENS_OUT, "x-tokens"),
        HeaderExtract(Slot.VERSION, "x-version", True),
    )
    assert (route.request, len(route.response)) == ((), 1)


@pytest.mark.parametrize(
    ("value", "what", "hint"),
    [
        ("model: [model, header(x), other]", "stands between paths", "before all paths"),
        ("batch_size: header(x)", "not read from a header of the request", "version, request_id."),
        ("tokens_in: header(x)", "not read from a header of the request", "Headers tell model"),
        ("model: header(x y)", "'x y' is no name of a header", "header(x-model)"),
        ("model: header()", "'' is no name of a header", "header(x-model)"),
        (f"model: header({'x' * 65})", "is no name of a header", "at most 64"),
        ("model: header(Cookie)", "'cookie' holds a secret", "metrics and logs"),
        ("model: header(grpc-timeout)", "has a meaning of its own", "another"),
        ("model: header(x-bin)", "is binary", "text"),
        ("model: heador(x)", "no function 'heador'", ""),
    ],
)
def test_a_header_that_is_not_read_is_refused_with_its_line(
    value: str, what: str, hint: str
) -> None:
    (problem,) = of_request(value).problems
    assert (problem.line, what in problem.what, hint in problem.hint) == (4, True, True), problem


def test_a_stream_of_many_requests_has_one_head() -> None:
    text = "methods: {/a.B/C: {many_requests: true, request: {model: header(x), request_id: header(y)}}}"
    (problem,) = compiled(text).problems
    assert problem.field == "methods./a.B/C.request.request_id"
    assert "each message is a request" in problem.what


def test_forms_of_a_message_share_their_head() -> None:
    forms = """
        messages: {{Req: {{model: 1, other: 2}}}}
        methods:
          /a.B/C:
            request:
              - {{when_any: other, message: Req, model: [header(x-model), other]}}
              - {{message: Req, model: {second}}}
    """
    good = compiled(forms.format(second="[header(x-model), model]"))
    assert good.problems == ()
    assert good.methods[0].request_headers == (BEFORE,)
    (problem,) = compiled(forms.format(second="[model, header(x-model)]")).problems
    assert "counts before and after" in problem.what


def test_a_form_without_message_reads_no_fields() -> None:
    (problem,) = of_request("model: header(x), version: model", message="").problems
    assert "needs a message" in problem.what
    (problem,) = of_request("when_any: model, model: header(x)", message="").problems
    assert "needs a message" in problem.what


def test_headers_of_a_file_are_bounded() -> None:
    def asking(count: int) -> ServerCatalogue:
        return of_request(f"model: [{', '.join(f'header(x-{n})' for n in range(count))}]", "")

    assert asking(MAX_NAMES).problems == ()
    (problem,) = asking(MAX_NAMES + 1).problems
    assert problem.what == f"asks for {MAX_NAMES + 1} different headers"


@pytest.mark.parametrize(
    ("headers", "head", "body", "said"),
    [
        ((BEFORE,), {"x-model": "h"}, b"b", b"h"),
        ((AFTER,), {"x-model": "h"}, b"b", b"b"),
        ((AFTER,), {"x-model": "h"}, None, b"h"),
        ((BEFORE,), {}, b"b", b"b"),
        ((BEFORE,), {"x-model": "x" * 129}, b"b", b"b"),
        ((HeaderExtract(Slot.MODEL, "y"), AFTER), {"x-model": "h"}, None, b"h"),
    ],
)
def test_head_and_body_together(
    headers: tuple[HeaderExtract, ...], head: dict[str, str], body: bytes | None, said: bytes
) -> None:
    read = {Slot.MODEL: (body, Read.STRING)} if body else {}
    assert read_head(headers, head, read) == {Slot.MODEL: (said, Read.STRING)}


def test_tokens_of_a_head_are_a_number() -> None:
    headers = (HeaderExtract(Slot.TOKENS_OUT, "x-tokens", True),)
    assert read_head(headers, {"x-tokens": "12"}, {}) == {Slot.TOKENS_OUT: (12, Read.INT)}
    assert read_head(headers, {"x-tokens": "many"}, {}) == {}
