"""A model server whose every chunk says when its request was heard and when it was sent (CLOCK_MONOTONIC).

`with running_stamped() as address:`, or `python -m tests.fakes.stamped`, whose first line is the address. One port, two
protocols: POST /v1/chat/completions over HTTP/1.1 is answered by server-sent events, ModelStreamInfer over HTTP/2 by
Triton's messages, one call to a connection. A request says how many chunks it wants, how far apart in the middle, and
of a chat whether its tokens are to be stated. `ask_chat` and `ask_infer` are their clients.

Client and server stamp the same events at both ends of the way, so that what lies between has bounds that hold however
late either of them is scheduled.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import signal
import struct
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.harness.compiled import grpc_frame
from tests.harness.running import running
from tests.hazards import frames

CHAT = "/v1/chat/completions"
INFER = "/inference.GRPCInferenceService/ModelStreamInfer"
STAMPS = struct.Struct("!QQ")
"""Heard and sent, ns."""
EVENTS_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)


@dataclass(frozen=True)
class Wish:
    """What a client asks for."""

    model: str
    chunks: int
    gap_ms: float = 20.0
    prompt_tokens: int = 0
    """Stated, with the tokens of the answer, in a last event of their own; 0: nothing is stated."""


class Span(NamedTuple):
    """How long something took, as stamped, and the least and most that it can be for who sits between; ns."""

    stamped: int
    least: int
    most: int


@dataclass(frozen=True)
class Stamps:
    """When a request was sent and heard, and when each chunk of its answer was sent and had come; ns."""

    asked: int
    heard: int
    sent: list[int]
    came: list[int]

    @property
    def first(self) -> Span:
        """The time to the first chunk."""
        sent, came = self.sent[0], self.came[0]
        return Span(sent - self.asked, sent - self.heard, came - self.asked)

    @property
    def gaps(self) -> list[Span]:
        """The time from each chunk to the next."""
        chunks = list(zip(self.sent, self.came, strict=True))
        return [
            Span(sent - sent_before, sent - came_before, came - sent_before)
            for (sent_before, came_before), (sent, came) in itertools.pairwise(chunks)
        ]


@contextlib.contextmanager
def running_stamped() -> Iterator[str]:
    """Run the server in a process of its own; yields its address."""
    with running([sys.executable, "-m", "tests.fakes.stamped"]) as process:
        yield process.first_line()


# --- the server ---------------------------------------------------------------------------------

Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter


async def serve_one(reader: Reader, writer: Writer) -> None:
    """Answer the one call of a connection."""
    first = await reader.readexactly(3)
    try:
        await (infer if first == frames.PREFACE[:3] else chat)(reader, writer)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def paced(wish: Wish) -> AsyncIterator[int]:
    """Yield the number of each chunk when it is time to send it."""
    for n in range(wish.chunks):
        await asyncio.sleep(random.uniform(0.5, 1.5) * wish.gap_ms / 1000)
        yield n


async def chat(reader: Reader, writer: Writer) -> None:
    """Answer a chat."""

    def send(data: str) -> None:
        event = f"data: {data}\n\n".encode()
        writer.write(b"%x\r\n%b\r\n" % (len(event), event))

    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = int(head.partition("content-length:")[2].partition("\r\n")[0])
    wish = Wish(**json.loads(await reader.readexactly(length)))
    heard = time.monotonic_ns()
    writer.write(EVENTS_HEAD)
    send('{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}],"usage":null}')
    async for _ in paced(wish):
        choices = '"choices":[{"index":0,"delta":{"content":"x"}}]'
        send(f'{{"heard":{heard},"sent":{time.monotonic_ns()},{choices},"usage":null}}')
    if wish.prompt_tokens:
        tokens = f'"prompt_tokens":{wish.prompt_tokens},"completion_tokens":{wish.chunks}'
        send(f'{{"choices":[],"usage":{{{tokens}}}}}')
    send("[DONE]")
    writer.write(b"0\r\n\r\n")
    await writer.drain()


async def infer(reader: Reader, writer: Writer) -> None:
    """Answer a stream of one inference."""
    await reader.readexactly(len(frames.PREFACE) - 3)
    writer.write(frames.settings())
    kind, message = -1, b""
    while kind != frames.DATA:
        kind, _, message = await next_frame(reader)
    heard = time.monotonic_ns()
    request = oip.ModelInferRequest.FromString(message[5:])
    wish = Wish(**json.loads(request.raw_input_contents[0]))
    writer.write(frames.headers(1, frames.ANSWER_HEAD))
    async for n in paced(wish):
        answer = oip.ModelInferResponse(model_name=wish.model, id=request.id)
        answer.parameters["triton_final_response"].bool_param = n + 1 == wish.chunks
        answer.raw_output_contents.append(STAMPS.pack(heard, time.monotonic_ns()))
        reply = oip.ModelStreamInferResponse(infer_response=answer)
        writer.write(frames.data(1, grpc_frame(reply.SerializeToString())))
    writer.write(frames.headers(1, frames.TRAILERS, end=True))
    await writer.drain()


async def next_frame(reader: Reader) -> tuple[int, int, bytes]:
    """Read a frame: type, flags, payload."""
    head = await reader.readexactly(9)
    return head[3], head[4], await reader.readexactly(int.from_bytes(head[:3], "big"))


async def main() -> None:
    """Serve until told to end."""
    server = await asyncio.start_server(serve_one, "127.0.0.1", 0, backlog=1024)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    print("{}:{}".format(*server.sockets[0].getsockname()), flush=True)
    await ended.wait()


# --- the clients --------------------------------------------------------------------------------

Ask = Callable[[Reader, Writer, Wish], Awaitable[Stamps]]


async def ask_chat(reader: Reader, writer: Writer, wish: Wish) -> Stamps:
    """Ask for a chat, and read the answer to its end."""
    body = json.dumps(vars(wish)).encode()
    head = f"POST {CHAT} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    asked = time.monotonic_ns()
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    heard, sent, came = 0, list[int](), list[int]()
    line = b""
    while line != b"0\r\n":
        line = await reader.readuntil(b"\n")
        if b'"sent"' in line:
            came.append(time.monotonic_ns())
            event = json.loads(line.removeprefix(b"data: "))
            heard = event["heard"]
            sent.append(event["sent"])
    await reader.readexactly(len(b"\r\n"))
    return Stamps(asked, heard, sent, came)


async def ask_infer(reader: Reader, writer: Writer, wish: Wish) -> Stamps:
    """Ask for an inference on a stream, and read the answer to its end."""
    request = oip.ModelInferRequest(model_name=wish.model, id="1")
    request.raw_input_contents.append(json.dumps(vars(wish)).encode())
    message = grpc_frame(request.SerializeToString())
    opening = frames.PREFACE + frames.settings()
    asked = time.monotonic_ns()
    writer.write(opening + frames.request(1, message, INFER))
    heard, sent, came = 0, list[int](), list[int]()
    flags = 0
    while not flags & frames.END_STREAM:
        kind, flags, payload = await next_frame(reader)
        if kind == frames.DATA:
            came.append(time.monotonic_ns())
            answer = oip.ModelStreamInferResponse.FromString(payload[5:]).infer_response
            heard, stamp = STAMPS.unpack(answer.raw_output_contents[0])
            sent.append(stamp)
        elif kind == frames.SETTINGS:
            flags = 0
    return Stamps(asked, heard, sent, came)


if __name__ == "__main__":
    asyncio.run(main())
