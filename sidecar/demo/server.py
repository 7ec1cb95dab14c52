"""The demo's model server: the Open Inference Protocol over gRPC, simulated models, real batching.

It exists to be looked at through Wayside, and says so wherever it introduces itself. A process of its own:
`python -m sidecar.demo.server [ADDRESS]` prints the address it listens on as its first line. A line `slow`, `failing`
or `wedged` on its standard input makes it misbehave, any other makes it well again.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import grpc.aio

from sidecar.demo.batching import Batcher
from sidecar.demo.fault import Fault
from sidecar.demo.models import MODELS
from sidecar.demo.proto import wayside_demo_oip_pb2 as oip

SERVICE = "inference.GRPCInferenceService"
NAME = "wayside-demo-server (simulated models, not a real model server)"
Context = grpc.aio.ServicerContext[Any, Any]


class InferenceService:
    """Answers the protocol's calls for the simulated models."""

    def __init__(self, seed: int = 1, fault: Fault | None = None) -> None:
        """Make one batcher for each model; equal seeds misbehave equally."""
        self._draws = random.Random(seed)
        self.fault = fault or Fault()
        self.batchers = {
            name: Batcher(model, self._draws, self.fault) for name, model in MODELS.items()
        }

    async def live(self, _request: oip.ServerLiveRequest, _: Context) -> oip.ServerLiveResponse:
        """Say that the process answers."""
        return oip.ServerLiveResponse(live=True)

    async def ready(self, _request: oip.ServerReadyRequest, _: Context) -> oip.ServerReadyResponse:
        """Say that every model can be called: there is nothing to load."""
        return oip.ServerReadyResponse(ready=True)

    async def model_ready(
        self, request: oip.ModelReadyRequest, _: Context
    ) -> oip.ModelReadyResponse:
        """Say whether a model exists."""
        return oip.ModelReadyResponse(ready=request.name in MODELS)

    async def infer(
        self, request: oip.ModelInferRequest, context: Context
    ) -> oip.ModelInferResponse:
        """Answer one request with one response, through the model's batcher."""
        batcher = self.batchers.get(request.model_name)
        if batcher is None:
            unknown = f"Request for unknown model: '{request.model_name}' is not found"
            await context.abort(grpc.StatusCode.NOT_FOUND, unknown)
        assert batcher is not None
        executed = await batcher.submit()
        draw = self._draws.random()
        if draw < batcher.model.failure_ratio or self.fault.fails(request.model_name, draw):
            await context.abort(grpc.StatusCode.INTERNAL, "simulated failure of the accelerator")
        if self._draws.random() < batcher.model.shed_ratio:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "simulated lack of room")
        return answer(request, batcher.model.version, executed)

    async def stream(
        self, requests: AsyncIterator[oip.ModelInferRequest], _: Context
    ) -> AsyncIterator[oip.ModelStreamInferResponse]:
        """Answer each request of a stream with a series of responses, one per token, as decoupled models do."""
        async for request in requests:
            batcher = self.batchers.get(request.model_name)
            if batcher is None or not batcher.model.tokens:
                error = f"'{request.model_name}' does not stream here"
                yield oip.ModelStreamInferResponse(
                    error_message=error, infer_response=oip.ModelInferResponse(id=request.id)
                )
                continue
            for left in reversed(range(batcher.model.tokens)):
                executed = await batcher.submit()
                response = answer(request, batcher.model.version, executed)
                response.parameters["triton_final_response"].bool_param = left == 0
                yield oip.ModelStreamInferResponse(infer_response=response)


def answer(request: oip.ModelInferRequest, version: str, executed: int) -> oip.ModelInferResponse:
    """Make the response to a request: one number, the size of the batch it was executed in."""
    return oip.ModelInferResponse(
        model_name=request.model_name,
        model_version=version,
        id=request.id,
        outputs=[oip.InferOutputTensor(name="EXECUTED_BATCH", datatype="INT32", shape=[1])],
        raw_output_contents=[executed.to_bytes(4, "little")],
    )


def handlers(service: InferenceService) -> grpc.GenericRpcHandler:
    """Register the calls under the protocol's own path, which our message package does not spell."""

    def unary(
        method: Callable[[Any, Context], Awaitable[Any]], request: Any
    ) -> grpc.RpcMethodHandler[Any, Any]:
        return grpc.unary_unary_rpc_method_handler(
            method,
            request.FromString,
            lambda message: message.SerializeToString(),
        )

    stream: grpc.RpcMethodHandler[Any, Any] = grpc.stream_stream_rpc_method_handler(
        service.stream,
        oip.ModelInferRequest.FromString,
        lambda message: message.SerializeToString(),
    )
    return grpc.method_handlers_generic_handler(
        SERVICE,
        {
            "ServerLive": unary(service.live, oip.ServerLiveRequest),
            "ServerReady": unary(service.ready, oip.ServerReadyRequest),
            "ModelReady": unary(service.model_ready, oip.ModelReadyRequest),
            "ModelInfer": unary(service.infer, oip.ModelInferRequest),
            "ModelStreamInfer": stream,
        },
    )


async def serve(address: str, service: InferenceService) -> None:
    """Serve until SIGTERM or SIGINT; print the address once it can be called."""
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((handlers(service),))
    host = address.rpartition(":")[0]
    port = server.add_insecure_port(address)
    await server.start()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    loops = [asyncio.ensure_future(batcher.run()) for batcher in service.batchers.values()]
    service.fault.follow_stdin()
    print(f"{host}:{port}", flush=True)
    print(f"{NAME}: serving {', '.join(MODELS)}", file=sys.stderr, flush=True)
    await stopping.wait()
    await server.stop(grace=0.5)
    for loop in loops:
        loop.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await loop


if __name__ == "__main__":
    listen = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:0"
    asyncio.run(serve(listen, InferenceService()))
