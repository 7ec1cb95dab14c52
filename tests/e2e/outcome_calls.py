"""The bytes of one call, over gRPC, and as JSON over HTTP/1.1 and HTTP/2."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol

from tests.harness.compiled import INFER_PATH
from tests.harness.conversation import Step, client, server
from tests.hazards import frames as h2

CHAT, MESSAGES, RESPONSES = "/v1/chat/completions", "/v1/messages", "/v1/responses"
GENERATE = "/api/generate"
MODEL = "resnet50"
EVENTS, LINES = "text/event-stream", "application/x-ndjson"
HELLO: Sequence[Step] = [
    client(h2.PREFACE + h2.settings()),
    server(h2.settings() + h2.frame(h2.SETTINGS, 1, 0)),
    client(h2.frame(h2.SETTINGS, 1, 0)),
]
"""Both sides' first words, with which a conversation over HTTP/2 begins."""
Field = tuple[str, str]


def asked(stream: int, *fields: Field, model: str = MODEL, path: str = INFER_PATH) -> bytes:
    """A whole request over gRPC."""
    head = h2.block([*h2.request_fields(path), *fields])
    return h2.headers(stream, head) + h2.data(stream, h2.asking(model), end=True)


def opened(stream: int, *fields: Field, path: str = INFER_PATH) -> bytes:
    """A request over gRPC of which more is to come."""
    head = h2.block([*h2.request_fields(path), *fields])
    return h2.headers(stream, head) + h2.data(stream, h2.asking(MODEL))


def answered(stream: int, model: str = MODEL) -> bytes:
    """A whole answer over gRPC."""
    return h2.answer(stream, h2.answering(model))


def status(stream: int, code: int, words: str = "") -> bytes:
    """A head, and trailers with a status."""
    told = [("grpc-status", str(code)), *([("grpc-message", words)] if words else [])]
    return h2.headers(stream, h2.ANSWER_HEAD) + h2.headers(stream, h2.block(told), end=True)


def plain(stream: int, code: int, *fields: Field) -> bytes:
    """Plain HTTP where gRPC was asked for."""
    told = [(":status", str(code)), ("content-type", "text/html"), *fields]
    return h2.headers(stream, h2.block(told)) + h2.data(stream, b"<p>no</p>", end=True)


def event(document: dict[str, Any] | str, name: str = "") -> bytes:
    """One server-sent event."""
    text = document if isinstance(document, str) else json.dumps(document)
    return (f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode()


def line(document: dict[str, Any]) -> bytes:
    """One line."""
    return json.dumps(document).encode() + b"\n"


def token(text: str = "a") -> bytes:
    """One token of a chat."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    return event({"id": "c-1", "model": MODEL, "choices": [choice]})


DONE = event("[DONE]")
USAGE = event(
    {
        "id": "c-1",
        "model": MODEL,
        "choices": [],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }
)


def body(path: str = CHAT, *, stream: bool = True) -> bytes:
    """What a client asks."""
    key = {GENERATE: "prompt", RESPONSES: "input"}.get(path, "messages")
    return json.dumps({"model": MODEL, key: [], "stream": stream}).encode()


class Speech(Protocol):
    """How a call is put into bytes. Over HTTP/2 it is stream 1."""

    @property
    def name(self) -> str:
        """For people."""

    @property
    def hello(self) -> Sequence[Step]:
        """What is said before."""

    def asks(self, path: str = CHAT, *, stream: bool = True) -> bytes:
        """A whole request."""

    def begins_to_ask(self) -> bytes:
        """A request of which the greater part is to come."""

    def answers(self, status: int, document: Any = None, *fields: Field) -> bytes:
        """A whole answer in one piece."""

    def begins(self, kind: str = EVENTS, status: int = 200) -> bytes:
        """The head of an answer in pieces."""

    def goes_on(self, piece: bytes) -> bytes:
        """A piece of it."""

    def finishes(self) -> bytes:
        """Its end."""


@dataclass(frozen=True)
class Http1:
    """HTTP/1.1."""

    name: str = "http1"
    hello: Sequence[Step] = ()

    def asks(self, path: str = CHAT, *, stream: bool = True) -> bytes:
        """A whole request."""
        asked = body(path, stream=stream)
        return self._head(path, len(asked)) + asked

    def begins_to_ask(self) -> bytes:
        """A request of which the greater part is to come."""
        return self._head(CHAT, 100_000) + body()

    def answers(self, status: int, document: Any = None, *fields: Field) -> bytes:
        """A whole answer in one piece."""
        said = b"" if status in (101, 304) else json.dumps(document or {"model": MODEL}).encode()
        lines = [f"{name}: {value}" for name, value in fields]
        if status not in (101, 304):
            lines += ["content-type: application/json", f"content-length: {len(said)}"]
        return "\r\n".join([_first_line(status), *lines, "\r\n"]).encode() + said

    def begins(self, kind: str = EVENTS, status: int = 200) -> bytes:
        """The head of an answer in pieces."""
        lines = [_first_line(status), f"content-type: {kind}", "transfer-encoding: chunked", "\r\n"]
        return "\r\n".join(lines).encode()

    def goes_on(self, piece: bytes) -> bytes:
        """A chunk."""
        return b"%x\r\n%s\r\n" % (len(piece), piece)

    def finishes(self) -> bytes:
        """The last chunk."""
        return b"0\r\n\r\n"

    @staticmethod
    def _head(path: str, length: int) -> bytes:
        lines = [f"POST {path} HTTP/1.1", "host: server", "content-type: application/json"]
        return "\r\n".join([*lines, f"content-length: {length}", "\r\n"]).encode()


def _first_line(status: int) -> str:
    known = status in set(HTTPStatus)
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase if known else 'Said'}"


@dataclass(frozen=True)
class Http2:
    """HTTP/2 with prior knowledge."""

    name: str = "http2"
    hello: Sequence[Step] = tuple(HELLO)

    def asks(self, path: str = CHAT, *, stream: bool = True) -> bytes:
        """A whole request."""
        return self._head(path) + h2.data(1, body(path, stream=stream), end=True)

    def begins_to_ask(self) -> bytes:
        """A request of which the greater part is to come."""
        return self._head(CHAT) + h2.data(1, body())

    def answers(self, status: int, document: Any = None, *fields: Field) -> bytes:
        """A whole answer in one piece."""
        told = [(":status", str(status)), ("content-type", "application/json"), *fields]
        if status == 304:
            return h2.headers(1, h2.block(told), end=True)
        said = json.dumps(document or {"model": MODEL}).encode()
        return h2.headers(1, h2.block(told)) + h2.data(1, said, end=True)

    def begins(self, kind: str = EVENTS, status: int = 200) -> bytes:
        """The head of an answer in pieces."""
        return h2.headers(1, h2.block([(":status", str(status)), ("content-type", kind)]))

    def goes_on(self, piece: bytes) -> bytes:
        """DATA."""
        return h2.data(1, piece)

    def finishes(self) -> bytes:
        """END_STREAM."""
        return h2.data(1, b"", end=True)

    @staticmethod
    def _head(path: str) -> bytes:
        fixed = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", path),
            (":authority", "server"),
        ]
        return h2.headers(1, h2.block([*fixed, ("content-type", "application/json")]))


HTTP1, HTTP2 = Http1(), Http2()
SPEECHES: tuple[Speech, ...] = (HTTP1, HTTP2)
