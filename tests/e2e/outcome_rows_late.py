"""Scripts in which time passes: thresholds that are crossed, clients that give up; and rules that say otherwise.

Time only passes at least: nothing here is told otherwise because a machine took longer.
"""

from __future__ import annotations

from dataclasses import replace

from tests.e2e.outcome_calls import HELLO, SPEECHES, Speech, answered, asked, plain, status, token
from tests.e2e.outcome_row import BAD, Events, Row, Told, Way, http_row
from tests.e2e.outcome_rows_grpc import BLINDING, CANCEL, LONG
from tests.e2e.outcome_rows_grpc import row as grpc_row
from tests.e2e.outcome_rows_left import leaving
from tests.harness.conversation import Ends, Passes, Resets, Step, client, server
from tests.hazards import frames as h2

THRESHOLD = Passes(0.03)
LATE_SLOS = """\
slos:
  - {name: up, objective: 99%, good: {available: true}}
  - {name: fast, objective: 99%, good: {latency_below: 20ms}}
  - {name: first, objective: 99%, good: {first_token_below: 20ms}}
"""
GIVE_UP_SECONDS = 0.1
GAVE_UP = Passes(1.1 * GIVE_UP_SECONDS)
OTHERWISE = """\
slos:
  - {name: up, objective: 99%, good: {available: true}}
  - {name: soon, objective: 99%, good: {available: {give_up: 100ms}}}
  - {name: fast, objective: 99%, good: {latency_below: 10m}}
  - {name: first, objective: 99%, good: {first_token_below: 10m}}
outcomes: {429: client_error}
"""
OTHERWISE_OBJECTIVES = ("up", "soon", "fast", "first")


def late_grpc(name: str, told: Told, *steps: Step) -> Row:
    """A call over gRPC that crosses both thresholds before it ends so."""
    late = replace(told, events=(told.moved()[0], "bad", "bad"))
    return grpc_row(name, Way.GRPC_OK, late, client(asked(1, LONG)), THRESHOLD, *steps)


def late_http(speech: Speech) -> list[Row]:
    """Calls over HTTP that cross both thresholds before they end."""

    def late(name: str, told: Told, *steps: Step) -> Row:
        events = (told.moved()[0], "bad", "bad")
        asks = client(speech.asks())
        return http_row(
            speech, name, Way.HTTP_OK, replace(told, events=events), asks, THRESHOLD, *steps
        )

    statuses = {400: "client_error", 429: "shed", 499: "cancelled", 500: "server_error"}
    whole = speech.begins() + speech.goes_on(token()) + speech.finishes()
    one_piece = Told("200", "server", "ok", ("good", "bad", "one_piece"))
    return [
        late("well", Told("200", "server", "ok"), server(whole)),
        *(
            late(f"{code}", Told(f"{code}", "server", outcome), server(speech.answers(code)))
            for code, outcome in statuses.items()
        ),
        *(
            late(f"left {how}", Told(code, "client", "cancelled"), *steps)
            for how, (code, steps) in leaving(speech).items()
        ),
        http_row(
            speech,
            "well in one piece",
            Way.HTTP_OK,
            one_piece,
            client(speech.asks(stream=False)),
            THRESHOLD,
            server(speech.answers(200)),
        ),
    ]


LATE_ROWS = [
    late_grpc("OK", Told("OK", "server", "ok"), server(answered(1))),
    late_grpc(
        "INVALID_ARGUMENT",
        Told("INVALID_ARGUMENT", "server", "client_error"),
        server(status(1, 3)),
    ),
    late_grpc("INTERNAL", Told("INTERNAL", "server", "server_error"), server(status(1, 13))),
    late_grpc("client resets", Told("CANCELLED", "client", "cancelled"), client(h2.rst(1, CANCEL))),
    late_grpc("client breaks off", Told("LOST", "client", "cancelled"), Resets("client")),
    late_grpc(
        "server cannot be read",
        Told("LOST", "wayside", "cancelled", ("unread", "bad", "bad")),
        server(BLINDING),
        Ends("server"),
        Ends("client"),
    ),
    *(made for speech in SPEECHES for made in late_http(speech)),
]


def gave_up(speech: Speech) -> list[Row]:
    """Clients of HTTP that leave after a long silence."""
    asks, part = client(speech.asks()), client(speech.begins_to_ask())
    begun = server(speech.begins() + speech.goes_on(token()))
    in_vain: Events = ("cancelled", "bad", "cancelled", "cancelled")
    rows = []
    for how, (code, steps) in leaving(speech).items():
        told = Told(code, "client", "timeout", in_vain)
        changed = Told(code, "client", "cancelled", ("cancelled",) * 4)
        rows += [
            http_row(speech, f"gave up {how}", Way.CLIENT_GAVE_UP, told, asks, GAVE_UP, *steps),
            http_row(
                speech,
                f"gave up a stream {how}",
                Way.CLIENT_GAVE_UP,
                told,
                asks,
                begun,
                GAVE_UP,
                *steps,
            ),
            http_row(
                speech,
                f"upload given up late {how}",
                Way.CLIENT_LEFT,
                changed,
                part,
                GAVE_UP,
                *steps,
            ),
        ]
    return rows


GIVE_UP_ROWS = [
    *(made for speech in SPEECHES for made in gave_up(speech)),
    grpc_row(
        "client resets late, and has a deadline",
        Way.CLIENT_LEFT,
        Told("CANCELLED", "client", "cancelled", ("cancelled",) * 4),
        client(asked(1, LONG)),
        GAVE_UP,
        client(h2.rst(1, CANCEL)),
    ),
    grpc_row(
        "client resets late, and has none",
        Way.CLIENT_LEFT,
        Told("CANCELLED", "client", "cancelled", ("cancelled",) * 4),
        client(asked(1)),
        GAVE_UP,
        client(h2.rst(1, CANCEL)),
    ),
]
EXCLUDED: Events = ("client_error",) * 4
RULE_ROWS = [
    Row(
        "429 by rule",
        Way.GRPC_SHED_BY_HTTP,
        "grpc",
        Told("UNAVAILABLE", "server", "client_error", EXCLUDED),
        [*HELLO, client(asked(1)), server(plain(1, 429))],
    ),
    Row(
        "no rule for RESOURCE_EXHAUSTED",
        Way.GRPC_EXHAUSTED,
        "grpc",
        Told("RESOURCE_EXHAUSTED", "server", "shed", (*BAD, "bad")),
        [*HELLO, client(asked(1)), server(status(1, 8))],
    ),
    *(
        http_row(
            speech,
            "429 by rule",
            Way.HTTP_SHED,
            Told("429", "server", "client_error", EXCLUDED),
            client(speech.asks()),
            server(speech.answers(429)),
        )
        for speech in SPEECHES
    ),
]
