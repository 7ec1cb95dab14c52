"""What servers and clients say to each other over HTTP/1.1, as the servers' documentation has it, and what is read.

Texts are shortened, shapes are not. A streamed answer is a list: its head, then each of its events or lines, come a
millisecond after one another, so `first_ms` tells which of them was taken for the first token. Tokens that were
counted, and not stated, are written `+3`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
Answer: TypeAlias = "Json | list[Json | str]"
DONE = "[DONE]"
TYPES = {"json": "application/json", "events": "text/event-stream", "lines": "application/x-ndjson"}


@dataclass(frozen=True)
class HttpCase:
    """One call."""

    catalogue: str
    name: str
    route: str
    """The template by which it must be known."""
    path: str
    asked: Json
    answer: Answer
    told: dict[str, str | int] = field(default_factory=dict)
    """What is not as in `Told`."""
    servers: tuple[str, ...] = ()
    """Whose documentation shows these shapes."""
    lines: bool = False
    status: int = 200
    source: str = ""
    """Which document, where only these servers are meant."""
    asked_head: Sequence[str] = ()
    """Header fields beside those that every request has, as `Name: value`."""
    answer_head: Sequence[str] = ()

    @property
    def request(self) -> bytes:
        """The request as it is on the wire."""
        body = json.dumps(self.asked).encode()
        head = f"POST {self.path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        fields = "".join(f"{each}\r\n" for each in self.asked_head)
        return f"{head}{fields}Content-Length: {len(body)}\r\n\r\n".encode() + body

    @property
    def response(self) -> list[bytes]:
        """The answer as it is on the wire, in the pieces in which it comes."""
        fields = "".join(f"{each}\r\n" for each in self.answer_head)
        head = f"HTTP/1.1 {self.status} Said\r\n{fields}Content-Type: "
        if isinstance(self.answer, dict):
            body = json.dumps(self.answer).encode()
            length = f"{TYPES['json']}\r\nContent-Length: {len(body)}\r\n\r\n"
            return [(head + length).encode() + body]
        kind = TYPES["lines" if self.lines else "events"]
        texts = [each if isinstance(each, str) else json.dumps(each) for each in self.answer]
        parts = [f"{text}\n" if self.lines else f"data: {text}\n\n" for text in texts]
        chunks = [f"{len(part):x}\r\n{part}\r\n".encode() for part in parts]
        return [
            f"{head}{kind}\r\nTransfer-Encoding: chunked\r\n\r\n".encode(),
            *chunks,
            b"0\r\n\r\n",
        ]

    @property
    def expected(self) -> dict[str, str]:
        """All that must be told of it."""
        silent: Json = {
            "kind": "Inference",
            "model": "",
            "version": "",
            "method": self.route,
            "request_id": "",
            "batch_size": 0,
            "tokens_in": "-",
            "tokens_out": "-",
            "chunks": 0,
            "gaps": 0,
            "first_ms": 1,
            "code": f"Http({self.status})",
            "outcome": "Ok" if self.status < 400 else "ServerError",
        }
        return {name: str(value) for name, value in {**silent, **self.told}.items()}


def failing(case: HttpCase, error: Json, *, path: str = "") -> HttpCase:
    """Return a call that fails inside an answer that began well."""
    answer: Answer = [error] if isinstance(case.answer, list) else error
    told: dict[str, str | int] = {"code": "InBandError", "outcome": "ServerError"}
    told |= {
        name: case.told[name]
        for name in ("model", "version", "batch_size", "shape", "request_id")
        if name in case.told
    }
    if isinstance(answer, list):
        told["first_ms"] = "-"
    return HttpCase(
        case.catalogue, f"{case.name}: an error inside", case.route, path or case.path, case.asked, answer,
        told, lines=case.lines,
    )  # fmt: skip


def nameless(case: HttpCase, model: str) -> HttpCase:
    """Return the call without a model in its request: the answer's counts."""
    asked = {name: value for name, value in case.asked.items() if name != "model"}
    told = {**case.told, "model": model}
    return HttpCase(
        case.catalogue, f"{case.name}: named by its answer", case.route, case.path, asked, case.answer,
        told, lines=case.lines,
    )  # fmt: skip


def deltas(*contents: Json, **rest: Any) -> list[Json | str]:
    """Return the chunks of a chat: who speaks, then what."""
    said: Sequence[Json] = ({"role": "assistant", "content": ""}, *contents)
    return [
        {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "llama-3-8b",
         "choices": [{"index": 0, "delta": delta, "finish_reason": None}], **rest}
        for delta in said
    ]  # fmt: skip


# --- OpenAI -------------------------------------------------------------------------------------

