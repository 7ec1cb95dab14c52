"""A catalogue held against descriptors."""

from __future__ import annotations

import pytest

from sidecar.servers.catalogue import compile_server
from sidecar.servers.proto import Comparison, ProtoField, ProtoMethod, Schema, compare
from sidecar.text.document import parse_document

SCHEMA = Schema(
    {"/a.B/C": ProtoMethod("a.Ask", "a.Answer", streams_in=True, streams_out=True)},
    {
        "a.Ask": {
            "inner": ProtoField(1, "a.Inner"),
            "parameters": ProtoField(2, "a.Ask.ParametersEntry"),
            "name": ProtoField(3),
        },
        "a.Ask.ParametersEntry": {"key": ProtoField(1), "value": ProtoField(2, "a.Inner")},
        "a.Inner": {"size": ProtoField(4), "again": ProtoField(5, "a.Inner")},
        "a.Answer": {"name": ProtoField(1)},
    },
)
OWN = """\
messages:
  Ask: {inner: {number: 1, message: Inner}, parameters: {number: 2, map: Inner}, name: 3}
  Inner: {size: 4, again: {number: 5, message: Inner}}
  Reply: {name: 1}
methods:
  /a.B/C:
    streaming: true
    many_requests: true
    request: {message: Ask, model: name, batch_size: "parameters{n}.size", tokens_in: "inner.again.size"}
    response: {message: Reply, model: name}
"""


def compared(text: str, schema: Schema = SCHEMA) -> Comparison:
    """Compare a text with a schema."""
    document = parse_document("own.yaml", text.encode())
    server = compile_server(document)
    assert server.problems == ()
    return compare(document, server, schema)


def test_what_agrees_is_named_field_by_field() -> None:
    found = compared(OWN)
    assert found.problems == []
    assert found.agreed == {
        ("Ask", "inner"), ("Ask", "parameters"), ("Ask", "name"),
        ("Inner", "size"), ("Inner", "again"), ("Reply", "name"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "line", "what"),
    [
        ("name: 3}", "name: 4}", 2, "is 4, and 3 in a.Ask"),
        ("{size: 4,", "{size: 6,", 3, "is 6, and 4 in a.Inner"),
        ("streaming: true", "streaming: false", 7, "answers with a stream"),
        ("number: 5, message: Inner", "number: 5, map: Inner", 3, "is no map"),
        ("name: 3}", "name: {number: 3, message: Inner}}", 2, "holds no message"),
        ("{name: 1}", "{name: 1, nam: 2}", 4, "a.Answer has no such field"),
        ("/a.B/C", "/a.B/D", 6, "is not in the .proto"),
    ],
)
def test_what_does_not_is_a_problem_with_its_line(
    before: str, after: str, line: int, what: str
) -> None:
    assert OWN.count(before) == 1
    text = OWN.replace(before, after)
    if "5, map" in text:
        text = text.replace("inner.again.size", "inner.again{k}.size")
    (problem,) = compared(text).problems
    assert (problem.line, what in problem.what) == (line, True), str(problem)


def test_one_request_cannot_be_many() -> None:
    method = ProtoMethod("a.Ask", "a.Answer", streams_out=True)
    (problem,) = compared(OWN, Schema({"/a.B/C": method}, SCHEMA.messages)).problems
    assert (problem.line, problem.hint) == (8, "Remove many_requests.")


def test_of_two_forms_the_one_that_bears_the_messages_name_is_compared() -> None:
    forms = "response: [{message: Answer, when_any: name, model: name}, {message: Other, model: x}]"
    text = OWN.replace("Reply: {name: 1}", "Answer: {name: 1}\n  Other: {x: 9}")
    found = compared(text.replace("response: {message: Reply, model: name}", forms))
    assert found.problems == []
    assert ("Other", "x") not in found.agreed
