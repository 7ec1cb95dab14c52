"""HTTP/1.1 calls whose answers are kept as they came, byte for byte: to compare a server with itself behind Wayside."""

from __future__ import annotations

import contextlib
import json
import re
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import h11

from tests.harness.running import START_SECONDS
from tests.harness.wayside import Wayside

ANSWER_SECONDS = START_SECONDS
READ_BYTES = 65_536
# What a server writes anew into each answer.
CLOCK = re.compile(rb"(?im)^(date|x-request-id|x-bentoml-request-id|x-process-time): [^\r]*")
# And an engine of language models into its JSON: an id, and when it was made.
MADE = re.compile(rb'"(?:id|created)": ?(?:"(?:chat)?cmpl-[0-9a-f-]{32,}"|[0-9]{10})')

Series = tuple[str, str, str, str]
"""Method, model, version, code."""


@dataclass(frozen=True)
class Ask:
    """A request, and as what Wayside has to count it."""

    method: str
    """The path as the catalogue writes it."""
    path: str
    code: str = "200"
    """The status; LOST where the server breaks its answer off."""
    model: str = ""
    version: str = ""
    kind: str = "inference"
    verb: str = "POST"
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    closes: bool = False
    """The server closes the connection after its answer, unannounced."""

    @property
    def series(self) -> Series:
        """Where it is counted."""
        return (self.method, self.model, self.version, self.code)


@dataclass(frozen=True)
class Answer:
    """An answer: its status, and all of its bytes but clocks and ids made up for it."""

    status: int
    wire: bytes
    body: bytes
    whole: bool
    """It came to its own end."""


def as_json(content: Any) -> bytes:
    """Encode a body."""
    return json.dumps(content).encode()


def call_all(address: str, asks: Iterable[Ask]) -> list[Answer]:
    """Make calls one after another, on one connection for as long as the server keeps it."""
    answers: list[Answer] = []
    with contextlib.ExitStack() as open_streams:
        state = h11.Connection(h11.CLIENT)
        stream = open_streams.enter_context(_connected(address))
        for ask in asks:
            if state.our_state is not h11.IDLE:
                state = h11.Connection(h11.CLIENT)
                stream = open_streams.enter_context(_connected(address))
            answers.append(_called(stream, state, ask))
            if ask.closes:
                assert stream.recv(READ_BYTES) == b""
                state.send_failed()
    return answers


def _connected(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=ANSWER_SECONDS)


def _called(stream: socket.socket, state: h11.Connection, ask: Ask) -> Answer:
    headers = {"host": "model-server", "content-type": "application/json", **ask.headers}
    headers["content-length"] = str(len(ask.body))
    request = h11.Request(method=ask.verb, target=ask.path, headers=list(headers.items()))
    head = state.send(request) or b""
    stream.sendall(head + (state.send(h11.Data(data=ask.body)) or b""))
    state.send(h11.EndOfMessage())
    wire, body, status, whole = b"", b"", 0, False
    # A server that breaks an answer off says so by closing.
    with contextlib.suppress(h11.RemoteProtocolError):
        while not whole:
            event = state.next_event()
            if event is h11.NEED_DATA:
                read = stream.recv(READ_BYTES)
                wire += read
                state.receive_data(read)
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            whole = isinstance(event, h11.EndOfMessage)
    if state.our_state is state.their_state is h11.DONE:
        state.start_next_cycle()
    unclocked = CLOCK.sub(rb"\1: -", wire)
    return Answer(status, MADE.sub(b"-", unclocked), MADE.sub(b"-", body), whole)


def expected(asks: Iterable[Ask], kind: str = "inference") -> dict[Series, int]:
    """Return how many calls of a kind each series has to have."""
    wanted: dict[Series, int] = {}
    for ask in asks:
        if ask.kind == kind:
            wanted[ask.series] = wanted.get(ask.series, 0) + 1
    return wanted


def counted(wayside: Wayside, kind: str = "inference", field: str = "calls") -> dict[Series, int]:
    """Return how many calls, or requests, of a kind each series has."""
    totals: dict[Series, int] = {}
    for row in wayside.snapshot()["calls"]:
        if row["kind"] == kind and row[field]:
            series = (row["method"], row["model"], row["version"], row["code"])
            totals[series] = totals.get(series, 0) + row[field]
    return totals


def call_both(direct: str, wayside: Wayside, asks: list[Ask]) -> list[Answer]:
    """Make calls direct and through Wayside: the same answers, each counted as what it was, and nothing else."""
    answers = call_all(direct, asks)
    through = call_all(wayside.address, asks)
    assert through == answers
    codes = [str(answer.status) if answer.whole else "LOST" for answer in answers]
    assert codes == [ask.code for ask in asks]
    wayside.wait_for_total(len(asks), "calls")
    for kind in ("inference", "probe", "admin"):
        assert counted(wayside, kind) == expected(asks, kind)
    assert wayside.snapshot()["tap"]["blind"] == {}
    return answers
