"""Scripts of clients that leave, of JSON over HTTP: after the end mark of a stream, before it, while they ask."""

from __future__ import annotations

from tests.e2e.outcome_calls import (
    CHAT,
    DONE,
    EVENTS,
    GENERATE,
    HTTP2,
    LINES,
    MESSAGES,
    MODEL,
    RESPONSES,
    USAGE,
    Speech,
    event,
    line,
    token,
)
from tests.e2e.outcome_row import Row, Told, Way, by_server, http_row
from tests.harness.conversation import Ends, Resets, Step, client, server
from tests.hazards import frames as h2

CANCEL = 0x8
WELL = Told("200", "server", "ok")


def marked(speech: Speech, name: str) -> tuple[str, str, bytes, bytes]:
    """Return the path, the content type, a first piece and the end mark of a stream."""
    said = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}}
    ended = {"id": "r", "model": MODEL, "usage": {"input_tokens": 1, "output_tokens": 1}}
    marks: dict[str, tuple[str, str, bytes, bytes]] = {
        "[DONE]": (CHAT, EVENTS, token(), DONE),
        "the last usage": (CHAT, EVENTS, token(), USAGE),
        "done": (
            GENERATE,
            LINES,
            line({"model": MODEL, "response": "a", "done": False}),
            line({"model": MODEL, "response": "", "done": True, "eval_count": 1}),
        ),
        "message_stop": (
            MESSAGES,
            EVENTS,
            event(said, "content_block_delta"),
            event({"type": "message_stop"}, "message_stop"),
        ),
        "response.completed": (
            RESPONSES,
            EVENTS,
            event({"type": "response.output_text.delta", "delta": "a"}),
            event({"type": "response.completed", "response": ended}),
        ),
    }
    return marks[name]


MARKS = ("[DONE]", "the last usage", "done", "message_stop", "response.completed")


def leaving(speech: Speech) -> dict[str, tuple[str, list[Step]]]:
    """How a client leaves a stream: by its name, the code of a call so left, and the steps."""
    ways: dict[str, tuple[str, list[Step]]] = {
        "by FIN": ("LOST", [Ends("client"), Ends("server")]),
        "by a reset": ("LOST", [Resets("client")]),
    }
    if speech is HTTP2:
        ways["by RST_STREAM"] = ("CANCELLED", [client(h2.rst(1, CANCEL))])
    return ways


def left(speech: Speech) -> list[Row]:
    """Streams that their clients leave, before the end mark and after."""
    rows = []
    for name in MARKS:
        path, kind, first, mark = marked(speech, name)
        begun = [client(speech.asks(path)), server(speech.begins(kind) + speech.goes_on(first))]
        ended = server(speech.goes_on(mark))
        for how, (code, steps) in leaving(speech).items():
            rows += [
                http_row(
                    speech, f"left {how} after {name}", Way.SERVED, WELL, *begun, ended, *steps
                ),
                http_row(
                    speech,
                    f"left {how} before {name}",
                    Way.CLIENT_LEFT,
                    Told(code, "client", "cancelled"),
                    *begun,
                    *steps,
                ),
            ]
    return rows


def given_up(speech: Speech) -> list[Row]:
    """Calls that their clients leave before there is an answer, or before they are asked."""
    whole, part = client(speech.asks()), client(speech.begins_to_ask())
    rows = []
    for how, (code, steps) in leaving(speech).items():
        told = Told(code, "client", "cancelled")
        rows += [
            http_row(speech, f"left {how} without an answer", Way.CLIENT_LEFT, told, whole, *steps),
            http_row(speech, f"upload given up {how}", Way.CLIENT_LEFT, told, part, *steps),
        ]
    return [
        *rows,
        http_row(
            speech,
            "200 before the whole request",
            Way.HTTP_OK,
            by_server(200, "ok", ("good", "untimed", "one_piece")),
            part,
            server(speech.answers(200)),
            Ends("server"),
            Ends("client"),
        ),
        http_row(
            speech,
            "408 before the whole request",
            Way.HTTP_CLIENT_ERROR,
            by_server(408, "client_error"),
            part,
            server(speech.answers(408)),
            Ends("server"),
            Ends("client"),
        ),
    ]


def failed(speech: Speech) -> list[Row]:
    """Answers that have said that they failed, before their clients leave: as SDKs do when they have read so."""
    asks = client(speech.asks())
    broken = speech.goes_on(event({"error": {"message": "it broke"}}))
    in_band = ("IN_BAND_ERROR", "server", "server_error")
    told = Told("200", "server", "server_error", request=in_band)
    return [
        row
        for how, (_, steps) in leaving(speech).items()
        for row in (
            http_row(
                speech,
                f"left {how} after an error in a stream",
                Way.IN_BAND_ERROR,
                told,
                asks,
                server(speech.begins() + speech.goes_on(token())),
                server(broken),
                *steps,
            ),
            http_row(
                speech,
                f"left {how} after the head of a 500",
                Way.HTTP_FAILED,
                Told("500", "server", "server_error"),
                asks,
                server(speech.begins(status=500) + speech.goes_on(b"it ")),
                *steps,
            ),
        )
    ]
