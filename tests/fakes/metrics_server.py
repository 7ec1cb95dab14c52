"""A model server's metrics port, in every way it may fail: `with serving_metrics(page) as server: ...`."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\n"
HUGE = 20_000_000
ABORT = struct.pack("ii", 1, 0)  # linger on, 0 seconds: close sends a reset


@dataclass
class MetricsServer:
    """What is answered next; may be changed at any time."""

    page: bytes
    manner: str = "good"
    address: str = ""
    asked: list[bytes] = field(default_factory=list)  # heads of requests
    open: threading.Event = field(default_factory=threading.Event)  # set: hanging answers may end

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{self.address}/metrics"

    def answer(self, client: socket.socket) -> None:
        """Answer one request in the present manner."""
        head = b""
        while b"\r\n\r\n" not in head:
            piece = client.recv(65_536)
            if not piece:
                return
            head += piece
        self.asked.append(head)
        with contextlib.suppress(OSError):  # the client gives up on most of these
            getattr(self, f"_{self.manner}")(client)

    def _good(self, client: socket.socket) -> None:
        client.sendall(HEAD + b"content-length: %d\r\n\r\n" % len(self.page) + self.page)

    def _chunked(self, client: socket.socket) -> None:
        """As Go's and Python's servers do for a page of any length."""
        body = b"".join(
            b"%x\r\n%s\r\n" % (len(piece), piece)
            for piece in (self.page[at : at + 100] for at in range(0, len(self.page), 100))
        )
        client.sendall(HEAD + b"transfer-encoding: chunked\r\n\r\n" + body + b"0\r\n\r\n")

    def _until_close(self, client: socket.socket) -> None:
        """As HTTP/1.0 does."""
        client.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + self.page)

    def _missing(self, client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")

    def _moved(self, client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n")

    def _short(self, client: socket.socket) -> None:
        client.sendall(HEAD + b"content-length: 100000\r\n\r\n" + self.page)

    def _silent(self, client: socket.socket) -> None:
        self.open.wait(60)

    def _trickling(self, client: socket.socket) -> None:
        """Always something, never all."""
        client.sendall(HEAD + b"\r\n")
        while not self.open.wait(0.05):
            client.sendall(b"# x\n")

    def _huge(self, client: socket.socket) -> None:
        client.sendall(HEAD + b"\r\n" + self.page)
        line = b"# " + b"x" * 97 + b"\n"
        for _ in range(HUGE // (1000 * len(line))):
            client.sendall(line * 1000)

    def _reset(self, client: socket.socket) -> None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)

    def _garbage(self, client: socket.socket) -> None:
        client.sendall(b"\x00\x01\x02 this is no HTTP\r\n\r\n")

    def _compressed(self, client: socket.socket) -> None:
        client.sendall(HEAD + b"content-encoding: gzip\r\ncontent-length: 2\r\n\r\n\x1f\x8b")


@contextlib.contextmanager
def serving_metrics(page: str, manner: str = "good") -> Iterator[MetricsServer]:
    """Serve a page until the block ends."""
    state = MetricsServer(page.encode(), manner)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            state.answer(self.request)

    class Listener(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

        def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
            self.close_request(request)  # without a polite end, so that a reset is one

    with Listener(("127.0.0.1", 0), Handler) as listener:
        state.address = f"127.0.0.1:{listener.server_address[1]}"
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield state
        finally:
            state.open.set()
            listener.shutdown()
            thread.join()
