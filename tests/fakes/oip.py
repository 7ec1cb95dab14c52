"""A model server that does exactly as told: the Open Inference Protocol, and an echo service of all four call kinds.

`with running_oip() as server:` in a test, or `python -m tests.fakes.oip [ADDRESS [CHANNEL_OPTION=NUMBER...]]`, whose
first line is the address.

Inference, by request parameters: `taken` sends the answer's head before all else, `sleep_us` waits, `status` fails with
that gRPC status number, `responses` gives that many answers on a stream (1 if absent), `gap_us` waits before each of
them, `error` fails in band, inside an OK stream.
/test.Echo/{Unary,ServerStream,ClientStream,Bidi}: bytes in, the same bytes out (ServerStream: as often as the metadata
`x-count` says); metadata named `x-echo-*` comes back as initial metadata and again, named `x-trail-*`, as trailers;
`x-compression` is the number of the algorithm for the answers, and with `x-wait` Unary (before its answer) and
ServerStream (after its answers) wait until the client gives up.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import grpc
import grpc.aio

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.harness.running import Running, running

INFERENCE = "inference.GRPCInferenceService"
ECHO = "test.Echo"
Context = grpc.aio.ServicerContext[Any, Any]

STATUS_BY_NUMBER: dict[int, grpc.StatusCode] = {code.value[0]: code for code in grpc.StatusCode}


@contextlib.contextmanager
def running_oip(address: str = "127.0.0.1:0", *options: str) -> Iterator[tuple[str, Running]]:
    """Run the fake in a process of its own; yields its address and the process."""
    with running([sys.executable, "-m", "tests.fakes.oip", address, *options]) as process:
        yield process.first_line(), process


def wish(request: oip.ModelInferRequest, name: str, default: int = 0) -> int:
    """Read an integer parameter of a request."""
    if name not in request.parameters:
        return default
    number: int = request.parameters[name].int64_param
    return number


def response_to(
    request: oip.ModelInferRequest, *, final: bool | None = None
) -> oip.ModelInferResponse:
    """Answer with the inputs' bytes, as the version asked for or else 1; `final` is told on streams only."""
    response = oip.ModelInferResponse(
        model_name=request.model_name,
        model_version=request.model_version or "1",
        id=request.id,
        raw_output_contents=request.raw_input_contents,
    )
    if final is not None:
        response.parameters["triton_final_response"].bool_param = final
    return response


async def infer(request: oip.ModelInferRequest, context: Context) -> oip.ModelInferResponse:
    """Answer one request as it asks to be answered."""
    if wish(request, "taken"):
        await context.send_initial_metadata(())
    if wait_us := wish(request, "sleep_us"):
        await asyncio.sleep(wait_us / 1e6)
    if status := wish(request, "status"):
        await context.abort(STATUS_BY_NUMBER[status], f"status {status}, as asked for")
    return response_to(request)


async def stream_infer(
    requests: AsyncIterator[oip.ModelInferRequest], context: Context
) -> AsyncIterator[oip.ModelStreamInferResponse]:
    """Answer each request of a stream with as many responses as it asks for."""
    async for request in requests:
        if status := wish(request, "status"):
            await context.abort(STATUS_BY_NUMBER[status], f"status {status}, as asked for")
        if wish(request, "error"):
            only_id = oip.ModelInferResponse(id=request.id)
            yield oip.ModelStreamInferResponse(error_message="as asked for", infer_response=only_id)
            continue
        await asyncio.sleep(wish(request, "sleep_us") / 1e6)
        for left in reversed(range(wish(request, "responses", default=1))):
            await asyncio.sleep(wish(request, "gap_us") / 1e6)
            yield oip.ModelStreamInferResponse(infer_response=response_to(request, final=left == 0))


def metadata_number(context: Context, name: str, default: int = 0) -> int:
    """Read a number from the metadata of a call."""
    received = context.invocation_metadata() or ()
    return int(next((value for key, value in received if key == name), default))


