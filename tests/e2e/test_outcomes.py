"""Each row of the table of outcomes, played with both ends held: who ended it, what it counts as, which counters moved.

What is told is compared as the difference of two pages, so that whatever else moved is a failure, too.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from sidecar.cli.outcome_table import ask_tap
from tests.e2e.counted_outcomes import expected
from tests.e2e.grpc_deadlines import NotPromptError, prompt
from tests.e2e.outcome_calls import HELLO, SPEECHES, Speech, asked, token
from tests.e2e.outcome_place import Place, place
from tests.e2e.outcome_row import WELL, Row, Told, Way
from tests.e2e.outcome_rows_grpc import FAREWELL_ROWS, GOOD_CALL, GRPC_ROWS
from tests.e2e.outcome_rows_http import HTTP_FAREWELL_ROWS, HTTP_ROWS
from tests.e2e.outcome_rows_late import (
    GIVE_UP_ROWS,
    GIVE_UP_SECONDS,
    LATE_ROWS,
    LATE_SLOS,
    OTHERWISE,
    OTHERWISE_OBJECTIVES,
    RULE_ROWS,
)
from tests.harness.conversation import Does, Passes, Resets, client, conversation, server
from tests.hazards.passage import Passage

STEADY = [*GRPC_ROWS, *HTTP_ROWS]
FAREWELL = [*FAREWELL_ROWS, *HTTP_FAREWELL_ROWS]
HTTP = {"http1", "http2"}
GRPC = {"grpc"}
# Over which protocols a way to end is played: all that it can come about over; all three where nothing is said.
OVER = {
    **{way: HTTP for way in Way if way.value.startswith("HTTP:")},
    **{way: GRPC for way in Way if way.value.startswith(("gRPC:", "plain HTTP"))},
    Way.GRPC_CANCELLED: GRPC | {"http2"},
    Way.GRPC_CANCELLED_LATE: GRPC,
    Way.SERVER_RESET: GRPC | {"http2"},
    Way.REFUSED: GRPC | {"http2"},
    Way.LEFT_OUT: GRPC | {"http2"},
    Way.UNPROCESSED: GRPC | {"http2"},
    # HTTP/1.1, HTTP/2 and gRPC in one test each, below and in test_outcomes_network.py.
    Way.CUT: set(),
    Way.NETWORK_LOST: set(),
}


@pytest.fixture(scope="module")
def steady() -> Iterator[Place]:
    """Where no server says goodbye."""
    with place() as it:
        yield it


@pytest.fixture(scope="module")
def farewell() -> Iterator[Place]:
    """Where servers say goodbye, which is remembered for a while."""
    with place() as it:
        yield it


@pytest.fixture(scope="module")
def late() -> Iterator[Place]:
    """Where every threshold is crossed soon."""
    with place(LATE_SLOS) as it:
        yield it


@pytest.fixture(scope="module")
def otherwise() -> Iterator[Place]:
    """Where a configuration says of some ways to end what they count as."""
    with place(OTHERWISE) as it:
        yield it


@pytest.mark.parametrize("row", STEADY, ids=str)
def test_each_row(steady: Place, row: Row) -> None:
    assert steady.play(row) == expected([row.told, *row.beside])


@pytest.mark.parametrize("row", FAREWELL, ids=str)
def test_each_row_of_a_farewell(farewell: Place, row: Row) -> None:
    """After a good answer, since what a server left out before it has no part in this."""
    scripts = [steps for steps in (GOOD_CALL, row.before, row.script) if steps]
    told = [WELL, row.told, *row.beside]
    assert farewell.play_scripts(scripts, len(told)) == expected(told)


@pytest.mark.parametrize("row", LATE_ROWS, ids=str)
def test_what_has_crossed_a_threshold_is_bad_whatever_ends_it(late: Place, row: Row) -> None:
    assert late.play(row) == expected([row.told, *row.beside])


@pytest.mark.parametrize("row", [*GIVE_UP_ROWS, *RULE_ROWS], ids=str)
def test_a_configuration_says_otherwise(otherwise: Place, row: Row) -> None:
    assert otherwise.play(row) == expected([row.told], OTHERWISE_OBJECTIVES)


@pytest.mark.parametrize("speech", SPEECHES, ids=lambda speech: speech.name)
def test_a_silence_begins_with_the_newest_output(otherwise: Place, speech: Speech) -> None:
    """A stream that said something lately is left as one leaves a stream, however long ago it was asked for."""
    said: list[float] = []

    def note(_: Passage) -> None:
        said.append(time.monotonic())

    output = server(speech.goes_on(token()))
    steps = [
        *speech.hello,
        client(speech.asks()),
        server(speech.begins()),
        output,
        Passes(0.6 * GIVE_UP_SECONDS),
        Does(note),
        output,
        Passes(0.5 * GIVE_UP_SECONDS),
        Resets("client"),
        Does(note),
    ]

    def attempt() -> dict[tuple[str, ...], int]:
        moved = otherwise.play_scripts([steps], 1)
        if said[-1] - said[-2] >= GIVE_UP_SECONDS:
            raise NotPromptError
        return moved

    told = Told("LOST", "client", "cancelled", ("cancelled",) * 4)
    assert prompt(attempt) == expected([told], OTHERWISE_OBJECTIVES)


def test_what_outlives_the_drain_is_cut_by_wayside() -> None:
    """A call over each protocol is open when the time for draining is over."""
    scripts = [[*HELLO, client(asked(1))]]
    scripts += [[*speech.hello, client(speech.asks())] for speech in SPEECHES]
    told = Told("LOST", "wayside", "server_error")
    with place() as it, contextlib.ExitStack() as open_calls:
        before = it.counted()
        for steps in scripts:
            open_calls.enter_context(conversation(it.server, it.wayside.address, steps))
        it.wayside.get(it.wayside.health, "/drain")
        assert it.moved_since(before, len(scripts)) == expected([told] * len(scripts))


def test_408_on_an_idle_connection_is_no_call_and_blinds_nothing(otherwise: Place) -> None:
    """And what is asked next, on another connection, is counted as ever."""
    again = [row for row in HTTP_ROWS if row.name.startswith("408 on an idle")] * 2
    told = [replace(row.told, events=("good", *row.told.moved())) for row in again]
    moved = otherwise.play_scripts([row.script for row in again], len(again))
    assert moved == expected(told, OTHERWISE_OBJECTIVES)
    assert otherwise.wayside.snapshot()["tap"]["blind"] == {}


# They take objectives of their own: tests/e2e/test_indicators.py.
OF_INDICATORS = {"client_slow", "no_tokens", "no_length"}


def test_every_reason_of_exclusion_is_played() -> None:
    rows = [*STEADY, *FAREWELL]
    assert {reason.word for reason in ask_tap().reasons} == OF_INDICATORS | {
        event for row in rows for event in row.told.moved()
    } - {"good", "bad", ""}


def test_every_row_of_the_table_is_played() -> None:
    """Over each protocol where it can come about; and what a script expects is what the table says."""
    table = ask_tap().ways
    assert [row.when.startswith(way.value) for way, row in zip(Way, table, strict=True)] == [
        True
    ] * len(table)
    rows = [*STEADY, *FAREWELL, *GIVE_UP_ROWS]
    for way, decided in zip(Way, table, strict=True):
        played = [row for row in rows if row.way is way]
        assert {row.protocol for row in played} >= OVER.get(way, GRPC | HTTP), way
        for row in played:
            _, ended_by, outcome = row.told.request or row.told.call
            if not row.overruled:
                assert (ended_by, outcome) == (decided.ended_by, decided.outcome), str(row)