ENGINES = ("vllm", "sglang", "tgi", "llama-cpp", "ollama")
MESSAGES = [{"role": "user", "content": 'Say "model": "no"'}]
ASK: Json = {"messages": MESSAGES, "model": "llama"}
USAGE = {"prompt_tokens": 12, "completion_tokens": 4, "total_tokens": 16}
CACHED = {**USAGE, "prompt_tokens_details": {"cached_tokens": 8}}
FAILED = {"error": {"message": "out of memory", "type": "InternalServerError", "code": 500}}
CHAT = HttpCase(
    "openai", "chat, streamed with usage", "/v1/chat/completions", "/v1/chat/completions",
    {**ASK, "stream": True, "stream_options": {"include_usage": True}},
    [*deltas({"reasoning_content": "hm"}, {"reasoning": "so"}, {"content": "Hel"},
             {"tool_calls": [{"index": 0, "function": {"arguments": "{"}}]}, usage=None),
     {"id": "chatcmpl-1", "choices": [], "usage": CACHED}, DONE],
    {"model": "llama", "tokens_in": 12, "tokens_cached": 8, "tokens_out": 4, "chunks": 4, "gaps": 3, "first_ms": 3},
    ENGINES,
)  # fmt: skip
BARE_CHAT = HttpCase(
    "openai", "chat, streamed without usage", "/v1/chat/completions", "/v1/chat/completions",
    {**ASK, "stream": True}, [*deltas({"content": "Hel"}, {"content": "lo"}), DONE],
    {"model": "llama", "chunks": 2, "gaps": 1, "first_ms": 3}, ENGINES,
)  # fmt: skip
WHOLE_CHAT = HttpCase(
    "openai", "chat", "/v1/chat/completions", "/v1/chat/completions", ASK,
    {"id": "chatcmpl-1", "object": "chat.completion", "model": "llama-3-8b", "usage": USAGE,
     "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}}]},
    {"model": "llama", "tokens_in": 12, "tokens_out": 4}, ENGINES,
)  # fmt: skip
TEXTS = HttpCase(
    "openai", "completions", "/v1/completions", "/v1/completions",
    {"model": "llama", "prompt": ["one", "two", "three"], "stream": True},
    [{"id": "cmpl-1", "model": "llama-3-8b", "choices": [{"index": 0, "text": "a"}]},
     {"id": "cmpl-1", "choices": [{"index": 1, "text": "b"}], "usage": CACHED}, DONE],
    {"model": "llama", "batch_size": 3, "tokens_in": 12, "tokens_cached": 8, "tokens_out": 4, "chunks": 2, "gaps": 1,
     "first_ms": 2},
    ("vllm", "sglang", "llama-cpp", "ollama"),
)  # fmt: skip
REASONED = [
    HttpCase(
        "openai", f"chat, streamed: only {name}", "/v1/chat/completions", "/v1/chat/completions",
        {**ASK, "stream": True}, [*deltas({name: value}), DONE], {"model": "llama", "chunks": 1, "first_ms": 3},
    )
    for name, value in (("reasoning_content", "hm"), ("reasoning", "so"), ("tool_calls", [{"index": 0}]))
]  # fmt: skip
CHAT_TEXT = HttpCase(
    "openai", "chat, streamed as text", "/v1/chat/completions", "/v1/chat/completions",
    {**ASK, "stream": True}, [{"choices": [{"text": "a"}]}, DONE],
    {"model": "llama", "chunks": 1, "first_ms": 2},
)  # fmt: skip
MIXED = HttpCase(
    "openai", "completions as chats are", "/v1/completions", "/v1/completions",
    {"model": "llama", "prompt": [1, 2, 3], "stream": True},
    [{"choices": [{"delta": {name: "x"}}]} for name in ("content", "reasoning_content", "reasoning", "tool_calls")],
    {"model": "llama", "batch_size": 1, "chunks": 4, "gaps": 3, "first_ms": 2},
)  # fmt: skip
EMBEDDED = HttpCase(
    "openai", "embeddings", "/v1/embeddings", "/v1/embeddings", {"model": "e5", "input": ["one", "two"]},
    {"object": "list", "data": [{"embedding": [0.5]}], "model": "e5-large",
     "usage": {"prompt_tokens": 6, "total_tokens": 6}},
    {"model": "e5", "batch_size": 2, "tokens_in": 6}, ("vllm", "sglang", "llama-cpp", "ollama"),
)  # fmt: skip
RANKED = HttpCase(
    "openai", "rerank", "/v1/rerank", "/v1/rerank", {"model": "bge", "query": "q", "documents": ["a", "b", "c"]},
    {"id": "rerank-1", "model": "bge-m3", "usage": {"total_tokens": 56}, "results": [{"index": 0}]},
    {"model": "bge", "batch_size": 3, "tokens_in": 56}, ("vllm",),
)  # fmt: skip
RANKED_AS_ASKED = HttpCase(
    "openai", "rerank, by prompt tokens", "/v1/rerank", "/v1/rerank", {"model": "bge", "documents": ["a"]},
    {"model": "bge-m3", "usage": {"prompt_tokens": 50, "total_tokens": 56}},
    {"model": "bge", "batch_size": 1, "tokens_in": 50}, ("vllm",),
)  # fmt: skip
SCORED = HttpCase(
    "openai", "score", "/v1/score", "/v1/score", {"model": "bge", "text_1": "a", "text_2": "b"},
    {"id": "score-1", "model": "bge-m3", "data": [{"score": 1}], "usage": {"prompt_tokens": 17}},
    {"model": "bge", "tokens_in": 17}, ("vllm",),
)  # fmt: skip
COUNTED = {"input_tokens": 9, "input_tokens_details": {"cached_tokens": 8}, "output_tokens": 2}
RESPONDED = HttpCase(
    "openai", "responses, streamed", "/v1/responses", "/v1/responses",
    {"model": "llama", "input": "hi", "stream": True},
    [{"type": "response.created", "response": {"id": "resp-1", "model": "llama-3-8b", "usage": None}},
     {"type": "response.output_text.delta", "delta": "Hi"}, {"type": "response.output_text.delta", "delta": "!"},
     {"type": "response.completed", "response": {"id": "resp-1", "usage": COUNTED}}],
    {"model": "llama", "tokens_in": 9, "tokens_cached": 8, "tokens_out": 2, "chunks": 2, "gaps": 1, "first_ms": 3},
    ("vllm",),
)  # fmt: skip
RESPONDED_WHOLE = HttpCase(
    "openai", "responses", "/v1/responses", "/v1/responses", {"model": "llama", "input": "hi"},
    {"id": "resp-1", "object": "response", "model": "llama-3-8b", "usage": COUNTED},
    {"model": "llama", "tokens_in": 9, "tokens_cached": 8, "tokens_out": 2}, ("vllm",),
)  # fmt: skip
ANTHROPIC = HttpCase(
    "openai", "messages, streamed", "/v1/messages", "/v1/messages",
    {"model": "llama", "messages": MESSAGES, "max_tokens": 9, "stream": True},
    [{"type": "message_start", "message": {"id": "msg-1", "model": "llama-3-8b", "usage": {"input_tokens": 9}}},
     {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}},
     {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}},
     {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": "{"}},
     {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 3}},
     {"type": "message_stop"}],
    {"model": "llama", "tokens_in": 9, "tokens_out": 3, "chunks": 3, "gaps": 2, "first_ms": 3}, ("vllm", "llama-cpp"),
)  # fmt: skip
ANTHROPIC_WHOLE = HttpCase(
    "openai", "messages", "/v1/messages", "/v1/messages", {"model": "llama", "messages": MESSAGES},
    {"id": "msg-1", "type": "message", "model": "llama-3-8b", "usage": COUNTED},
    {"model": "llama", "tokens_in": 9, "tokens_out": 2}, ("vllm", "llama-cpp"),
)  # fmt: skip
HEARD = HttpCase(
    "openai", "transcriptions", "/v1/audio/transcriptions", "/v1/audio/transcriptions", {}, {"text": "hi"},
    servers=("vllm",),
)  # fmt: skip
OPENAI = [
    CHAT, BARE_CHAT, WHOLE_CHAT, TEXTS, *REASONED, CHAT_TEXT, MIXED, EMBEDDED, RANKED, RANKED_AS_ASKED, SCORED,
    RESPONDED, RESPONDED_WHOLE, ANTHROPIC, ANTHROPIC_WHOLE, HEARD,
    *(failing(case, FAILED)
      for case in (CHAT, TEXTS, EMBEDDED, RANKED, SCORED, RESPONDED_WHOLE, ANTHROPIC_WHOLE, HEARD)),
    failing(RESPONDED, {"type": "response.failed", "response": FAILED}),
    *(nameless(case, "llama-3-8b")
      for case in (CHAT, TEXTS, RESPONDED, RESPONDED_WHOLE, ANTHROPIC, ANTHROPIC_WHOLE)),
    nameless(EMBEDDED, "e5-large"), nameless(RANKED, "bge-m3"), nameless(SCORED, "bge-m3"),
]  # fmt: skip