async def echo_metadata(context: Context) -> None:
    """Send back the metadata that asks for it, and have the answers compressed if that is asked for."""
    received = [(key, value) for key, value in context.invocation_metadata() or ()]
    context.set_compression(grpc.Compression(metadata_number(context, "x-compression")))
    echoed = [(key, value) for key, value in received if key.startswith("x-echo-")]
    await context.send_initial_metadata(echoed)
    context.set_trailing_metadata(
        [(key.replace("x-echo-", "x-trail-"), value) for key, value in echoed]
    )


async def hold(context: Context) -> None:
    """Where that is asked for, wait for what never comes: the call ends when the client gives up."""
    if metadata_number(context, "x-wait"):
        await asyncio.Event().wait()


async def echo_unary(message: bytes, context: Context) -> bytes:
    """One in, one out."""
    await echo_metadata(context)
    await hold(context)
    return message


async def echo_server_stream(message: bytes, context: Context) -> AsyncIterator[bytes]:
    """One in, many out."""
    await echo_metadata(context)
    for _ in range(metadata_number(context, "x-count", default=1)):
        yield message
    await hold(context)


async def echo_client_stream(messages: AsyncIterator[bytes], context: Context) -> bytes:
    """Many in, all of them joined out."""
    await echo_metadata(context)
    return b"".join([message async for message in messages])


async def echo_bidi(messages: AsyncIterator[bytes], context: Context) -> AsyncIterator[bytes]:
    """Each in, each out."""
    await echo_metadata(context)
    async for message in messages:
        yield message


async def metadata(request: bytes, _: Context) -> bytes:
    """ModelMetadata: field 1 of either message is the model's name."""
    return request


async def ready(_request: bytes, _: Context) -> bytes:
    """ServerReady, ModelReady and ServerLive alike: field 1 is true."""
    return b"\x08\x01"


def handlers() -> list[grpc.GenericRpcHandler]:
    """Register both services by path."""

    def encode(message: Any) -> bytes:
        data: bytes = message.SerializeToString()
        return data

    make: dict[str, Callable[..., grpc.RpcMethodHandler[Any, Any]]] = {
        "Unary": grpc.unary_unary_rpc_method_handler,
        "ServerStream": grpc.unary_stream_rpc_method_handler,
        "ClientStream": grpc.stream_unary_rpc_method_handler,
        "Bidi": grpc.stream_stream_rpc_method_handler,
    }
    behaviours = (echo_unary, echo_server_stream, echo_client_stream, echo_bidi)
    echo = {name: make[name](behave) for name, behave in zip(make, behaviours, strict=True)}
    decode = oip.ModelInferRequest.FromString
    inference = {
        "ModelInfer": make["Unary"](infer, decode, encode),
        "ModelStreamInfer": make["Bidi"](stream_infer, decode, encode),
        "ModelMetadata": make["Unary"](metadata),
        **{name: make["Unary"](ready) for name in ("ServerLive", "ServerReady", "ModelReady")},
    }
    return [
        grpc.method_handlers_generic_handler(ECHO, echo),
        grpc.method_handlers_generic_handler(INFERENCE, inference),
    ]


async def serve(address: str = "127.0.0.1:0", *options: str) -> None:
    """Serve until SIGTERM; print the address once it can be called. Messages and headers of any size are taken."""
    named = [option.partition("=") for option in options]
    limits = [
        ("grpc.max_receive_message_length", -1),
        ("grpc.max_send_message_length", -1),
        ("grpc.max_metadata_size", 1 << 20),
        ("grpc.absolute_max_metadata_size", 1 << 20),
        *((name, int(number)) for name, _, number in named),
    ]
    server = grpc.aio.server(options=limits)
    server.add_generic_rpc_handlers(tuple(handlers()))
    port = server.add_insecure_port(address)
    await server.start()
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    print(f"{address.rpartition(':')[0]}:{port}", flush=True)
    await stopping.wait()
    await server.stop(grace=None)


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
