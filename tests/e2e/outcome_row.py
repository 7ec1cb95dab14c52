"""What a scripted call must come to: a row of the table of outcomes, and which counter of which objective moves."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from tests.e2e.outcome_calls import Speech
from tests.harness.conversation import Step


class Way(enum.Enum):
    """A row of the table: how what it says of itself begins."""

    GRPC_OK = "gRPC: OK"
    GRPC_CLIENT_ERROR = "gRPC: a status that blames the client, or RST_STREAM(INADEQUATE_SECURITY)"
    GRPC_DEADLINE = "gRPC: the server says that time is up"
    GRPC_CANCELLED = "CANCELLED or RST_STREAM(CANCEL) from a server that no client had asked"
    GRPC_CANCELLED_LATE = "the same at or after the call's deadline"
    GRPC_EXHAUSTED = "gRPC: the server has no room, or RST_STREAM(ENHANCE_YOUR_CALM)"
    GRPC_TOO_LARGE = "gRPC: the same where the server's words tell of a message larger"
    GRPC_FAILED = "gRPC: a status that blames the server, or none at all"
    GRPC_SHED_BY_HTTP = "plain HTTP where gRPC was asked for: 429, or 503 with Retry-After"
    GRPC_TIMEOUT_BY_HTTP = "plain HTTP where gRPC was asked for: 504"
    HTTP_OK = "HTTP: a good status"
    HTTP_TIMEOUT = "HTTP: 504, or 408 after the whole request"
    HTTP_CANCELLED = "HTTP: the server was told to stop"
    HTTP_SHED = "HTTP: 429, or 503 with Retry-After"
    HTTP_FAILED_DEPENDENCY = "HTTP: what the server depends on failed"
    HTTP_CLIENT_ERROR = "HTTP: any other status that blames the client, and 408 before"
    HTTP_FAILED = "HTTP: any other status that blames the server"
    IN_BAND_ERROR = "an error inside an answer that says OK or 200"
    SERVED = "HTTP: the client left a stream after its end mark"
    CLIENT_LEFT = "the client reset the stream (CANCELLED), or ended the connection (LOST)"
    CLIENT_DEADLINE = "gRPC: the client did so at or after its deadline"
    CLIENT_GAVE_UP = "HTTP: the client did so after `give_up`"
    SERVER_RESET = "the server reset the stream, for a reason not named here"
    REFUSED = "RST_STREAM(REFUSED_STREAM), from a server that has not said goodbye"
    LEFT_OUT = "the stream is above the last one of a GOAWAY, of a server that has answered nothing"
    UNPROCESSED = "the stream is above the last one of a GOAWAY, or was refused"
    SERVER_LOST = "the server ended the connection, or had already done so"
    NETWORK_LOST = "the connection broke, and neither end had closed it"
    CUT = "Wayside cut it, as the time for draining was over"
    UNREAD = "Wayside could not read its end"


Events = tuple[str, ...]
"""For objectives of availability, of latency and of first token: good, bad, or the reason for which it is left out."""
GOOD, BAD = ("good",) * 3, ("bad",) * 3
EVENTS: dict[str, Events] = {
    "ok": GOOD,
    "client_error": ("client_error",) * 3,
    "cancelled": ("cancelled",) * 3,
    "timeout": BAD,
    "server_error": BAD,
    "shed": BAD,
}
"""Of each outcome, where nothing else is said."""


@dataclass(frozen=True)
class Told:
    """One call as it is counted, and the one request in it."""

    code: str
    ended_by: str
    outcome: str
    events: Events | None = None
    """Those of EVENTS, unless something else is said; empty strings: none."""
    requests: int = 1
    request: tuple[str, str, str] | None = None
    """Its code, who ended it and its outcome, where those are not the call's."""

    @property
    def call(self) -> tuple[str, str, str]:
        """Return what is told of the call."""
        return self.code, self.ended_by, self.outcome

    def moved(self) -> Events:
        """Which counters of the three objectives move."""
        if self.events is not None:
            return self.events
        return EVENTS[self.request[2] if self.request else self.outcome]


WELL = Told("OK", "server", "ok")
"""A call over gRPC that is only there for another one's sake."""
UNPROCESSED = Told("UNPROCESSED", "server", "cancelled", ("", "", ""), requests=0)
"""One that the server never looked at."""
# A little more than the tap takes for the time in which what is left out is sent again.
SENT_AGAIN_SECONDS = 2.1


@dataclass(frozen=True)
class Row:
    """A script, and what is told of it."""

    name: str
    way: Way
    protocol: str
    told: Told
    script: Sequence[Step]
    beside: Sequence[Told] = ()
    """Further calls of the same conversation."""
    before: Sequence[Step] = ()
    """A conversation on a connection of its own, played first."""
    overruled: bool = False
    """A rule says of it what the table does not."""

    def __str__(self) -> str:
        """For pytest."""
        return f"{self.protocol}-{self.name}".replace(" ", "-")


def http_row(
    speech: Speech, name: str, way: Way, told: Told, *steps: Step, beside: Sequence[Told] = ()
) -> Row:
    """A conversation over one of the two."""
    return Row(name, way, speech.name, told, [*speech.hello, *steps], beside)


def by_server(code: str | int, outcome: str, events: Events | None = None) -> Told:
    """The server ended it."""
    return Told(str(code), "server", outcome, events)
