"""Scripts of JSON over HTTP/1.1 and HTTP/2: each way in which a call can end, and what is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tests.e2e.outcome_calls import (
    DONE,
    HTTP1,
    HTTP2,
    RESPONSES,
    SPEECHES,
    Field,
    Speech,
    event,
    token,
)
from tests.e2e.outcome_row import (
    BAD,
    SENT_AGAIN_SECONDS,
    UNPROCESSED,
    Events,
    Row,
    Told,
    Way,
    by_server,
)
from tests.e2e.outcome_row import http_row as row
from tests.e2e.outcome_rows_left import failed, given_up, left
from tests.harness.conversation import (
    Closes,
    Ends,
    Passes,
    Resets,
    Says,
    SeesReset,
    client,
    server,
)
from tests.hazards import frames as h2

CANCEL = 0x8
ONE_PIECE = ("good", "good", "one_piece")
RETRY_AFTER: Field = ("retry-after", "3")
LEFT = Told("LOST", "client", "cancelled")
LEFT_ONE_PIECE = Told("LOST", "client", "cancelled", ("cancelled", "cancelled", "one_piece"))
LOST = Told("LOST", "server", "server_error")
WELL = Told("200", "server", "ok")

STATUSES: dict[int, tuple[str, Way]] = {
    400: ("client_error", Way.HTTP_CLIENT_ERROR),
    404: ("client_error", Way.HTTP_CLIENT_ERROR),
    408: ("timeout", Way.HTTP_TIMEOUT),
    424: ("server_error", Way.HTTP_FAILED_DEPENDENCY),
    429: ("shed", Way.HTTP_SHED),
    499: ("cancelled", Way.HTTP_CANCELLED),
    500: ("server_error", Way.HTTP_FAILED),
    503: ("server_error", Way.HTTP_FAILED),
    504: ("timeout", Way.HTTP_TIMEOUT),
}


def in_band(events: Events) -> Told:
    """An error inside a good answer: the call keeps the code that came first."""
    request = ("IN_BAND_ERROR", "server", "server_error")
    return Told("200", "server", "server_error", events, request=request)


def said_whole(speech: Speech) -> list[Row]:
    """Answers with a status, whole."""

    def answers(name: str, status: int, outcome: str, way: Way, *fields: Field) -> Row:
        told = by_server(status, outcome)
        said = speech.answers(status, {"error": {"message": "no"}}, *fields)
        return row(speech, name, way, told, client(speech.asks()), server(said))

    return [
        *(answers(f"{status}", status, *STATUSES[status]) for status in STATUSES),
        answers("503 with Retry-After", 503, "shed", Way.HTTP_SHED, RETRY_AFTER),
        answers("429 with Retry-After", 429, "shed", Way.HTTP_SHED, RETRY_AFTER),
        answers("500 with Retry-After", 500, "server_error", Way.HTTP_FAILED, RETRY_AFTER),
        row(
            speech,
            "200 in one piece",
            Way.HTTP_OK,
            by_server(200, "ok", ONE_PIECE),
            client(speech.asks(stream=False)),
            server(speech.answers(200)),
        ),
        row(
            speech,
            "304",
            Way.HTTP_OK,
            by_server(304, "ok", ONE_PIECE),
            client(speech.asks(stream=False)),
            server(speech.answers(304)),
        ),
        row(
            speech,
            "500 in one piece",
            Way.HTTP_FAILED,
            by_server(500, "server_error", ("bad", "bad", "one_piece")),
            client(speech.asks(stream=False)),
            server(speech.answers(500)),
        ),
        row(
            speech,
            "400 in one piece",
            Way.HTTP_CLIENT_ERROR,
            by_server(400, "client_error"),
            client(speech.asks(stream=False)),
            server(speech.answers(400)),
        ),
        replace(
            row(
                speech,
                "424 of the client's tool server",
                Way.HTTP_FAILED_DEPENDENCY,
                by_server(424, "client_error"),
                client(speech.asks(RESPONSES)),
                server(speech.answers(424)),
            ),
            overruled=True,
        ),
        row(
            speech,
            "error inside 200",
            Way.IN_BAND_ERROR,
            in_band(("bad", "bad", "one_piece")),
            client(speech.asks(stream=False)),
            server(speech.answers(200, {"error": {"message": "it broke"}})),
        ),
    ]


def streamed(speech: Speech) -> list[Row]:
    """Answers in pieces, whole or broken off by their server."""
    asks, begins = client(speech.asks()), speech.begins()
    half = server(begins + speech.goes_on(token()))
    error = event({"error": {"message": "it broke"}})
    return [
        row(
            speech,
            "whole stream",
            Way.HTTP_OK,
            WELL,
            asks,
            half,
            server(speech.goes_on(DONE) + speech.finishes()),
        ),
        row(
            speech,
            "error in a stream",
            Way.IN_BAND_ERROR,
            in_band(BAD),
            asks,
            half,
            server(speech.goes_on(error) + speech.finishes()),
        ),
        row(
            speech,
            "server ends the connection",
            Way.SERVER_LOST,
            LOST,
            asks,
            Ends("server"),
            Ends("client"),
        ),
        row(speech, "server breaks off", Way.SERVER_LOST, LOST, asks, Resets("server")),
        row(
            speech,
            "server ends in a stream",
            Way.SERVER_LOST,
            LOST,
            asks,
            half,
            Ends("server"),
            Ends("client"),
        ),
        row(
            speech,
            "server breaks off a stream",
            Way.SERVER_LOST,
            LOST,
            asks,
            half,
            Resets("server"),
        ),
    ]


IDLE_408 = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
UPGRADED: Sequence[Field] = [("connection", "upgrade"), ("upgrade", "websocket")]
HTTP1_ROWS = [
    row(
        HTTP1,
        "101",
        Way.HTTP_OK,
        by_server(101, "ok", ONE_PIECE),
        client(HTTP1.asks(stream=False)),
        server(HTTP1.answers(101, None, *UPGRADED)),
    ),
    row(
        HTTP1,
        "408 on an idle connection is no call",
        Way.HTTP_OK,
        by_server(200, "ok", ONE_PIECE),
        client(HTTP1.asks(stream=False)),
        server(HTTP1.answers(200)),
        server(IDLE_408),
        Ends("server"),
        Ends("client"),
    ),
    row(
        HTTP1,
        "server had closed before",
        Way.SERVER_LOST,
        LOST,
        client(HTTP1.asks(stream=False)),
        server(HTTP1.answers(200)),
        Closes("server"),
        Says("client", HTTP1.asks(), heard=False),
        SeesReset("client"),
        beside=[by_server(200, "ok", ONE_PIECE)],
    ),
    row(
        HTTP1,
        "server cuts an answer short",
        Way.SERVER_LOST,
        Told("LOST", "server", "server_error", ("bad", "bad", "one_piece")),
        client(HTTP1.asks(stream=False)),
        server(HTTP1.answers(200)[:-3]),
        Ends("server"),
        Ends("client"),
    ),
    row(
        HTTP1,
        "answered after a half-close and read",
        Way.HTTP_OK,
        by_server(200, "ok", ONE_PIECE),
        client(HTTP1.asks(stream=False)),
        Ends("client"),
        server(HTTP1.answers(200)),
        Ends("server"),
    ),
    row(
        HTTP1,
        "answered after the client had closed",
        Way.CLIENT_LEFT,
        LEFT_ONE_PIECE,
        client(HTTP1.asks(stream=False)),
        Closes("client"),
        Says("server", HTTP1.answers(200), heard=False),
        SeesReset("server"),
    ),
    row(
        HTTP1,
        "answered and ended after the client had closed",
        Way.CLIENT_LEFT,
        LEFT_ONE_PIECE,
        client(HTTP1.asks(stream=False)),
        Closes("client"),
        Says("server", HTTP1.answers(200), heard=False),
        Closes("server", seen=False),
    ),
    row(
        HTTP1,
        "failed after the client had closed",
        Way.CLIENT_LEFT,
        LEFT,
        client(HTTP1.asks()),
        Closes("client"),
        Says("server", HTTP1.answers(500), heard=False),
        SeesReset("server"),
    ),
    row(
        HTTP1,
        "server cannot be read",
        Way.UNREAD,
        Told("LOST", "wayside", "cancelled", ("unread",) * 3),
        client(HTTP1.asks()),
        server(b"HTTP/1.1 what?\r\n\r\n"),
        Ends("server"),
        Ends("client"),
    ),
]
HTTP2_RESETS: dict[int, tuple[str, str, Way]] = {
    0x2: ("INTERNAL", "server_error", Way.SERVER_RESET),
    0x7: ("UNAVAILABLE", "shed", Way.REFUSED),
    CANCEL: ("CANCELLED", "server_error", Way.GRPC_CANCELLED),
    0xB: ("RESOURCE_EXHAUSTED", "shed", Way.GRPC_EXHAUSTED),
    0xC: ("PERMISSION_DENIED", "client_error", Way.GRPC_CLIENT_ERROR),
}
HTTP2_ROWS = [
    *(
        row(
            HTTP2,
            f"server resets with {code}",
            way,
            by_server(name, outcome),
            client(HTTP2.asks()),
            server(h2.rst(1, code)),
        )
        for code, (name, outcome, way) in HTTP2_RESETS.items()
    ),
    row(
        HTTP2,
        "server cancels a stream",
        Way.GRPC_CANCELLED,
        by_server("CANCELLED", "server_error"),
        client(HTTP2.asks()),
        server(HTTP2.begins() + HTTP2.goes_on(token())),
        server(h2.rst(1, CANCEL)),
    ),
    row(
        HTTP2,
        "server cannot be read",
        Way.UNREAD,
        Told("LOST", "wayside", "cancelled", ("unread",) * 3),
        client(HTTP2.asks()),
        server(h2.frame(h2.DATA, h2.PADDED, 1, b"\xff")),
        Ends("server"),
        Ends("client"),
    ),
]
HTTP_ROWS = [
    made
    for speech in SPEECHES
    for makes in (said_whole, streamed, left, failed, given_up)
    for made in makes(speech)
] + [*HTTP1_ROWS, *HTTP2_ROWS]
HTTP_FAREWELL_ROWS = [
    row(
        HTTP2,
        "above a GOAWAY with an error",
        Way.UNPROCESSED,
        UNPROCESSED,
        client(HTTP2.asks()),
        server(h2.goaway(0, 0x2)),
    ),
    row(
        HTTP2,
        "above a graceful GOAWAY",
        Way.UNPROCESSED,
        UNPROCESSED,
        client(HTTP2.asks()),
        server(h2.goaway(0, 0)),
    ),
    replace(
        row(
            HTTP2,
            "above one GOAWAY after the other",
            Way.LEFT_OUT,
            by_server("UNAVAILABLE", "server_error"),
            client(HTTP2.asks()),
            server(h2.goaway(0, 0)),
            beside=[UNPROCESSED],
        ),
        before=[
            *HTTP2.hello,
            client(HTTP2.asks()),
            server(h2.goaway(0, 0)),
            Passes(SENT_AGAIN_SECONDS),
        ],
    ),
]
