"""Tokens of answers with several samples: what engines of language models send, counted by a whole Wayside."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from tests.harness.running import START_SECONDS
from tests.harness.wayside import running_wayside
from tests.servers.goldens import FOLDER, GoldenCall, load

# vLLM's `complete` repeats the last chunk in a stream, the others' state the whole sample.
ENGINES = ("vllm", "mlx", "sglang", "tokenspeed", "tensorrt-llm")
CASES = {
    "streamed": ("ids", 6),
    "not streamed": ("usage", 6),
    "three samples, streamed": ("ids", 11),
    "three samples, not streamed": ("usage", 11),
}
LIMIT_SECONDS = START_SECONDS
OUTPUT = re.compile(r'^wayside_tokens_total\{.*direction="output".*source="(\w+)".*\} (\d+)', re.M)


def goldens(engine: str) -> dict[str, GoldenCall]:
    """Return the calls of an engine by their names."""
    return {call.name: call for call in load(FOLDER / f"{engine}.json").calls}


@contextlib.contextmanager
def answering(calls: dict[str, GoldenCall]) -> Iterator[str]:
    """Serve the responses of the call that the metadata `case` names; yields host:port."""

    def answer(_: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        metadata = dict(context.invocation_metadata())
        yield from (message.data for message in calls[str(metadata["case"])].responses)

    service, _, name = next(iter(calls.values())).method.lstrip("/").partition("/")
    handler = grpc.method_handlers_generic_handler(
        service, {name: grpc.unary_stream_rpc_method_handler(answer)}
    )
    server = grpc.server(ThreadPoolExecutor(2), handlers=[handler])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


@pytest.mark.parametrize("engine", ENGINES)
def test_all_samples_count_streamed_or_not_under_one_source(engine: str) -> None:
    calls = {name: call for name, call in goldens(engine).items() if name in CASES}
    assert calls.keys() == CASES.keys()
    with (
        answering(calls) as upstream,
        running_wayside(upstream, config="server: {model: llama}\n") as wayside,
        grpc.insecure_channel(wayside.address) as channel,
    ):
        told: dict[str, int] = {}
        for count, (name, (source, tokens)) in enumerate(CASES.items(), 1):
            call = calls[name]
            ask: grpc.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(call.method)
            metadata = (("case", name),)
            answers = list(ask(call.requests[0].data, metadata=metadata, timeout=LIMIT_SECONDS))
            assert answers == [message.data for message in call.responses]
            wayside.wait_for_total(count, "calls", outcome="ok")
            told[source] = told.get(source, 0) + tokens
            said = {each: int(total) for each, total in OUTPUT.findall(wayside.metrics())}
            assert said == told, name
