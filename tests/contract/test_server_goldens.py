"""The catalogue reads what servers really write: messages encoded by published protos, through the tap's own reader.

tests/data/README.md says where the goldens come from; `python -m tests.servers` makes them again.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from sidecar.servers.catalogue import SHIPPED, ServerCatalogue, compile_server, shipped_files
from sidecar.servers.proto import Comparison, compare
from sidecar.text.document import Document, parse_document, read_document
from tests.fakes.reader import Reader, reader_program
from tests.provision.parts import ROOT
from tests.servers.goldens import Golden, GoldenCall, Recorded, load_all, recorded

GOLDENS = load_all()
CATALOGUES = [path.stem for path in shipped_files()]


def by_publisher() -> list[Any]:
    """Give every publisher's goldens to a test, which thereby proves something about the servers it names."""
    return [
        pytest.param(
            golden,
            id=golden.name,
            marks=[pytest.mark.proves(golden.catalogue, each, "proto") for each in golden.servers],
        )
        for golden in GOLDENS
    ]


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    """One reader for all tests of this file."""
    with Reader(reader_program()) as running:
        yield running


def document_of(catalogue: str) -> Document:
    """Read a shipped file."""
    return read_document(str(SHIPPED / f"{catalogue}.yaml"))


def reading(reader: Reader, server: ServerCatalogue, call: GoldenCall) -> list[Any]:
    """Return all that is read from a call: each message, and what it comes to."""
    if call.method not in {method.path for method in server.methods}:
        return []
    sides = (("request", call.requests), ("response", call.responses))
    said: list[Any] = [
        reader.message(call.method, side, message.data)
        for side, messages in sides
        for message in messages
    ]
    requests, responses = ([message.data for message in messages] for _, messages in sides)
    return said + reader.call(call.method, requests, responses, call.metadata)


@pytest.mark.parametrize("golden", by_publisher())
def test_every_message_says_what_it_should(golden: Golden, reader: Reader) -> None:
    server = compile_server(document_of(golden.catalogue))
    assert server.problems == ()
    assert reader.adopt(server.methods) == []
    methods = {method.path: method for method in server.methods}
    for call in golden.calls:
        said = [message.says for message in (*call.requests, *call.responses)]
        told = {
            "kind": "Inference",
            "streaming": str(methods[call.method].streaming).lower(),
            **call.told,
        }
        assert reading(reader, server, call) == [*said, told, *call.ended], call.name


@pytest.mark.parametrize("golden", by_publisher())
def test_methods_and_numbers_are_those_of_the_published_proto(golden: Golden) -> None:
    document = document_of(golden.catalogue)
    server = compile_server(document)
    published = [method for method in server.methods if method.path in golden.schema.methods]
    found = compare(document, replace(server, methods=tuple(published)), golden.schema)
    # Another publisher of the same protocol may have the field: see the next test.
    moved = [each for each in found.problems if "has no such field" not in each.what]
    assert published
    assert moved == []


@pytest.mark.parametrize("catalogue", CATALOGUES)
def test_what_no_publisher_confirms_is_said_to_be_untested(catalogue: str) -> None:
    document = document_of(catalogue)
    server = compile_server(document)
    schemas = [golden.schema for golden in GOLDENS if golden.catalogue == catalogue]
    known = {path for schema in schemas for path in schema.methods}
    assert {method.path for method in server.methods} - known == set(server.untested)
    tested = replace(server, methods=tuple(each for each in server.methods if each.path in known))
    agreed = set().union(*(compare(document, tested, schema).agreed for schema in schemas))
    assert fields_of(document, tested) - agreed == set()


def fields_of(document: Document, server: ServerCatalogue) -> set[tuple[str, str]]:
    """Name every field of the messages that these methods lead to."""
    assert isinstance(document.value, dict)
    waiting = [
        str(form["message"])
        for method in server.methods
        for side in ("request", "response")
        for form in forms(document.value["methods"][method.path].get(side))
    ]
    seen: set[str] = set()
    while waiting:
        message = waiting.pop()
        if message not in seen:
            seen.add(message)
            waiting += [each.message for each in server.messages[message].values() if each.message]
    return {(message, field) for message in seen for field in server.messages[message]}


def forms(value: Any) -> list[Any]:
    """Return the forms of a message."""
    return value if isinstance(value, list) else [value] if value else []


@pytest.mark.parametrize("catalogue", CATALOGUES)
def test_a_number_that_moves_is_noticed(catalogue: str, reader: Reader) -> None:
    """Each number that some tested method reads, moved by one, changes what is read from some golden."""
    document = document_of(catalogue)
    right = compile_server(document)
    calls = [call for golden in GOLDENS if golden.catalogue == catalogue for call in golden.calls]
    reader.adopt(right.methods)
    before = [reading(reader, right, call) for call in calls]
    unnoticed = []
    read = 0
    for message, field, moved in moves(document):
        server = compile_server(moved)
        if claimed(server) == claimed(right):
            continue  # it is read nowhere, or by methods alone that are known to be untested
        read += 1
        reader.adopt(server.methods)
        if [reading(reader, server, call) for call in calls] == before:
            unnoticed.append(f"{message}.{field}")
    assert unnoticed == []
    assert (read > 0) == bool(calls)


