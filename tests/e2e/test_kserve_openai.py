"""Wayside before the OpenAI routes of KServe's own Python server, which lie under a prefix of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.http_calls import Ask, as_json, call_all, call_both, counted
from tests.e2e.model_server import ModelServer, running_model_server
from tests.harness.samples import metric
from tests.harness.wayside import running_wayside

CHAT, TEXT = "/openai/v1/chat/completions", "/openai/v1/completions"
EMBED, RANK = "/openai/v1/embeddings", "/openai/v1/rerank"
MODELS = "/openai/v1/models"
USAGE: dict[str, Any] = {"stream_options": {"include_usage": True}}


@pytest.fixture(scope="module")
def kserve() -> Iterator[ModelServer]:
    """One server for all tests of this file."""
    ready = "/v2/health/ready"
    with running_model_server("kserve", "kserve_chat.py", "{}", "{}", ready=ready) as server:
        yield server


def chat(words: str, model: str = "chat", **more: Any) -> bytes:
    """Ask for a chat."""
    return as_json({"model": model, "messages": [{"role": "user", "content": words}], **more})


def text(words: str, **more: Any) -> bytes:
    """Ask for a completion."""
    return as_json({"model": "chat", "prompt": words, **more})


ASKS = [
    Ask(MODELS, MODELS, kind="admin", verb="GET"),
    Ask(CHAT, CHAT, model="chat", body=chat("one two three")),
    Ask(CHAT, CHAT, model="chat", body=chat("one two", stream=True, **USAGE)),
    Ask(CHAT, CHAT, "500", "chat", body=chat("one fail")),
    Ask(CHAT, CHAT, "404", "unknown", body=chat("one", "no")),
    Ask(CHAT, CHAT, "422", "unknown", body=b"{"),
    Ask(TEXT, TEXT, model="chat", body=text("one two three four")),
    Ask(TEXT, TEXT, model="chat", body=text("one two three", stream=True)),
    Ask(EMBED, EMBED, model="chat", body=as_json({"model": "chat", "input": ["a", "b"]})),
    Ask(
        RANK,
        RANK,
        model="chat",
        body=as_json({"model": "chat", "query": "q", "documents": ["a", "b"]}),
    ),
]


@pytest.mark.proves("openai", "kserve", "live")
def test_each_call(kserve: ModelServer) -> None:
    """Chats and completions, whole and streamed, errors, embeddings, ranks: equal answers, equal counts."""
    with running_wayside(kserve.http) as wayside:
        call_both(kserve.http, wayside, ASKS)
        page = wayside.metrics()

    def tokens(method: str, **labels: str) -> float:
        return metric(page, "wayside_tokens_total", method=method, model="chat", **labels)

    stated = {"source": "usage"}
    assert tokens(CHAT, direction="input", **stated) == 7 + 7
    assert tokens(CHAT, direction="output", **stated) == 3 + 2
    assert tokens(TEXT, direction="output", **stated) == 4
    assert tokens(TEXT, direction="output", source="chunks") == 3
    assert tokens(EMBED, direction="input", **stated) == 2 * 2
    assert metric(page, "wayside_request_batch_size_sum", method=EMBED) == 2


@pytest.mark.proves("openai", "kserve", "live")
def test_an_error_inside_an_answer_that_began_well(kserve: ModelServer) -> None:
    """HTTP said 200; the request failed all the same."""
    asked = [Ask(CHAT, CHAT, model="chat", body=chat("one"))]
    failing = Ask(CHAT, CHAT, "IN_BAND_ERROR", "chat", body=chat("one fail", stream=True))
    with running_wayside(kserve.http) as wayside:
        call_both(kserve.http, wayside, asked)
        call_all(wayside.address, [failing])
        wayside.wait_for_total(2, "calls")
        counts = counted(wayside, field="requests")
    assert counts == {(CHAT, "chat", "", "200"): 1, failing.series: 1}
