"""The kinds of load, each on a thread of its own that counts what its client saw; one model's name for each kind."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue

import grpc

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.e2e.grpc_calls import BIDI, INFER, OPTIONS, STREAM_INFER
from tests.harness.wayside import Wayside

TIMEOUT_SECONDS = 60
UNARY_IN_A_ROW = 20
REQUESTS_OF_A_STREAM, ANSWERS_OF_A_REQUEST = 5, 4
BIG_BYTES = 4_000_000
STRAY_CONNECTIONS = 5
PAUSE_SECONDS = {"unary": 0.1, "stream": 0.2, "big": 0.5, "reset": 0.2, "churn": 0.5}
SCRAPE_SECONDS, RELOAD_SECONDS = 1.0, 20.0
CONFIG = """
slos:
  - {name: fast, objective: 99%, good: {latency_below: 5s}}
  - {name: answers, objective: 99.9%, good: {available: true}}
"""


@dataclass
class Tally:
    """What the clients saw."""

    calls: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def infer(channel: grpc.Channel, model: str, size: int = 100) -> None:
    """Make a call; its answer holds the very bytes that were sent."""
    asked = oip.ModelInferRequest(model_name=model, raw_input_contents=[os.urandom(size)])
    call = channel.unary_unary(
        f"/{INFER}",
        request_serializer=oip.ModelInferRequest.SerializeToString,
        response_deserializer=oip.ModelInferResponse.FromString,
    )
    answer = call(asked, timeout=TIMEOUT_SECONDS)
    assert answer.raw_output_contents == asked.raw_input_contents


def unary(channel: grpc.Channel, tally: Tally) -> None:
    """Some small calls."""
    for _ in range(UNARY_IN_A_ROW):
        infer(channel, "unary")
    tally.calls["unary"] += UNARY_IN_A_ROW
    tally.requests["unary"] += UNARY_IN_A_ROW


def stream(channel: grpc.Channel, tally: Tally) -> None:
    """One call of many requests, each with several answers."""
    asked = oip.ModelInferRequest(model_name="stream")
    asked.parameters["responses"].int64_param = ANSWERS_OF_A_REQUEST
    requests = [
        oip.ModelInferRequest(model_name="stream", id=str(n), parameters=asked.parameters)
        for n in range(REQUESTS_OF_A_STREAM)
    ]
    call = channel.stream_stream(
        f"/{STREAM_INFER}",
        request_serializer=oip.ModelInferRequest.SerializeToString,
        response_deserializer=oip.ModelStreamInferResponse.FromString,
    )
    answers = list(call(iter(requests), timeout=TIMEOUT_SECONDS))
    assert len(answers) == REQUESTS_OF_A_STREAM * ANSWERS_OF_A_REQUEST
    tally.calls["stream"] += 1
    tally.requests["stream"] += REQUESTS_OF_A_STREAM


def big(channel: grpc.Channel, tally: Tally) -> None:
    """A call of some megabytes each way."""
    infer(channel, "big", BIG_BYTES)
    tally.calls["big"] += 1
    tally.requests["big"] += 1


def reset(channel: grpc.Channel, tally: Tally) -> None:
    """A call that the client takes back when it is well under way."""
    said: SimpleQueue[bytes | None] = SimpleQueue()
    call: grpc.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(f"/{BIDI}")
    answers = call(iter(said.get, None), timeout=TIMEOUT_SECONDS)
    said.put(b"go")
    assert next(answers) == b"go"
    answers.cancel()
    said.put(None)
    tally.calls["reset"] += 1


def churn(address: str, tally: Tally) -> None:
    """A connection for one call, and some that say nothing or half of it before they go."""
    with grpc.insecure_channel(address, options=OPTIONS) as channel:
        infer(channel, "churn")
    tally.calls["churn"] += 1
    tally.requests["churn"] += 1
    host, _, port = address.rpartition(":")
    for n in range(STRAY_CONNECTIONS):
        with socket.create_connection((host, int(port)), timeout=TIMEOUT_SECONDS) as stray:
            stray.sendall(b"PRI * HTTP/2.0"[: 3 * n])


def scrape(wayside: Wayside) -> None:
    """Look at every page."""
    assert "wayside_calls_total" in wayside.metrics() or not wayside.total("calls")
    assert wayside.answers(wayside.health, "/readyz")


def reload(wayside: Wayside, edits: Iterator[int]) -> None:
    """Edit the configuration."""
    wayside.config.write_text(f"{CONFIG}models: [edit-{next(edits) % 10}]\n")


def repeat(
    name: str, act: Callable[[], None], pause: float, stop: threading.Event, tally: Tally
) -> None:
    """Act again and again; what goes wrong is kept."""
    while not stop.wait(pause):
        try:
            act()
        except Exception as error:  # a soak goes on, and tells at its end
            tally.failures.append(f"{name}: {error!r}"[:300])


@contextlib.contextmanager
def mixed_load(wayside: Wayside) -> Iterator[Tally]:
    """Run all kinds of load until the block ends; what was begun is brought to its end."""
    tally, stop = Tally(), threading.Event()
    with contextlib.ExitStack() as stack:
        acts: dict[str, tuple[Callable[[], None], float]] = {
            "churn": (partial(churn, wayside.address, tally), PAUSE_SECONDS["churn"]),
            "scrape": (partial(scrape, wayside), SCRAPE_SECONDS),
            "reload": (partial(reload, wayside, itertools.count()), RELOAD_SECONDS),
        }
        for each in (unary, stream, big, reset):
            channel = stack.enter_context(grpc.insecure_channel(wayside.address, options=OPTIONS))
            acts[each.__name__] = (partial(each, channel, tally), PAUSE_SECONDS[each.__name__])
        threads = [
            threading.Thread(target=repeat, args=(name, act, pause, stop, tally))
            for name, (act, pause) in acts.items()
        ]
        for thread in threads:
            thread.start()
        try:
            yield tally
        finally:
            stop.set()
            for thread in threads:
                thread.join()
