"""Clients by their makers leave: after the end of a stream, in the middle, or because their time is up.

usage: leaving_clients.py SECONDS ADDRESS/MODEL...; run by the Python of their environment. A model is named for the
client and for what its server does: for `openai-served` it says all but the last chunk, for `openai-stopped` one token,
for `openai-failed` that it broke, and for others nothing before the client has left, after SECONDS. Prints as JSON, for
each, what the client made of it.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

MESSAGES = [{"role": "user", "content": "hi"}]
MOST_TOKENS = 9
LONG_SECONDS = 300.0
MODULES = ("openai", "anthropic", "ollama", "httpx")
"""Imported before there are threads: it takes longer than a client waits."""


def until_left(chunks: Any, is_last: Callable[[Any], bool]) -> int:
    """Read until what is thought to be the last, and leave; return how much was read."""
    count = 0
    for chunk in chunks:
        count += 1
        if is_last(chunk):
            break
    close = getattr(chunks, "close", None)
    if close is not None:
        close()
    return count


def openai_left(base: str, model: str, seconds: float, *, early: bool) -> int:
    """Read a chat."""
    openai: Any = importlib.import_module("openai")
    client = openai.OpenAI(base_url=f"{base}/v1", api_key="k", max_retries=0, timeout=seconds)
    chunks = client.chat.completions.create(model=model, messages=MESSAGES, stream=True)
    return until_left(chunks, lambda chunk: early or bool(chunk.choices[0].finish_reason))


def responses_left(base: str, model: str, seconds: float, *, early: bool) -> int:
    """Read a response."""
    openai: Any = importlib.import_module("openai")
    client = openai.OpenAI(base_url=f"{base}/v1", api_key="k", max_retries=0, timeout=seconds)
    events = client.responses.create(model=model, input="hi", stream=True)
    return until_left(events, lambda event: early or event.type == "response.completed")


def anthropic_left(base: str, model: str, seconds: float, *, early: bool) -> int:
    """Read a message."""
    anthropic: Any = importlib.import_module("anthropic")
    client = anthropic.Anthropic(base_url=base, api_key="k", max_retries=0, timeout=seconds)
    events = client.messages.create(
        model=model, messages=MESSAGES, max_tokens=MOST_TOKENS, stream=True
    )
    return until_left(events, lambda event: early or event.type == "message_stop")


def ollama_left(base: str, model: str, seconds: float, *, early: bool) -> int:
    """Read what is generated."""
    ollama: Any = importlib.import_module("ollama")
    client = ollama.Client(host=base, timeout=seconds)
    chunks = client.generate(model=model, prompt="hi", stream=True)
    return until_left(chunks, lambda chunk: early or bool(chunk.done))


def httpx_left(base: str, model: str, seconds: float, *, early: bool) -> int:
    """Read lines."""
    httpx: Any = importlib.import_module("httpx")
    body = {"model": model, "messages": MESSAGES, "stream": True}
    url = f"{base}/v1/chat/completions"
    with (
        httpx.Client(timeout=seconds) as client,
        client.stream("POST", url, json=body) as answer,
    ):
        lines: Iterable[str] = answer.iter_lines()
        return until_left(lines, lambda line: early or is_last(line))


def is_last(line: str) -> bool:
    """Tell whether nothing follows; raises what the line says of a failure."""
    if "it broke" in line:
        raise RuntimeError(line)
    return line == "data: [DONE]"


CLIENTS: dict[str, Callable[..., int]] = {
    "openai": openai_left,
    "responses": responses_left,
    "anthropic": anthropic_left,
    "ollama": ollama_left,
    "httpx": httpx_left,
}


def made_of(place: str, seconds: float) -> str:
    """Say what a client made of it."""
    address, _, model = place.partition("/")
    client, _, does = model.partition("-")
    # What hangs is left by the client itself; what does not has all the time there is.
    patience = LONG_SECONDS if does in ("served", "stopped", "failed") else seconds
    try:
        count = CLIENTS[client](f"http://{address}", model, patience, early=does == "stopped")
    except Exception as error:
        return type(error).__name__
    return f"read {count}"


if __name__ == "__main__":
    limit, places = float(sys.argv[1]), sys.argv[2:]
    for module in MODULES:
        importlib.import_module(module)
    with ThreadPoolExecutor(len(places)) as pool:
        jobs = [pool.submit(made_of, place, limit) for place in places]
        print(json.dumps({place: job.result() for place, job in zip(places, jobs, strict=True)}))
