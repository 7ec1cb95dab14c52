"""A model server that streams events: at every step each open stream gets one more, as from an engine.

`python -m bench.event_server PORT`. It speaks as much HTTP/1.1 as a load needs: what is asked is not read, each
request is answered with EVENTS server-sent events of OpenAI's API, every one in a chunk and in a write of its own.
Events are made beforehand and steps are paced, so that it is never the slowest part.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import signal
import sys

STREAMS = 64
EVENTS_PER_SECOND = 13_000
STEP_SECONDS = STREAMS / EVENTS_PER_SECOND
LATE_SECONDS = 0.1  # what is made up for where the machine had something else to do
EVENTS = 1000  # of an answer, before [DONE]
TOKENS = (" the", " token", ",", "ization", "\n\n", ' "quoted', " 東京", " 1")
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def chunk(data: str) -> bytes:
    """Return an event, in a chunk of its own."""
    event = f"data: {data}\n\n".encode()
    return b"%x\r\n%b\r\n" % (len(event), event)


END = chunk("[DONE]") + b"0\r\n\r\n"


def events(stream: int) -> list[bytes]:
    """Return what a stream says, over and over: about 300 bytes each."""
    choice = {"index": 0, "logprobs": None, "finish_reason": None, "stop_reason": None}
    document = {
        "id": f"chatcmpl-{stream:032x}",
        "object": "chat.completion.chunk",
        "created": 1_760_000_000 + stream,
        "model": "meta-llama/Llama-3.1-8B-Instruct",
        "system_fingerprint": "fp_44709d6fcb",
    }
    choices = ([{**choice, "delta": {"content": token}}] for token in TOKENS)
    whole = ({**document, "choices": one} for one in choices)
    return [chunk(json.dumps(one, ensure_ascii=False, separators=(",", ":"))) for one in whole]


class Stream(asyncio.Protocol):
    """One client's connection, on which one answer is under way or none."""

    def __init__(self, number: int, open_ones: set[Stream]) -> None:
        self._open, self._events = open_ones, itertools.cycle(events(number))
        self._left = 0
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for a request."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._open.discard(self)

    def data_received(self, data: bytes) -> None:
        """Begin to answer: a request comes in one piece."""
        self._left = EVENTS
        self._transport.write(HEAD)
        self._open.add(self)

    def step(self) -> None:
        """Say one thing more."""
        self._left -= 1
        self._transport.write(next(self._events))
        if self._left == 0:
            self._transport.write(END)
            self._open.discard(self)


async def serve(port: int) -> None:
    """Step until asked to stop."""
    loop, stop, streams = asyncio.get_running_loop(), asyncio.Event(), set[Stream]()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    numbers = itertools.count()
    server = await loop.create_server(lambda: Stream(next(numbers), streams), "127.0.0.1", port)
    due = loop.time()
    while not stop.is_set():
        # Counted from the step before and not from now: a late step does not make the rest late.
        due = max(due + STEP_SECONDS, loop.time() - LATE_SECONDS)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(stop.wait(), max(0.0, due - loop.time()))
        for stream in list(streams):
            stream.step()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
