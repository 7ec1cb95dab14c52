"""A gRPC client that tells of each call everything a client can see, as plain values that compare."""

from __future__ import annotations

import contextlib
import hashlib
import queue
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import grpc

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip

UNARY, SERVER_STREAM = "test.Echo/Unary", "test.Echo/ServerStream"
CLIENT_STREAM, BIDI = "test.Echo/ClientStream", "test.Echo/Bidi"
INFER = "inference.GRPCInferenceService/ModelInfer"
STREAM_INFER = "inference.GRPCInferenceService/ModelStreamInfer"

# How grpcio names the kinds of calls; a method that is not here is called as unary.
KINDS = {
    SERVER_STREAM: "unary_stream",
    CLIENT_STREAM: "stream_unary",
    BIDI: "stream_stream",
    STREAM_INFER: "stream_stream",
}

# Messages and headers of any size are taken. Channels share no connection: grpcio would pool them by address.
OPTIONS: list[tuple[str, Any]] = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_metadata_size", 1 << 20),
    ("grpc.absolute_max_metadata_size", 1 << 20),
    ("grpc.use_local_subchannel_pool", 1),
]

# Both ends of a call watch its deadline; which of them is first to say so is chance.
EITHER = "client or server"

DATA = b"\x01\x02"  # of every inference

# A call that is not over by then never will be. It is also the deadline of every call that is given none.
LIMIT_SECONDS = 120.0

Metadata: TypeAlias = tuple[tuple[str, str | bytes], ...]


@dataclass(frozen=True)
class Answer:
    """A message that came back: its length, and a digest in place of the bytes, which may be 64 MB."""

    length: int
    digest: str

    @staticmethod
    def of(message: bytes) -> Answer:
        """Take the measure of a message."""
        return Answer(len(message), hashlib.sha1(message).hexdigest())


@dataclass(frozen=True)
class Seen:
    """One call, as its client saw it."""

    method: str
    code: str
    details: str
    initial: Metadata
    trailing: Metadata
    answers: tuple[Answer, ...]
    sent: tuple[int, ...]  # lengths of the messages that the client sent
    ended_by: str = "server"
    model: str = field(default="", kw_only=True)


class Call:
    """A call under way. What is read from it is remembered, so that `seen` is complete whatever was read before."""

    def __init__(self, channel: grpc.Channel, method: str, kind: str, **options: Any) -> None:
        """Start it. `kind` is the method's own, or a wider one: on the wire they are the same."""
        self.method = method
        self.sent: list[int] = []
        self.read: list[bytes] = []
        self.many_answers = kind.endswith("stream")
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        message = options.pop("message", None)
        if message is not None:
            self.sent.append(len(message))
        make: Any = getattr(channel, kind)(f"/{method}")
        argument = iter(self._outbox.get, None) if message is None else message
        self.call: Any = (make if self.many_answers else make.future)(argument, **options)

    def send(self, *messages: bytes) -> None:
        """Send messages on a stream."""
        for message in messages:
            self.sent.append(len(message))
            self._outbox.put(message)

    def half_close(self) -> None:
        """Send no more."""
        self._outbox.put(None)

    def read_answers(self, count: int) -> None:
        """Read some messages of a stream."""
        self.read += [next(self.call) for _ in range(count)]

    def cancel(self) -> None:
        """Give the call up, once the server is known to have taken it."""
        self.call.initial_metadata()
        self.call.cancel()

    def seen(self, *, ended_by: str = "server", model: str = "") -> Seen:
        """Wait for the end, and tell all of it. A stream that is to end well must have been half closed."""
        with contextlib.suppress(grpc.RpcError, grpc.FutureCancelledError):
            if self.many_answers:
                self.read.extend(self.call)
            else:
                self.read.append(self.call.result())
        self.half_close()
        return Seen(
            self.method,
            self.call.code().name,
            self.call.details(),
            tuple((key, value) for key, value in self.call.initial_metadata()),
            tuple((key, value) for key, value in self.call.trailing_metadata()),
            tuple(Answer.of(message) for message in self.read),
            tuple(self.sent),
            ended_by,
            model=model,
        )


class Client:
    """One channel, and so one connection."""

    def __init__(self, channel: grpc.Channel) -> None:
        """Use a channel."""
        self.channel = channel

    def start(
        self, method: str, *messages: bytes, held: bool = False, kind: str = "", **options: Any
    ) -> Call:
        """Start a call; if `held`, a client's stream stays open for more.

        A wider kind than the method's own may be chosen, for what grpcio does not do with the right one: tell the
        initial metadata of a unary answer before the end, and compress in a future of `stream_unary`.
        """
        kind = kind or KINDS.get(method, "unary_unary")
        options = {"timeout": LIMIT_SECONDS, **options}
        if kind.startswith("unary"):
            (options["message"],) = messages
            return Call(self.channel, method, kind, **options)
        call = Call(self.channel, method, kind, **options)
        call.send(*messages)
        if not held:
            call.half_close()
        return call

    def call(self, method: str, *messages: bytes, **options: Any) -> Seen:
        """Make a whole call."""
        return self.start(method, *messages, **options).seen()

    def infer(self, model: str, *, status: int = 0) -> Seen:
        """Make a whole call for an inference."""
        return self.start(INFER, inference(model, status=status)).seen(model=model)


@contextlib.contextmanager
def connected(address: str, **options: int) -> Iterator[Client]:
    """Open a channel of its own; options are those of gRPC's that begin with `grpc.`."""
    extra = [(f"grpc.{name}", value) for name, value in options.items()]
    with grpc.insecure_channel(address, options=[*OPTIONS, *extra]) as channel:
        yield Client(channel)


def inference(model: str, *, id: str = "", **parameters: int) -> bytes:
    """Make the bytes of a request for an inference; parameters are as told in tests/fakes/oip.py."""
    request = oip.ModelInferRequest(
        model_name=model,
        id=id,
        inputs=[oip.InferInputTensor(name="INPUT", datatype="UINT8", shape=[1, len(DATA)])],
        raw_input_contents=[DATA],
    )
    for name, value in parameters.items():
        request.parameters[name].int64_param = value
    return bytes(request.SerializeToString(deterministic=True))
