"""Conversations with every step known: one connection through Wayside, and both of its ends in the hand of a script.

A step is over when the other end has seen it, so nothing races, and what is true of a conversation is known before
anything is asked about it. Time passes only where a script says that it does: at least so much, never at most.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from tests.harness.running import POLL_SECONDS
from tests.hazards.passage import (
    PATIENCE_SECONDS,
    WRITE_BYTES,
    Passage,
    Upstream,
    carry,
    passage,
    wait_for,
)

Side = Literal["client", "server"]
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER for no time at all: closing resets."""


@dataclass(frozen=True)
class Says:
    """One side sends, and the other receives just that."""

    side: Side
    content: bytes
    heard: bool = True
    """False: it is sent, and nobody is there to receive it."""


@dataclass(frozen=True)
class Ends:
    """One side ends its half of the connection, and the other sees the end; it can still be spoken to."""

    side: Side


@dataclass(frozen=True)
class Closes:
    """One side closes its socket, and the other sees an end: its kernel answers what is said to it now with a reset."""

    side: Side
    seen: bool = True
    """False: the other side has closed its own before."""


@dataclass(frozen=True)
class Resets:
    """One side resets the connection, and the other sees a reset."""

    side: Side


@dataclass(frozen=True)
class SeesReset:
    """One side waits for a reset that nobody in the script sends."""

    side: Side


@dataclass(frozen=True)
class Passes:
    """At least so much time passes."""

    seconds: float


@dataclass(frozen=True)
class Does:
    """Something happens beside the connection, such as a wait until Wayside has told something."""

    what: Callable[[Passage], None]


Step: TypeAlias = Says | Ends | Closes | Resets | SeesReset | Passes | Does


def client(content: bytes) -> Says:
    """The client says something."""
    return Says("client", content)


def server(content: bytes) -> Says:
    """The server says something."""
    return Says("server", content)


@contextlib.contextmanager
def conversation(upstream: Upstream, address: str, steps: Sequence[Step]) -> Iterator[Passage]:
    """Play a conversation by way of an address, and leave what it came to until the block ends.

    Raises where a step does not come about.
    """
    first, *rest = steps
    assert isinstance(first, Says), "a conversation begins with words"
    assert first.side == "client", "the client speaks first"
    with passage(upstream, address, first.content) as made:
        for step in rest:
            take(made, step)
        yield made


def converse(upstream: Upstream, address: str, steps: Sequence[Step]) -> None:
    """Play a conversation to its end, and close what is left of it."""
    with conversation(upstream, address, steps):
        pass


def take(made: Passage, step: Step) -> None:
    """Take one step."""
    match step:
        case Says(side, content, heard):
            source, target = ends(made, side)
            if heard:
                carry(source, target, content, WRITE_BYTES)
            else:
                source.settimeout(PATIENCE_SECONDS)
                source.sendall(content)
                source.setblocking(False)
        case Ends(side):
            source, target = ends(made, side)
            source.shutdown(socket.SHUT_WR)
            sees_end(target)
        case Closes(side, seen):
            source, target = ends(made, side)
            source.close()
            if seen:
                sees_end(target)
        case Resets(side):
            source, target = ends(made, side)
            source.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            source.close()
            sees_reset(target)
        case SeesReset(side):
            sees_reset(ends(made, side)[0])
        case Passes(seconds):
            time.sleep(seconds)
        case Does(what):
            what(made)


def ends(made: Passage, side: Side) -> tuple[socket.socket, socket.socket]:
    """Return this side's socket, and the other's."""
    pair = made.client, made.server
    return pair if side == "client" else (pair[1], pair[0])


def sees_end(end: socket.socket) -> None:
    """Wait for the end of what is said to it."""
    wait_for(None, end)
    more = end.recv(1)
    assert not more, f"{more!r} instead of an end"


def sees_reset(end: socket.socket) -> None:
    """Wait for a reset; an end before it is none."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        wait_for(None, end)
        try:
            more = end.recv(1)
        except ConnectionResetError:
            return
        if more:
            raise AssertionError(f"{more!r} instead of a reset")
        # After an end nothing more is read, a reset neither: it is in the socket's error (EPIPE).
        if end.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            return
        time.sleep(POLL_SECONDS)
    raise TimeoutError("no reset came")
