"""A model server that streams tokens: at every step each open stream gets one more message, as from an engine.

`python -m bench.token_server PORT`. It speaks as much HTTP/2 as a load needs: header blocks are not read, since every
call gets the same answer; flow control is kept, since proxies that end the connection count on it. Messages are made
beforehand and the steps are paced, so that it is never the slowest part: 64 streams take 15 % of a core.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from dataclasses import dataclass

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip

STEP_SECONDS = 0.002
CHUNKS = 250  # messages a call is answered with
MESSAGE_BYTES = 300
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEAD_BYTES = 9

DATA, HEADERS, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE = 0x0, 0x1, 0x3, 0x4, 0x6, 0x8
END_STREAM, ACK, END_HEADERS = 0x1, 0x1, 0x4
INITIAL_WINDOW_SIZE = 0x4
DEFAULT_WINDOW_BYTES = 65_535

# Requests are small: what a whole run uploads on one connection stays below this, so it is granted once.
UPLOAD_BYTES = 1 << 30

# HPACK without a table: `:status: 200` is static entry 8, `content-type` is 31.
RESPONSE_HEAD = b"\x88\x0f\x10\x10application/grpc"
TRAILERS = b"\x00\x0bgrpc-status\x010"


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Return one HTTP/2 frame."""
    head = len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big")
    return head + payload


def chunk() -> bytes:
    """Return a ModelStreamInferResponse of MESSAGE_BYTES after gRPC's prefix."""
    answer = oip.ModelInferResponse(model_name="chat", id="6f1d2c3b")
    answer.outputs.add(name="text_output", datatype="BYTES", shape=[1])
    answer.raw_output_contents.append(b"")
    whole = oip.ModelStreamInferResponse(infer_response=answer)
    while (missing := MESSAGE_BYTES - whole.ByteSize()) > 0:
        whole.infer_response.raw_output_contents[0] += b"t" * max(1, missing - 3)
    message: bytes = whole.SerializeToString()
    return b"\0" + len(message).to_bytes(4, "big") + message


CHUNK = chunk()


@dataclass
class Stream:
    """An answer on its way: messages left, and bytes that may be sent."""

    left: int
    window: int


class Connection(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, open_ones: set[Connection]) -> None:
        self._all = open_ones
        self._buffer = bytearray()
        self._greeted = False
        self._window = self._first_window = DEFAULT_WINDOW_BYTES
        self._streams: dict[int, Stream] = {}
        self._early: dict[int, int] = {}  # windows granted before the request was complete
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet: settings, and room for all uploads."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._all.add(self)
        settings = INITIAL_WINDOW_SIZE.to_bytes(2, "big") + UPLOAD_BYTES.to_bytes(4, "big")
        room = frame(WINDOW_UPDATE, 0, 0, UPLOAD_BYTES.to_bytes(4, "big"))
        transport.write(frame(SETTINGS, 0, 0, settings) + room)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._all.discard(self)

    def data_received(self, data: bytes) -> None:
        """Take every whole frame."""
        self._buffer += data
        if not self._greeted:
            if len(self._buffer) < len(PREFACE):
                return
            self._greeted = True
            del self._buffer[: len(PREFACE)]
        while len(self._buffer) >= HEAD_BYTES:
            end = HEAD_BYTES + int.from_bytes(self._buffer[:3], "big")
            if len(self._buffer) < end:
                return
            kind, flags = self._buffer[3], self._buffer[4]
            stream = int.from_bytes(self._buffer[5:HEAD_BYTES], "big") & 0x7FFF_FFFF
            payload = bytes(self._buffer[HEAD_BYTES:end])
            del self._buffer[:end]
            self._take(kind, flags, stream, payload)

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        """Act on one frame; kinds that change nothing here are passed over."""
        if kind in (DATA, HEADERS) and flags & END_STREAM:
            early = self._early.pop(stream, 0)
            self._streams[stream] = Stream(CHUNKS, self._first_window + early)
            self._transport.write(frame(HEADERS, END_HEADERS, stream, RESPONSE_HEAD))
        elif kind == WINDOW_UPDATE:
            self._grant(stream, int.from_bytes(payload, "big"))
        elif kind == SETTINGS and not flags & ACK:
            self._settle(payload)
            self._transport.write(frame(SETTINGS, ACK, 0))
        elif kind == PING and not flags & ACK:
            self._transport.write(frame(PING, ACK, 0, payload))
        elif kind == RST_STREAM:
            self._streams.pop(stream, None)
            self._early.pop(stream, None)

    def _grant(self, stream: int, more: int) -> None:
        """Enlarge a window. One of a stream that has ended is late: it goes with the connection."""
        if stream == 0:
            self._window += more
        elif stream in self._streams:
            self._streams[stream].window += more
        else:
            self._early[stream] = self._early.get(stream, 0) + more

    def _settle(self, payload: bytes) -> None:
        """Take the client's settings; the one that matters also moves the windows of open streams."""
        for at in range(0, len(payload), 6):
            if int.from_bytes(payload[at : at + 2], "big") == INITIAL_WINDOW_SIZE:
                value = int.from_bytes(payload[at + 2 : at + 6], "big")
                for stream in self._streams.values():
                    stream.window += value - self._first_window
                self._first_window = value

    def step(self) -> None:
        """Send each open stream its next message, all in one write; one whose window is shut waits for a later step."""
        out = []
        for number, stream in list(self._streams.items()):
            if min(stream.window, self._window) < len(CHUNK):
                continue
            stream.window -= len(CHUNK)
            self._window -= len(CHUNK)
            stream.left -= 1
            out.append(frame(DATA, 0, number, CHUNK))
            if stream.left == 0:
                out.append(frame(HEADERS, END_HEADERS | END_STREAM, number, TRAILERS))
                del self._streams[number]
        if out:
            self._transport.write(b"".join(out))


async def serve(port: int) -> None:
    """Step until asked to stop."""
    loop, stop, connections = asyncio.get_running_loop(), asyncio.Event(), set[Connection]()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = await loop.create_server(lambda: Connection(connections), "127.0.0.1", port)
    due = loop.time()
    while not stop.is_set():
        # Counted from the step before and not from now: a late step does not make the rest late.
        due = max(due + STEP_SECONDS, loop.time() - STEP_SECONDS)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(stop.wait(), max(0.0, due - loop.time()))
        for connection in list(connections):
            connection.step()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
