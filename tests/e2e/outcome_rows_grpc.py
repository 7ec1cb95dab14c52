"""Scripts over gRPC: each way in which a call can end, and what is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.e2e.outcome_calls import HELLO, answered, asked, opened, plain, status
from tests.e2e.outcome_row import SENT_AGAIN_SECONDS, UNPROCESSED, WELL, Row, Told, Way
from tests.harness.compiled import grpc_frame
from tests.harness.conversation import (
    Closes,
    Ends,
    Passes,
    Resets,
    Says,
    SeesReset,
    Step,
    client,
    server,
)
from tests.hazards import frames as h2

STREAM_INFER = "/inference.GRPCInferenceService/ModelStreamInfer"
CANCEL = 0x8
REFUSED_STREAM = 0x7
SHORT, LONG = ("grpc-timeout", "50m"), ("grpc-timeout", "1H")
AFTER_SHORT_SECONDS = 0.06
LATE = ("bad", "deadline", "deadline")
"""Out of time with less time allowed than a threshold: of that, nothing can be said."""

STATUSES: dict[int, tuple[str, str, Way]] = {
    0: ("OK", "ok", Way.GRPC_OK),
    1: ("CANCELLED", "server_error", Way.GRPC_CANCELLED),
    2: ("UNKNOWN", "server_error", Way.GRPC_FAILED),
    3: ("INVALID_ARGUMENT", "client_error", Way.GRPC_CLIENT_ERROR),
    4: ("DEADLINE_EXCEEDED", "timeout", Way.GRPC_DEADLINE),
    5: ("NOT_FOUND", "client_error", Way.GRPC_CLIENT_ERROR),
    6: ("ALREADY_EXISTS", "client_error", Way.GRPC_CLIENT_ERROR),
    7: ("PERMISSION_DENIED", "client_error", Way.GRPC_CLIENT_ERROR),
    8: ("RESOURCE_EXHAUSTED", "shed", Way.GRPC_EXHAUSTED),
    9: ("FAILED_PRECONDITION", "client_error", Way.GRPC_CLIENT_ERROR),
    10: ("ABORTED", "client_error", Way.GRPC_CLIENT_ERROR),
    11: ("OUT_OF_RANGE", "client_error", Way.GRPC_CLIENT_ERROR),
    12: ("UNIMPLEMENTED", "server_error", Way.GRPC_FAILED),
    13: ("INTERNAL", "server_error", Way.GRPC_FAILED),
    14: ("UNAVAILABLE", "server_error", Way.GRPC_FAILED),
    15: ("DATA_LOSS", "server_error", Way.GRPC_FAILED),
    16: ("UNAUTHENTICATED", "client_error", Way.GRPC_CLIENT_ERROR),
}
PLAIN: dict[int, tuple[str, str, Way]] = {
    400: ("INTERNAL", "server_error", Way.GRPC_FAILED),
    401: ("UNAUTHENTICATED", "client_error", Way.GRPC_CLIENT_ERROR),
    403: ("PERMISSION_DENIED", "client_error", Way.GRPC_CLIENT_ERROR),
    404: ("UNIMPLEMENTED", "server_error", Way.GRPC_FAILED),
    429: ("UNAVAILABLE", "shed", Way.GRPC_SHED_BY_HTTP),
    500: ("UNKNOWN", "server_error", Way.GRPC_FAILED),
    502: ("UNAVAILABLE", "server_error", Way.GRPC_FAILED),
    503: ("UNAVAILABLE", "server_error", Way.GRPC_FAILED),
    504: ("UNAVAILABLE", "timeout", Way.GRPC_TIMEOUT_BY_HTTP),
}
RESETS: dict[int, tuple[str, str, Way]] = {
    0x0: ("INTERNAL", "server_error", Way.SERVER_RESET),
    0x2: ("INTERNAL", "server_error", Way.SERVER_RESET),
    REFUSED_STREAM: ("UNAVAILABLE", "shed", Way.REFUSED),
    CANCEL: ("CANCELLED", "server_error", Way.GRPC_CANCELLED),
    0xB: ("RESOURCE_EXHAUSTED", "shed", Way.GRPC_EXHAUSTED),
    0xC: ("PERMISSION_DENIED", "client_error", Way.GRPC_CLIENT_ERROR),
}
TOO_LARGE = (
    "Received message larger than max (4194305 vs. 4194304)",
    "grpc: received message larger than max (5 vs. 4)",
    "gRPC message exceeds maximum size 4194304: 4194305",
)


def row(name: str, way: Way, told: Told, *steps: Step, beside: Sequence[Told] = ()) -> Row:
    """A conversation over gRPC."""
    return Row(name, way, "grpc", told, [*HELLO, *steps], beside)


def answers(name: str, way: Way, told: Told, said: bytes) -> Row:
    """A call that the server ends with these words."""
    return row(name, way, told, client(asked(1)), server(said))


def by_server(code: str, outcome: str) -> Told:
    """The server ended it."""
    return Told(code, "server", outcome)


def late(name: str, way: Way, told: Told, *steps: Step) -> Row:
    """A call that ends when its deadline has passed."""
    return row(name, way, told, client(asked(1, SHORT)), Passes(AFTER_SHORT_SECONDS), *steps)


def streamed_error() -> bytes:
    """An answer inside a stream that tells of an error, and the end of the stream: OK."""
    said = oip.ModelStreamInferResponse(error_message="it broke").SerializeToString()
    return (
        h2.headers(1, h2.ANSWER_HEAD)
        + h2.data(1, grpc_frame(said))
        + h2.headers(1, h2.TRAILERS, end=True)
    )


BLINDING = h2.frame(h2.DATA, h2.PADDED, 1, b"\xff")
"""More padding than frame: the direction can no longer be read (RFC 9113 section 6.1)."""
LEFT = Told("LOST", "client", "cancelled")
LOST = Told("LOST", "server", "server_error")
HEAD = h2.headers(1, h2.ANSWER_HEAD)

GRPC_ROWS = [
    *(
        answers(f"status {code}", way, by_server(name, outcome), answered(1))
        if code == 0
        else answers(f"status {code}", way, by_server(name, outcome), status(1, code))
        for code, (name, outcome, way) in STATUSES.items()
    ),
    *(
        answers(f"plain {code}", way, by_server(name, outcome), plain(1, code))
        for code, (name, outcome, way) in PLAIN.items()
    ),
    answers(
        "plain 503 with Retry-After",
        Way.GRPC_SHED_BY_HTTP,
        by_server("UNAVAILABLE", "shed"),
        plain(1, 503, ("retry-after", "3")),
    ),
    *(
        answers(f"server resets with {code}", way, by_server(name, outcome), h2.rst(1, code))
        for code, (name, outcome, way) in RESETS.items()
    ),
    *(
        answers(
            f"too large {number}",
            Way.GRPC_TOO_LARGE,
            by_server("RESOURCE_EXHAUSTED", "client_error"),
            status(1, 8, words),
        )
        for number, words in enumerate(TOO_LARGE)
    ),
    replace(
        answers(
            "a full queue of Triton's",
            Way.GRPC_FAILED,
            by_server("UNAVAILABLE", "shed"),
            status(1, 14, "[request id: 1] Exceeds maximum queue size"),
        ),
        overruled=True,
    ),
    answers(
        "no status",
        Way.GRPC_FAILED,
        by_server("UNKNOWN", "server_error"),
        HEAD + h2.data(1, b"", end=True),
    ),
    row(
        "in-band error",
        Way.IN_BAND_ERROR,
        Told("OK", "server", "ok", request=("IN_BAND_ERROR", "server", "server_error")),
        client(asked(1, path=STREAM_INFER)),
        server(streamed_error()),
    ),
    late(
        "CANCELLED at the deadline",
        Way.GRPC_CANCELLED_LATE,
        Told("CANCELLED", "server", "timeout", LATE),
        server(status(1, 1)),
    ),
    late(
        "server resets at the deadline",
        Way.GRPC_CANCELLED_LATE,
        Told("DEADLINE_EXCEEDED", "server", "timeout", LATE),
        server(h2.rst(1, CANCEL)),
    ),
    late(
        "DEADLINE_EXCEEDED at the deadline",
        Way.GRPC_DEADLINE,
        Told("DEADLINE_EXCEEDED", "server", "timeout", LATE),
        server(status(1, 4)),
    ),
    row(
        "CANCELLED before the deadline",
        Way.GRPC_CANCELLED,
        by_server("CANCELLED", "server_error"),
        client(asked(1, LONG)),
        server(status(1, 1)),
    ),
    late(
        "answered well with less time than a threshold",
        Way.GRPC_OK,
        Told("OK", "server", "ok", ("good", "deadline", "deadline")),
        server(answered(1)),
    ),
    row(
        "answered before all was asked",
        Way.GRPC_OK,
        WELL,
        client(opened(1)),
        server(answered(1)),
        client(h2.data(1, b"", end=True)),
    ),
    row(
        "client resets",
        Way.CLIENT_LEFT,
        Told("CANCELLED", "client", "cancelled"),
        client(asked(1, LONG)),
        client(h2.rst(1, CANCEL)),
    ),
    row(
        "client resets in a stream",
        Way.CLIENT_LEFT,
        Told("CANCELLED", "client", "cancelled"),
        client(asked(1)),
        server(HEAD),
        client(h2.rst(1, CANCEL)),
    ),
    row(
        "client resets while it asks",
        Way.CLIENT_LEFT,
        Told("CANCELLED", "client", "cancelled"),
        client(opened(1)),
        client(h2.rst(1, CANCEL)),
    ),
    row(
        "client ends the connection",
        Way.CLIENT_LEFT,
        LEFT,
        client(asked(1)),
        Ends("client"),
        Ends("server"),
    ),
    row("client breaks off", Way.CLIENT_LEFT, LEFT, client(asked(1)), Resets("client")),
    late(
        "client resets at its deadline",
        Way.CLIENT_DEADLINE,
        Told("DEADLINE_EXCEEDED", "client", "timeout", LATE),
        client(h2.rst(1, CANCEL)),
    ),
    late(
        "client ends the connection at its deadline",
        Way.CLIENT_DEADLINE,
        Told("LOST", "client", "timeout", LATE),
        Ends("client"),
        Ends("server"),
    ),
    late(
        "client breaks off at its deadline",
        Way.CLIENT_DEADLINE,
        Told("LOST", "client", "timeout", LATE),
        Resets("client"),
    ),
    row(
        "server ends the connection",
        Way.SERVER_LOST,
        LOST,
        client(asked(1)),
        Ends("server"),
        Ends("client"),
    ),
    row("server breaks off", Way.SERVER_LOST, LOST, client(asked(1)), Resets("server")),
    row(
        "server ends the connection in an answer",
        Way.SERVER_LOST,
        LOST,
        client(asked(1)),
        server(HEAD),
        Ends("server"),
        Ends("client"),
    ),
    row(
        "server had closed before",
        Way.SERVER_LOST,
        LOST,
        client(asked(1)),
        server(answered(1)),
        Closes("server"),
        Says("client", asked(3), heard=False),
        SeesReset("client"),
        beside=[WELL],
    ),
    row(
        "server cannot be read",
        Way.UNREAD,
        Told("LOST", "wayside", "cancelled", ("unread",) * 3),
        client(asked(1)),
        server(BLINDING),
        Ends("server"),
        Ends("client"),
    ),
]
GOOD_CALL = [*HELLO, client(asked(1)), server(answered(1)), Ends("server"), Ends("client")]
FAREWELL_ROWS = [
    replace(
        row(
            "above one GOAWAY after the other",
            Way.LEFT_OUT,
            by_server("UNAVAILABLE", "server_error"),
            client(asked(1)),
            server(h2.goaway(0, 0)),
            beside=[UNPROCESSED],
        ),
        before=[*HELLO, client(asked(1)), server(h2.goaway(0, 0)), Passes(SENT_AGAIN_SECONDS)],
    ),
    row(
        "above a GOAWAY with an error",
        Way.UNPROCESSED,
        UNPROCESSED,
        client(asked(1)),
        client(asked(3)),
        server(h2.goaway(1, 0xB)),
        server(answered(1)),
        beside=[WELL],
    ),
    row(
        "above a graceful GOAWAY",
        Way.UNPROCESSED,
        UNPROCESSED,
        client(asked(1)),
        client(asked(3)),
        server(h2.goaway(1, 0)),
        server(answered(1)),
        beside=[WELL],
    ),
    row(
        "sent after a graceful GOAWAY",
        Way.UNPROCESSED,
        UNPROCESSED,
        client(asked(1)),
        server(h2.goaway(1, 0)),
        client(asked(3)),
        server(answered(1)),
        Ends("server"),
        Ends("client"),
        beside=[WELL],
    ),
    row(
        "refused on the connection of a graceful GOAWAY",
        Way.UNPROCESSED,
        UNPROCESSED,
        client(asked(1)),
        server(h2.goaway(2**31 - 1, 0)),
        server(h2.rst(1, REFUSED_STREAM)),
    ),
    replace(
        row(
            "refused after a graceful GOAWAY elsewhere",
            Way.UNPROCESSED,
            UNPROCESSED,
            client(asked(1)),
            server(h2.rst(1, REFUSED_STREAM)),
            beside=[WELL],
        ),
        before=[
            *HELLO,
            client(asked(1)),
            server(h2.goaway(1, 0)),
            server(answered(1)),
            Ends("server"),
            Ends("client"),
        ],
    ),
    row(
        "left in the open by a graceful GOAWAY",
        Way.SERVER_LOST,
        LOST,
        client(asked(1)),
        server(h2.goaway(1, 0)),
        Ends("server"),
        Ends("client"),
    ),
]
"""For a server of their own: whether it has said goodbye of late is known of all connections to it."""
