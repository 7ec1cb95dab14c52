"""OpenAI's and Ollama's own clients make a few calls; run by their environment's Python with the server's address.

Prints as JSON what they understood of the answers.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any


def openai_said(base: str) -> dict[str, Any]:
    """Call what vLLM, SGLang, TGI, llama.cpp and Ollama serve alike."""
    openai: Any = importlib.import_module("openai")
    client = openai.OpenAI(base_url=f"{base}/v1", api_key="none", max_retries=0)
    ask: Any = {"model": "llama", "messages": [{"role": "user", "content": "hi"}]}
    options = {"stream_options": {"include_usage": True}}
    streamed = list(client.chat.completions.create(**ask, **options, stream=True))
    whole = client.chat.completions.create(**ask)
    embedded = client.embeddings.create(model="e5", input=["one", "two"])
    texts = client.completions.create(model="llama", prompt=["one", "two", "three"], stream=True)
    return {
        "streamed": "".join(c.choices[0].delta.content or "" for c in streamed if c.choices),
        "streamed_tokens": [c.usage.completion_tokens for c in streamed if c.usage],
        "whole": whole.choices[0].message.content,
        "embedded": embedded.usage.prompt_tokens,
        "texts": "".join(chunk.choices[0].text for chunk in texts),
    }


def ollama_said(base: str) -> dict[str, Any]:
    """Call Ollama's own API."""
    ollama: Any = importlib.import_module("ollama")
    client = ollama.Client(host=base)
    chunks = list(client.generate(model="llama3:8b", prompt="why", stream=True))
    embedded = client.embed(model="minilm:l6", input=["a", "b"])
    return {
        "generated": "".join(chunk.response for chunk in chunks),
        "tokens": [chunks[-1].prompt_eval_count, chunks[-1].eval_count],
        "embedded": embedded.prompt_eval_count,
    }


if __name__ == "__main__":
    url = f"http://{sys.argv[1]}"
    print(json.dumps({"openai": openai_said(url), "ollama": ollama_said(url)}))
