"""An HTTP/1.1 server of this process, for tests that say what it answers."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Answering(BaseHTTPRequestHandler):
    """Keeps connections, as HTTP/1.1 servers do, and says nothing about it."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """With room for many who connect at once; five, as usual, make the sixth wait for a second."""

    request_queue_size = 128
    daemon_threads = True


@contextlib.contextmanager
def serving(handler: type[Answering], port: int = 0) -> Iterator[str]:
    """Serve until the block ends, on a free port or this one; yields the address."""
    with Server(("127.0.0.1", port), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
