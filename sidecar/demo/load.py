"""The demo's clients: calls at a steady mean rate, whatever the answers do.

Arrivals are independent of completions (an open loop), because a load that waits for slow answers hides the very thing
one wants to see. A process of its own: `python -m sidecar.demo.load ADDRESS CALLS_PER_SECOND`.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import signal
import sys
from typing import Any

import grpc
import grpc.aio

from sidecar.demo.models import LOAD_SHARES, MODELS
from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from sidecar.demo.server import SERVICE

CHANNELS = 4  # connections: gRPC clients keep few and put many calls on each
CALL_TIMEOUT_SECONDS = 5.0
IN_FLIGHT_CAP = 512  # above it arrivals are dropped: the demo must not eat the machine it runs on
STREAM_PAUSE_SECONDS = 0.3
# One in so many clients gives up sooner than any model answers, and long before its deadline: it cancels.
CALLS_PER_GIVEN_UP = 100
PATIENCE_SECONDS = 0.003
PIXELS = bytes(3 * 32 * 32)


class Client:
    """One channel, and so one connection, with the two calls that the load makes."""

    def __init__(self, address: str) -> None:
        """Connect lazily, and share the connection with no other channel."""
        self.channel = grpc.aio.insecure_channel(
            address, options=[("grpc.use_local_subchannel_pool", 1)]
        )
        self.infer = self.channel.unary_unary(
            f"/{SERVICE}/ModelInfer",
            request_serializer=oip.ModelInferRequest.SerializeToString,
            response_deserializer=oip.ModelInferResponse.FromString,
        )
        self.stream = self.channel.stream_stream(
            f"/{SERVICE}/ModelStreamInfer",
            request_serializer=oip.ModelInferRequest.SerializeToString,
            response_deserializer=oip.ModelStreamInferResponse.FromString,
        )


def request_for(model: str, number: int) -> oip.ModelInferRequest:
    """Make the request with this number for a model."""
    return oip.ModelInferRequest(
        model_name=model,
        id=f"{model}-{number}",
        inputs=[oip.InferInputTensor(name="INPUT", datatype="UINT8", shape=[1, 3, 32, 32])],
        raw_input_contents=[PIXELS],
    )


async def call_once(client: Client, model: str, number: int) -> None:
    """Make one call; whatever its end, seeing it is Wayside's part."""
    call = client.infer(request_for(model, number), timeout=CALL_TIMEOUT_SECONDS)
    if number % CALLS_PER_GIVEN_UP == 0:
        await asyncio.sleep(PATIENCE_SECONDS)
        call.cancel()
    with contextlib.suppress(grpc.aio.AioRpcError, asyncio.CancelledError):
        await call


async def unary_load(clients: list[Client], calls_per_second: float) -> None:
    """Start calls at random moments, at the mean rate asked for, for ever."""
    draws = random.Random(2)
    models, shares = list(LOAD_SHARES), list(LOAD_SHARES.values())
    loop = asyncio.get_running_loop()
    due = loop.time()
    under_way: set[asyncio.Task[Any]] = set()
    for number in itertools.count():
        due += draws.expovariate(calls_per_second)
        await asyncio.sleep(max(0.0, due - loop.time()))
        if len(under_way) >= IN_FLIGHT_CAP:
            continue
        model = draws.choices(models, shares)[0]
        task = loop.create_task(call_once(clients[number % len(clients)], model, number))
        under_way.add(task)
        task.add_done_callback(under_way.discard)


async def stream_load(client: Client) -> None:
    """Hold one conversation after the other with the model that streams, for ever."""
    (model,) = (model.name for model in MODELS.values() if model.tokens)
    for number in itertools.count():
        with contextlib.suppress(grpc.aio.AioRpcError):
            call = client.stream(iter([request_for(model, number)]), timeout=CALL_TIMEOUT_SECONDS)
            async for _answer in call:
                pass
        await asyncio.sleep(STREAM_PAUSE_SECONDS)


async def run(address: str, calls_per_second: float) -> None:
    """Load the address until SIGTERM or SIGINT."""
    clients = [Client(address) for _ in range(CHANNELS)]
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    jobs = [
        asyncio.ensure_future(unary_load(clients, calls_per_second)),
        asyncio.ensure_future(stream_load(clients[0])),
        asyncio.ensure_future(stopping.wait()),
    ]
    print(f"calling {address} {calls_per_second:g} times a second", flush=True)
    finished, others = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
    for job in others:
        job.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    for client in clients:
        await client.channel.close()
    for job in finished:
        job.result()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], float(sys.argv[2])))
