"""A small HTTP/1.1 server over a listening socket that already exists. h11 speaks the protocol; every bound is here.

Only GET and HEAD: this server shows things. A request that is slow, large or wrong costs its own connection.
"""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import dataclass
from typing import TYPE_CHECKING

import h11

from sidecar.net.delivery import Delivery
from sidecar.net.preference import accepts_gzip

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

# Two Prometheus servers, a few people and probes; each connection costs about 20 KB while it lives.
MAX_CONNECTIONS = 64
# Request heads of real scrapers are under 1 KiB.
MAX_HEAD_BYTES = 16 * 1024
# A head takes one packet; ten seconds is for a bad network, not for a slow sender.
READ_TIMEOUT_SECONDS = 10.0
# Longer than the usual scrape intervals of 15 and 60 s, so that a scraper keeps its connection.
IDLE_TIMEOUT_SECONDS = 90.0
# An answer nobody reads is dropped with its connection.
WRITE_TIMEOUT_SECONDS = 30.0
# A smaller answer fits a packet as it is.
MIN_GZIP_BYTES = 1_000
# The fastest: a page of 400 KB comes to a 23rd in 0.4 ms; the best takes twelve times as long for a quarter less.
GZIP_LEVEL = 1

_TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """What a handler needs to know."""

    path: str  # without the query
    accept: str


@dataclass(frozen=True, slots=True)
class Response:
    """What a handler answers."""

    body: bytes
    content_type: str = _TEXT
    status: int = 200
    delivered: Callable[[], None] | None = None
    """Called once the whole of it has arrived, in the sense of sidecar/net/delivery.py; never for HEAD."""


class Server:
    """Answers on one listening socket until closed."""

    def __init__(self, handle: Callable[[Request], Response]) -> None:
        self.handle = handle
        self.connections: set[Connection] = set()
        self._server: asyncio.Server | None = None

    async def start(self, listener: socket.socket) -> None:
        """Accept on a socket that is bound and listening already."""
        listener.setblocking(False)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), sock=listener)

    def close(self) -> None:
        """Stop accepting and drop what is open."""
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.drop()