@pytest.mark.parametrize("catalogue", CATALOGUES)
def test_a_header_that_moves_is_noticed(catalogue: str, reader: Reader) -> None:
    """Each header of a method, by another name, changes what is read from some golden."""
    server = compile_server(document_of(catalogue))
    calls = [call for golden in GOLDENS if golden.catalogue == catalogue for call in golden.calls]
    reader.adopt(server.methods)
    before = [reading(reader, server, call) for call in calls]
    unnoticed = []
    for number, method in enumerate(server.methods):
        for at, extract in enumerate(method.request_headers):
            headers = list(method.request_headers)
            headers[at] = replace(extract, name=f"{extract.name}x")
            moved = replace(method, request_headers=tuple(headers))
            reader.adopt([*server.methods[:number], moved, *server.methods[number + 1 :]])
            if [reading(reader, server, call) for call in calls] == before:
                unnoticed.append(f"{method.path} {extract.name}")
    assert unnoticed == []
    assert not any(method.response_headers for method in server.methods)  # none needs a golden


RAY = b"""\
server: my-app
methods:
  /user.Ranker/Rank:
    request: {model: [header(multiplexed_model_id), header(application)], request_id: header(request_id)}
    response: {request_id: header(request_id)}
"""


def test_a_method_of_ray_serve_takes_two_lines(reader: Reader) -> None:
    """Messages are not described: what Ray Serve routes by stands in the metadata, as its documentation has it."""
    server = compile_server(parse_document("my-app.yaml", RAY))
    assert server.problems == ()
    assert reader.adopt(server.methods) == []
    path, message = "/user.Ranker/Rank", b"\x0a\x05whose"
    trailing = {"request_id": "made-up"}  # as Ray Serve does for a request without one
    metadata = {"application": "app1"}
    told, ended = reader.call(path, [message], [message], metadata, trailing)
    assert (told["kind"], told["model"], ended["request_id"]) == ("Inference", "app1", "made-up")
    metadata |= {"multiplexed_model_id": "999", "request_id": "123"}
    told, ended = reader.call(path, [message], [message], metadata, trailing)
    assert (told["model"], ended["request_id"]) == ("999", "123")


def claimed(server: ServerCatalogue) -> list[object]:
    """Return the methods that claim to be tested."""
    return [method for method in server.methods if method.path not in server.untested]


def moves(document: Document) -> Iterator[tuple[str, str, Document]]:
    """Yield (message, field, the document with that field's number one higher)."""
    assert isinstance(document.value, dict)
    for message, fields in document.value.get("messages", {}).items():
        for field, described in fields.items():
            value = copy.deepcopy(document.value)
            if isinstance(described, dict):
                value["messages"][message][field]["number"] += 1
            else:
                value["messages"][message][field] += 1
            yield message, field, replace(document, value=value)


def test_a_number_that_moves_in_the_proto_is_noticed() -> None:
    """The comparison itself can fail: for a number, a name, a stream, a method."""
    golden = next(golden for golden in GOLDENS if golden.name == "vllm")
    document = document_of("vllm")
    server = compile_server(document)
    assert compare(document, server, golden.schema).problems == []
    for message, field, moved in moves(document):
        problems = found(moved, golden).problems
        assert [problem.field for problem in problems] == [f"messages.{message}.{field}"]


def found(document: Document, golden: Golden) -> Comparison:
    """Compare a document with what a publisher says."""
    return compare(document, compile_server(document), golden.schema)


@pytest.mark.proves("oip", "triton", "recorded")
def test_what_a_real_triton_took_and_gave_is_read(reader: Reader) -> None:
    triton = json.loads((ROOT / "tests/data/triton_messages.json").read_text())["calls"]
    server = compile_server(document_of("oip"))
    reader.adopt(server.methods)
    inferences = [each for each in triton.values() if each["method"].endswith("Infer")]
    assert len(inferences) > 10
    for call in inferences:
        path = f"/inference.GRPCInferenceService/{call['method']}"
        for message in call["requests"]:
            said = reader.message(path, "request", bytes.fromhex(message))
            assert said["model"]
            assert re.fullmatch(r"\[\d+(,\d+)*\]", str(said["shape"]))
            assert said["datatype"]
    simple = triton["unary_simple"]
    path = f"/inference.GRPCInferenceService/{simple['method']}"
    requests, responses = (
        [bytes.fromhex(each) for each in simple[side]] for side in ("requests", "responses")
    )
    told, ended = reader.call(path, requests, responses)
    assert (told["model"], told["version"]) == ("simple", "1")
    assert (ended["request_id"], ended["shape"]) == ("req-1", "INT32[1,16]")


@pytest.mark.parametrize(
    "recording",
    [
        pytest.param(
            each,
            id=each.server,
            marks=pytest.mark.proves(each.catalogue, each.server, "recorded"),
        )
        for each in recorded()
    ],
)
def test_what_other_real_servers_gave_is_read(recording: Recorded, reader: Reader) -> None:
    """Asked for the model `iris` without a version, with requests of two items, one or two to a call."""
    reader.adopt(compile_server(document_of(recording.catalogue)).methods)
    assert recording.calls
    for name, (method, requests, responses) in recording.calls.items():
        assert len(requests) == len(responses), name
        told, *ended = reader.call(method, requests, responses)
        assert (told["model"], told["version"]) == ("iris", "v7")
        assert {each["request_id"] for each in ended} == {
            f"r-{n + 1}" for n in range(len(requests))
        }
        assert {(each["shape"], each["outcome"]) for each in ended} == {("FP32[2,1]", "Ok")}
