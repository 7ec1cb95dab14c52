"""Wayside before NVIDIA Dynamo's own frontends: OpenAI's API over HTTP, KServe's over gRPC, and their own numbers."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import pytest

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.e2e.grpc_calls import INFER, STREAM_INFER, Seen, connected
from tests.e2e.http_calls import Ask, as_json, call_both, counted
from tests.e2e.model_server import ModelServer, running_model_server
from tests.harness.samples import metric
from tests.harness.wayside import running_wayside

CHAT, TEXT, EMBED = "/v1/chat/completions", "/v1/completions", "/v1/embeddings"
SERVICE = "inference.GRPCInferenceService"
PROBES = tuple(f"{SERVICE}/{name}" for name in ("ServerLive", "ServerReady"))


@pytest.fixture(scope="module")
def dynamo() -> Iterator[ModelServer]:
    """One server for all tests of this file."""
    words = ["dynamo_echo.py", "{}", "{}", "{}"]
    with running_model_server("dynamo", *words, ready="/health") as server:
        yield server


def chat(model: str = "echo", **more: Any) -> bytes:
    """Ask for a chat: the answer is the message."""
    return as_json({"model": model, "messages": [{"role": "user", "content": "hey"}], **more})


def text(model: str = "echo", prompt: object = "abcd", **more: Any) -> bytes:
    """Ask for a completion: the answer is the prompt, a letter to an event."""
    return as_json({"model": model, "prompt": prompt, **more})


ASKS = [
    Ask("/health", "/health", kind="probe", verb="GET"),
    Ask("/v1/models", "/v1/models", kind="admin", verb="GET"),
    Ask(CHAT, CHAT, model="echo", body=chat()),
    Ask(CHAT, CHAT, model="echo", body=chat(stream=True)),
    Ask(CHAT, CHAT, "404", "unknown", body=chat("no")),
    Ask(CHAT, CHAT, "400", "unknown", body=b"{"),
    Ask(TEXT, TEXT, model="echo", body=text()),
    Ask(TEXT, TEXT, model="echo", body=text(stream=True)),
    Ask(TEXT, TEXT, model="echo", body=text(prompt=["a", "b"])),
    Ask(EMBED, EMBED, "404", "echo", body=as_json({"model": "echo", "input": ["a"]})),
]


@pytest.mark.proves("http", "http", "live")
@pytest.mark.proves("openai", "dynamo", "live")
def test_each_call_over_http(dynamo: ModelServer) -> None:
    """Equal answers, equal counts; this engine states no tokens, so events with output are counted."""
    with running_wayside(dynamo.http) as wayside:
        call_both(dynamo.http, wayside, ASKS)
        page = wayside.metrics()
    chunks = {"source": "chunks", "model": "echo"}
    assert metric(page, "wayside_tokens_total", method=CHAT, **chunks) == len("hey")
    assert metric(page, "wayside_tokens_total", method=TEXT, **chunks) == len("abcd")
    assert metric(page, "wayside_request_batch_size_sum", method=TEXT, model="echo") == 1 + 1 + 2


def generate(model: str, request_id: str, words: bytes = b"hey", *, stream: bool = False) -> bytes:
    """Ask as KServe's protocol has it for a text; the answer is the text, of a stream each letter."""
    tensors = [("text_input", "BYTES", struct.pack("<I", len(words)) + words)]
    tensors += [("streaming", "BOOL", b"\1")] * stream
    request = oip.ModelInferRequest(
        model_name=model,
        id=request_id,
        inputs=[oip.InferInputTensor(name=n, datatype=d, shape=[1]) for n, d, _ in tensors],
        raw_input_contents=[content for _, _, content in tensors],
    )
    return bytes(request.SerializeToString())


def called(address: str) -> list[Seen]:
    """Call the gRPC service."""
    with connected(address) as client:
        asked = [generate("echo", "r-1"), generate("no", "r-2"), generate("echo", "r-3")]
        calls = [client.call(INFER, each) for each in asked]
        calls.append(client.call(STREAM_INFER, generate("echo", "r-4", stream=True)))
        return calls + [client.call(each, b"") for each in PROBES]


@pytest.mark.proves("oip", "dynamo", "live")
def test_each_call_over_grpc(dynamo: ModelServer) -> None:
    """Equal answers, equal counts: the version is the answer's."""
    direct = called(dynamo.grpc)
    with running_wayside(dynamo.grpc) as wayside:
        through = called(wayside.address)
        wayside.wait_for_total(len(direct), "calls")
        inference, probes = counted(wayside), counted(wayside, "probe")
        requests = counted(wayside, field="requests")
    assert [(seen.code, seen.answers) for seen in through] == [
        (seen.code, seen.answers) for seen in direct
    ]
    assert len(direct[3].answers) == len("hey") + 1
    assert inference == {
        (INFER, "echo", "1", "OK"): 2,
        (INFER, "unknown", "", "NOT_FOUND"): 1,
        (STREAM_INFER, "echo", "1", "OK"): 1,
    }
    assert requests == inference
    assert probes == {(each, "", "", "OK"): 1 for each in PROBES}


def test_its_own_numbers(dynamo: ModelServer) -> None:
    """The frontend's page tells how many requests wait for their first token."""
    config = f'server: {{metrics: "http://{dynamo.http}/metrics", metrics_interval: 200ms}}\n'
    with running_wayside(dynamo.http, config=config) as wayside:
        call_both(dynamo.http, wayside, [Ask(TEXT, TEXT, model="echo", body=text())])
        labels = {"model": "echo"}
        wayside.running.wait_for(lambda: "wayside_server_queue_depth{" in wayside.metrics())
        assert metric(wayside.metrics(), "wayside_server_queue_depth", **labels) == 0
        assert wayside.snapshot()["server"]["catalogue"] == "dynamo"