class Connection(asyncio.Protocol):
    """One client. Requests are answered in order, one at a time."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
        self._transport: asyncio.Transport | None = None
        self._delivery: Delivery | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._paused = False

    # --- asyncio.Protocol --------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit the client, or say that there are too many."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._delivery = Delivery(transport)
        if len(self._server.connections) >= MAX_CONNECTIONS:
            transport.write(_TOO_MANY)
            transport.close()
            return
        self._server.connections.add(self)
        self._expire_in(READ_TIMEOUT_SECONDS)

    def data_received(self, data: bytes) -> None:
        """Take what came and answer what is complete."""
        if self._transport is None or self._transport.is_closing():
            return
        self._h11.receive_data(data)
        self._proceed()

    def eof_received(self) -> bool:
        """Answer what is complete, then close."""
        if self._delivery is not None:
            self._delivery.look()
        self.drop()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        self._server.connections.discard(self)
        if self._delivery is not None:
            self._delivery.look()  # the socket is still there, and says whether it was reset
            self._delivery.stop()
        if self._deadline is not None:
            self._deadline.cancel()

    def pause_writing(self) -> None:
        """The client does not read: take no more requests, and give it limited time."""
        self._paused = True
        self._expire_in(WRITE_TIMEOUT_SECONDS)

    def resume_writing(self) -> None:
        """The client reads again."""
        self._paused = False
        self._expire_in(IDLE_TIMEOUT_SECONDS)
        self._proceed()

    # --- requests ----------------------------------------------------------------------------

    def _drop_when_delivered(self) -> None:
        """Close; not before somebody who is to be told of an arrival has been, as a closed socket tells nothing."""
        if self._delivery is not None and self._delivery.is_awaited:
            self._expire_in(WRITE_TIMEOUT_SECONDS)
            self._delivery.tell(self.drop)
        else:
            self.drop()

    def drop(self) -> None:
        """Close after what was written."""
        if self._transport is not None:
            self._transport.close()

    def _proceed(self) -> None:
        """Handle every complete request that was received."""
        try:
            while not self._paused and self._next():
                pass
        except h11.RemoteProtocolError as error:
            self._refuse(error)

    def _next(self) -> bool:
        """Handle one event; False when there is nothing more to do now."""
        event = self._h11.next_event()
        if event is h11.NEED_DATA:
            if self._h11.our_state not in (h11.IDLE, h11.MUST_CLOSE):
                self._expire_in(READ_TIMEOUT_SECONDS)
            return False
        if event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
            return False
        if isinstance(event, h11.Request):
            self._answer(event)
        return self._transport is not None and not self._transport.is_closing()

    def _answer(self, event: h11.Request) -> None:
        """Answer one request and get ready for the next."""
        head_only = event.method == b"HEAD"
        if event.method not in (b"GET", b"HEAD"):
            body = b"Only GET and HEAD are answered here: nothing can be changed over HTTP.\n"
            self._send(Response(body, status=405), head_only)
        else:
            gzipped = accepts_gzip(_field(event, b"accept-encoding"))
            self._send(self._handled(event), head_only, gzipped)
        # A body after GET is nobody's need; rather than read it, end the connection.
        if self._h11.their_state is h11.SEND_BODY and self._has_body(event):
            self.drop()
            return
        self._finish_cycle()

    def _handled(self, event: h11.Request) -> Response:
        """Ask the handler; a fault in it is an answer too, and its connection's alone."""
        path = event.target.split(b"?", 1)[0].decode("ascii", "replace")
        try:
            return self._server.handle(Request(path, _field(event, b"accept")))
        except Exception as error:  # the loop behind this server must outlive a fault in a page
            body = f"This page could not be made: {type(error).__name__}: {error}\n"
            return Response(body.encode(), status=500)

    def _has_body(self, event: h11.Request) -> bool:
        names = {name for name, _ in event.headers}
        return (
            b"transfer-encoding" in names
            or dict(event.headers).get(b"content-length", b"0") != b"0"
        )

    def _finish_cycle(self) -> None:
        while self._h11.their_state is h11.SEND_BODY:
            self._h11.next_event()  # EndOfMessage of a request without a body
        if self._h11.our_state is h11.MUST_CLOSE:
            self._drop_when_delivered()
        elif self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE:
            self._h11.start_next_cycle()
            if not self._paused:
                self._expire_in(IDLE_TIMEOUT_SECONDS)

    def _refuse(self, error: h11.RemoteProtocolError) -> None:
        """Answer what is no HTTP, and close."""
        if self._h11.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = f"This is no request this server understands: {error}\n".encode()
            self._send(Response(body, status=error.error_status_hint), head_only=False)
        self.drop()

    def _send(self, response: Response, head_only: bool, gzipped: bool = False) -> None:
        body = response.body
        gzipped = gzipped and len(body) >= MIN_GZIP_BYTES
        if gzipped:
            body = gzip.compress(body, GZIP_LEVEL, mtime=0)
        headers = [
            ("content-type", response.content_type),
            ("content-length", str(len(body))),
            ("cache-control", "no-store"),
            ("vary", "accept, accept-encoding"),
        ]
        if gzipped:
            headers.append(("content-encoding", "gzip"))
        if response.status == 405:
            headers.append(("allow", "GET, HEAD"))
        parts = [self._h11.send(h11.Response(status_code=response.status, headers=headers))]
        if not head_only:
            parts.append(self._h11.send(h11.Data(data=body)))
        parts.append(self._h11.send(h11.EndOfMessage()))
        if self._transport is not None and self._delivery is not None:
            self._transport.write(b"".join(part for part in parts if part))
            if response.delivered is not None and not head_only:
                self._delivery.tell(response.delivered)

    def _expire_in(self, seconds: float) -> None:
        """Close the connection unless something happens in time."""
        if self._deadline is not None:
            self._deadline.cancel()
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(seconds, self._expire)

    def _expire(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def _field(event: h11.Request, name: bytes) -> str:
    """Return a list-valued field of a request; given in several lines, it is one list all the same."""
    return ",".join(
        value.decode("ascii", "replace") for each, value in event.headers if each == name
    )


_TOO_MANY = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 27\r\nconnection: close\r\n\r\n"
    b"Too many open connections.\n"
)
