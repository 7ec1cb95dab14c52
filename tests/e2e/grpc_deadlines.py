"""Calls whose deadline passes: while the server works on an answer, and in the middle of a stream.

A deadline runs from the client's start of a call, and Wayside judges by when it read the call's head. Who resets a
call at its deadline is told from who cancels it early as long as that head was not read later than Wayside allows for.
A busy machine can break that, so a call shows something only where its client knows that it was under way soon enough:
its server had answered with a head of its own. Other attempts are given up and made again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import grpc

from tests.e2e.grpc_calls import (
    EITHER,
    INFER,
    SERVER_STREAM,
    UNARY,
    Call,
    Client,
    Seen,
    connected,
    inference,
)
from tests.harness.running import START_SECONDS

PROMPT_SECONDS = 0.02
"""Less than the 25 ms that Wayside allows for a head read late (READ_LATE in dataplane/wire/src/outcome.rs)."""
SHORT_SECONDS, LONG_SECONDS = 0.2, 1.234
PATIENCE_SECONDS = 10 * START_SECONDS
"""An attempt that is not prompt costs little; a machine on which none is for so long answers nobody."""
ANSWERS = 3
TOO_LATE = ("Deadline Exceeded", "Stream removed (Deadline Exceeded)")

T = TypeVar("T")


class NotPromptError(Exception):
    """A call was not under way soon enough for the way it ends to be known beforehand."""


def prompt(attempt: Callable[[], T]) -> T:
    """Make attempts until one is prompt enough."""
    limit = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return attempt()
        except NotPromptError:
            if time.monotonic() > limit:
                raise


def start(client: Client, method: str, message: bytes, seconds: float, **options: Any) -> Call:
    """Start a call with a deadline; raise NotPromptError where the server's head does not come at once."""
    began = time.monotonic()
    call = client.start(method, message, kind="unary_stream", timeout=seconds, **options)
    call.call.initial_metadata()
    if time.monotonic() - began > PROMPT_SECONDS:
        raise NotPromptError
    return call


def too_late(seen: Seen) -> Seen:
    """Reduce the details to what does not depend on which side was first to see that a deadline had passed."""
    assert seen.details in TOO_LATE
    return replace(seen, details=TOO_LATE[0])


def deadlines_that_pass(address: str) -> list[Seen]:
    """Make calls on a connection that stands already, after a good answer has made the model known."""
    sleepy = inference("sleepy", taken=1, sleep_us=300_000_000)
    metadata = [("x-wait", "1"), ("x-count", str(ANSWERS))]
    with connected(address) as client:
        calls = [client.infer("sleepy")]
        stream = start(client, SERVER_STREAM, b"m", LONG_SECONDS, metadata=metadata)
        infers = [start(client, INFER, sleepy, each) for each in (LONG_SECONDS, SHORT_SECONDS)]
        try:
            stream.read_answers(ANSWERS)
        except grpc.RpcError:
            raise NotPromptError from None
        calls += [too_late(each.seen(ended_by=EITHER, model="sleepy")) for each in infers]
        calls.append(too_late(stream.seen(ended_by=EITHER)))
        calls.append(client.call(UNARY, b"in time"))
    assert [seen.code for seen in calls] == ["OK"] + ["DEADLINE_EXCEEDED"] * 3 + ["OK"]
    assert [len(seen.answers) for seen in calls] == [1, 0, 0, ANSWERS, 1]
    return calls
