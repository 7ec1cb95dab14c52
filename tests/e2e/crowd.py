"""Many connections at once, each with its calls, in step: whom a limit is for."""

from __future__ import annotations

import contextlib
import resource
import socket
from collections.abc import Iterator

import hpack

from tests.harness.compiled import INFER_PATH
from tests.hazards import frames as h2
from tests.hazards.passage import Passage, Upstream, wait_for

REQUEST = [
    (":method", "POST"),
    (":scheme", "http"),
    (":path", INFER_PATH),
    (":authority", "127.0.0.1:8001"),
    ("te", "trailers"),
    ("content-type", "application/grpc"),
    ("user-agent", "grpc-python/1.85.1 grpc-c/54.0.0 (linux; chttp2)"),
    ("grpc-accept-encoding", "identity, deflate, gzip"),
]
ANSWER = [
    (":status", "200"),
    ("content-type", "application/grpc"),
    ("grpc-accept-encoding", "identity, deflate, gzip"),
]
TRAILERS = [("grpc-status", "0"), ("grpc-message", "")]
READ_BYTES = 65_536


@contextlib.contextmanager
def many_descriptors() -> Iterator[None]:
    """Allow this process all the descriptors that it may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Crowd:
    """Connections through Wayside that all do the same."""

    def __init__(self, passages: list[Passage]) -> None:
        """Take connections whose clients have sent their preface."""
        self.passages = passages
        self._client, self._server = hpack.Encoder(), hpack.Encoder()
        self._stream = 1
        self._say(b"", h2.settings())

    def call(self, model: str) -> None:
        """Make one call on each, with header blocks as a real client and a real server encode them."""
        id = self._stream
        self._stream += 2
        asked = h2.headers(id, self._client.encode(REQUEST))
        said = h2.headers(id, self._server.encode(ANSWER)) + h2.data(id, h2.answering(model))
        self._say(
            asked + h2.data(id, h2.asking(model), end=True),
            said + h2.headers(id, self._server.encode(TRAILERS), end=True),
        )

    def _say(self, asked: bytes, answered: bytes) -> None:
        for each in self.passages:
            each.client.send(asked)
        for each in self.passages:
            take(each.server, asked)
        for each in self.passages:
            each.server.send(answered)
        for each in self.passages:
            take(each.client, answered)


def take(end: socket.socket, wanted: bytes) -> None:
    """Read exactly these bytes."""
    came = b""
    while len(came) < len(wanted):
        wait_for(None, end)
        came += end.recv(READ_BYTES)
    assert came == wanted


@contextlib.contextmanager
def crowd(upstream: Upstream, address: str, count: int) -> Iterator[Crowd]:
    """Connect so many times, until the block ends."""
    passages: list[Passage] = []
    try:
        passages += (upstream.through(address, h2.PREFACE + h2.settings()) for _ in range(count))
        yield Crowd(passages)
    finally:
        for each in passages:
            each.close()
