"""A relay of one connection that remembers the bytes, to tell which HTTP/2 frames a case really makes."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Iterator

CONTINUATION = 9
PREFACE_BYTES = 24
HEAD_BYTES = 9


def frame_types(data: bytes | bytearray) -> Counter[int]:
    """Count the types of whole frames."""
    types: Counter[int] = Counter()
    at = 0
    while at + HEAD_BYTES <= len(data):
        types[data[at + 3]] += 1
        at += HEAD_BYTES + int.from_bytes(data[at : at + 3], "big")
    return types


class Recorder:
    """What went each way."""

    def __init__(self, upstream: str) -> None:
        """Listen."""
        host, _, port = upstream.rpartition(":")
        self.upstream = host, int(port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.to_server, self.to_client = bytearray(), bytearray()

    def relay(self) -> None:
        """Relay one connection to its end."""
        client, _ = self.listener.accept()
        with client, socket.create_connection(self.upstream) as server:
            down = threading.Thread(target=pump, args=(server, client, self.to_client))
            down.start()
            pump(client, server, self.to_server)
            down.join()

    def frames(self) -> tuple[Counter[int], Counter[int]]:
        """Count the types of the frames to the server and to the client."""
        return frame_types(self.to_server[PREFACE_BYTES:]), frame_types(self.to_client)


def pump(source: socket.socket, target: socket.socket, seen: bytearray) -> None:
    """Relay one direction, and remember it."""
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            seen += data
            target.sendall(data)
    for each in (source, target):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def recording(upstream: str) -> Iterator[Recorder]:
    """Relay the one connection that is made within the block; it must be over by then."""
    recorder = Recorder(upstream)
    thread = threading.Thread(target=recorder.relay, daemon=True)
    thread.start()
    with recorder.listener:
        yield recorder
        thread.join()
