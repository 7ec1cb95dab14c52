"""The proxy one would write in an afternoon: grpcio on asyncio, any method, bytes in and the same bytes out.

`python -m bench.grpcio_proxy LISTEN UPSTREAM`; says one line once it serves.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio

NO_LIMIT = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
Context = grpc.aio.ServicerContext[Any, Any]
Callee = grpc.aio.StreamStreamMultiCallable[bytes, bytes]


class Everything(grpc.GenericRpcHandler):
    """Hands every method on, as a stream both ways, which a unary call is too."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        """Send all calls into one channel."""
        self._channel = channel

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[bytes, bytes]:
        """Return the handler of a method: there is one for all of them."""
        onward: Callee = self._channel.stream_stream(handler_call_details.method)

        async def forward(requests: AsyncIterator[bytes], context: Context) -> AsyncIterator[bytes]:
            call = onward(requests)
            async for message in call:
                yield message
            context.set_code(await call.code())
            context.set_details(await call.details() or "")

        return grpc.stream_stream_rpc_method_handler(forward)


async def serve(listen: str, upstream: str) -> None:
    """Forward until asked to stop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with grpc.aio.insecure_channel(upstream, options=NO_LIMIT) as channel:
        server = grpc.aio.server(options=NO_LIMIT)
        server.add_generic_rpc_handlers((Everything(channel),))
        server.add_insecure_port(listen)
        await server.start()
        print("serving", flush=True)
        await stop.wait()
        await server.stop(None)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(sys.argv[1], sys.argv[2]))
