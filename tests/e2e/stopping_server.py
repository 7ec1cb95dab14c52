"""A grpcio server that is stopped under load and followed by another one, and the clients that are its load.

ModelInfer of the model `held` waits until it is let go; any other model is answered at once. A call waits until there
is a server to send it to, so that each one is sent, or sent again where its server never looked at it.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import grpc

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.harness.running import START_SECONDS, wait_until

SERVICE, METHOD = "inference.GRPCInferenceService", "ModelInfer"
HELD, QUICK = "held", "quick"
CLIENTS, HELD_CALLS = 4, 6
MOST_CALLS = 32
CALLS_EACH = 25
"""How often each client is answered well before the server is stopped, and again by the one that follows."""
OPTIONS: list[tuple[str, Any]] = [
    ("grpc.use_local_subchannel_pool", 1),
    *((f"grpc.{name}_reconnect_backoff_ms", 100) for name in ("initial", "min", "max")),
]


@dataclass
class Held:
    """Calls that wait."""

    let_go: threading.Event = field(default_factory=threading.Event)

    def infer(self, request: oip.ModelInferRequest, context: Any) -> oip.ModelInferResponse:
        """Answer, in its time."""
        if request.model_name == HELD:
            context.send_initial_metadata(())
            self.let_go.wait(START_SECONDS)
        return oip.ModelInferResponse(model_name=request.model_name)


def serve(address: str, held: Held) -> grpc.Server:
    """Start a server."""
    server = grpc.server(ThreadPoolExecutor(MOST_CALLS))
    handler = grpc.unary_unary_rpc_method_handler(
        held.infer,
        request_deserializer=oip.ModelInferRequest.FromString,
        response_serializer=oip.ModelInferResponse.SerializeToString,
    )
    handlers = grpc.method_handlers_generic_handler(SERVICE, {METHOD: handler})
    server.add_generic_rpc_handlers((handlers,))
    server.add_insecure_port(address)
    server.start()
    return server


class Load:
    """Clients that call as fast as they are answered, each on a connection of its own."""

    def __init__(self, address: str) -> None:
        """Begin."""
        self.tally: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._enough = threading.Event()
        self._pool = ThreadPoolExecutor(CLIENTS)
        self._jobs = [self._pool.submit(self._call, address) for _ in range(CLIENTS)]

    def _call(self, address: str) -> None:
        with grpc.insecure_channel(address, options=OPTIONS) as channel:
            while not self._enough.is_set():
                self.count(started(channel, QUICK))

    def count(self, call: Any) -> None:
        """Wait for a call's end, and count it by what its client was told."""
        with contextlib.suppress(grpc.RpcError):
            list(call)
        code = call.code().name
        with self._lock:
            self.tally[code] += 1

    def goes_on(self) -> None:
        """Wait until it has been answered well some more."""
        wanted = self.tally["OK"] + CLIENTS * CALLS_EACH
        wait_until(lambda: self.tally["OK"] >= wanted or any(job.done() for job in self._jobs))

    def ends(self) -> None:
        """End it; raises what a client died of."""
        self._enough.set()
        for job in self._jobs:
            job.result()
        self._pool.shutdown()


def started(channel: grpc.Channel, model: str) -> Any:
    """Start a call: as if it could be answered more than once, so that its head is told as soon as it comes."""
    call: grpc.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(f"/{SERVICE}/{METHOD}")
    request = oip.ModelInferRequest(model_name=model).SerializeToString()
    return call(request, timeout=2 * START_SECONDS, wait_for_ready=True)


@contextlib.contextmanager
def holding(address: str, load: Load) -> Iterator[None]:
    """Have calls under way that wait, and count them when they are over."""
    with grpc.insecure_channel(address, options=OPTIONS) as channel:
        calls = [started(channel, HELD) for _ in range(HELD_CALLS)]
        for call in calls:
            call.initial_metadata()
        yield
        for call in calls:
            load.count(call)
