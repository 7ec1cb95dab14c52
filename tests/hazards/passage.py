"""Both ends of connections through Wayside, held by one thread: what goes in at one must come out at the other."""

from __future__ import annotations

import contextlib
import select
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tests.harness.running import START_SECONDS

# As much as an HTTP/2 library commonly hands to the kernel at once: its largest frame unless told otherwise.
WRITE_BYTES = 16 * 1024
READ_BYTES = 1024 * 1024
PATIENCE_SECONDS = START_SECONDS
# A socket that had no room for so long is one whose other end is not read. On a busy machine less was written then.
FULL_SECONDS = 0.2

Step = tuple[Literal["up", "down", "down, read late"], bytes]
"""Bytes from the client to the server, or back; `late`: not read before the writer finds no more room."""


@dataclass
class Passage:
    """One connection through Wayside."""

    client: socket.socket
    server: socket.socket

    def play(self, steps: Sequence[Step], write_bytes: int = WRITE_BYTES) -> int:
        """Pass each step whole before the next one; raise where other bytes come out. Returns how many passed."""
        for towards, content in steps:
            source, target = self.client, self.server
            if towards != "up":
                source, target = target, source
            sent = fill(source, content, write_bytes) if towards == "down, read late" else 0
            carry(source, target, content, write_bytes, sent)
        return sum(len(content) for _, content in steps)

    def close(self) -> None:
        """Close both ends."""
        self.client.close()
        self.server.close()


def fill(source: socket.socket, content: bytes, write_bytes: int) -> int:
    """Write until there is no more room, and has been none for a while; return how much was taken."""
    out, sent = memoryview(content), 0
    while sent < len(content):
        try:
            sent += source.send(out[sent : sent + write_bytes])
        except BlockingIOError:
            poll = select.poll()
            poll.register(source, select.POLLOUT)
            if not poll.poll(FULL_SECONDS * 1000):
                break
    return sent


def carry(
    source: socket.socket,
    target: socket.socket,
    content: bytes,
    write_bytes: int,
    sent: int = 0,
) -> None:
    """Write to one end, beginning after what was `sent` before, while reading the other, until all has passed."""
    out, came = memoryview(content), bytearray(len(content))
    into = memoryview(came)
    got = 0
    while got < len(content):
        progress = False
        with contextlib.suppress(BlockingIOError):
            if sent < len(content):
                sent += source.send(out[sent : sent + write_bytes])
                progress = True
        with contextlib.suppress(BlockingIOError):
            read = target.recv_into(into[got : got + READ_BYTES])
            if read == 0:
                raise ConnectionError(f"the connection ended after {got} of {len(content)} bytes")
            got += read
            progress = True
        if not progress:
            wait_for(source if sent < len(content) else None, target)
    if came != content:
        raise AssertionError("other bytes came out than went in")


def wait_for(source: socket.socket | None, target: socket.socket) -> None:
    """Wait until the source can be written or the target be read."""
    poll = select.poll()
    poll.register(target, select.POLLIN)
    if source is not None:
        poll.register(source, select.POLLOUT)
    if not poll.poll(PATIENCE_SECONDS * 1000):
        raise TimeoutError("nothing passed")


class Upstream:
    """A server that says only what the test says for it."""

    def __init__(self, listener: socket.socket) -> None:
        """Take a listening socket."""
        self.listener = listener
        self.address = f"127.0.0.1:{listener.getsockname()[1]}"

    def through(self, address: str, first: bytes) -> Passage:
        """Connect by way of an address, and pass the client's first bytes."""
        host, _, port = address.rpartition(":")
        client = socket.create_connection((host, int(port)), timeout=PATIENCE_SECONDS)
        client.sendall(first)
        server = self.accept()
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            end.setblocking(False)
        came = bytearray()
        while len(came) < len(first):
            wait_for(None, server)
            came += server.recv(len(first) - len(came))
        assert came == first, "other bytes came out than went in"
        return Passage(client, server)

    def accept(self) -> socket.socket:
        """Accept the next connection that says something: Wayside looks now and then whether anybody is here."""
        while True:
            server, _ = self.listener.accept()
            if server.recv(1, socket.MSG_PEEK):
                return server
            server.close()


@contextlib.contextmanager
def upstream() -> Iterator[Upstream]:
    """Listen until the block ends."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        listener.settimeout(PATIENCE_SECONDS)
        yield Upstream(listener)


@contextlib.contextmanager
def passage(server: Upstream, address: str, first: bytes) -> Iterator[Passage]:
    """Hold one connection until the block ends."""
    made = server.through(address, first)
    try:
        yield made
    finally:
        made.close()
