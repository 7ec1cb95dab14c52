"""KServe's own Python server with the model `chat` behind its OpenAI routes, until it is told to end.

usage: kserve_chat.py HTTP_PORT GRPC_PORT

It answers with the words of the last message, or of the prompt, one to a token; the word `fail` ends it with an error,
inside the answer where that has begun. KServe takes the shapes of requests and answers from vLLM, which needs a GPU's
libraries: classes that take any field are all that is used of it here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncGenerator
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ConfigDict

PROTOCOLS = (
    "openai.chat_completion.protocol",
    "openai.completion.protocol",
    "openai.engine.protocol",
    "pooling.embed.protocol",
    "pooling.scoring.protocol",
    "chat_utils",
)


class Shape(BaseModel):
    """A request or an answer with whatever fields it has."""

    model_config = ConfigDict(extra="allow")
    model: str = ""


class Shapes(ModuleType):
    """A module in which every name is a shape."""

    def __getattr__(self, name: str) -> Any:
        """Make the shape of that name."""
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (Shape,), {"__module__": self.__name__})


def without_vllm() -> None:
    """Put shapes where vLLM would be."""
    calls = Shapes("vllm.entrypoints.serve.utils.api_utils")
    calls.with_cancellation = lambda handler: handler  # type: ignore[attr-defined]
    sys.modules[calls.__name__] = calls
    for name in PROTOCOLS:
        sys.modules[f"vllm.entrypoints.{name}"] = Shapes(f"vllm.entrypoints.{name}")


without_vllm()
from kserve import ModelServer  # noqa: E402
from kserve.protocol.rest.openai import OpenAIEncoderModel, OpenAIGenerativeModel  # noqa: E402
from kserve.protocol.rest.openai.types import ErrorResponse  # noqa: E402

ERROR = {"message": "told to", "type": "InternalServerError", "param": None, "code": "500"}


def usage(prompt: int, words: int) -> dict[str, int]:
    """Count tokens as OpenAI does."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": words,
        "total_tokens": prompt + words,
    }


def event(content: dict[str, Any]) -> str:
    """Write an event."""
    return f"data: {json.dumps(content)}\n\n"


async def streamed(words: list[str], asked: Any, chat: bool) -> AsyncGenerator[str, None]:
    """Answer word by word, as vLLM would."""
    head = {"id": "cmpl-1", "model": asked.model}
    if chat:
        first = {"index": 0, "delta": {"role": "assistant", "content": ""}}
        yield event({**head, "choices": [first]})
    for word in words:
        if word == "fail":
            yield event({"error": ERROR})
            return
        said = {"delta": {"content": word}} if chat else {"text": word}
        yield event({**head, "choices": [{"index": 0, **said}]})
    if (asked.model_extra or {}).get("stream_options"):
        yield event({**head, "choices": [], "usage": usage(7, len(words))})
    yield "data: [DONE]\n\n"


class Chat(OpenAIGenerativeModel, OpenAIEncoderModel):
    """Answers with the words it is given."""

    async def create_chat_completion(self, request: Any, *_: Any, **__: Any) -> Any:
        """Answer the last message."""
        words = request.messages[-1]["content"].split()
        if (request.model_extra or {}).get("stream"):
            return streamed(words, request, chat=True)
        message = {"role": "assistant", "content": " ".join(words)}
        return self.answered(request, words, {"message": message})

    async def create_completion(self, request: Any, *_: Any, **__: Any) -> Any:
        """Answer a prompt."""
        words = request.prompt.split()
        if (request.model_extra or {}).get("stream"):
            return streamed(words, request, chat=False)
        return self.answered(request, words, {"text": " ".join(words)})

    def answered(self, request: Any, words: list[str], said: dict[str, Any]) -> Any:
        """Answer at once."""
        if "fail" in words:
            return ErrorResponse(error=ERROR)
        choices = [{"index": 0, "finish_reason": "stop", **said}]
        counted = usage(7, len(words))
        return {"id": "cmpl-1", "model": request.model, "choices": choices, "usage": counted}

    async def create_embedding(self, request: Any, *_: Any, **__: Any) -> Any:
        """Embed each text."""
        data = [{"index": n, "embedding": [0.5]} for n, _ in enumerate(request.input)]
        counted = {"prompt_tokens": 2 * len(data), "total_tokens": 2 * len(data)}
        return {"object": "list", "model": request.model, "data": data, "usage": counted}

    async def create_rerank(self, request: Any, *_: Any, **__: Any) -> Any:
        """Rank each document."""
        results = [{"index": n, "relevance_score": 1.0} for n, _ in enumerate(request.documents)]
        counted = {"total_tokens": 3 * len(results)}
        return {"id": "rerank-1", "model": request.model, "results": results, "usage": counted}


if __name__ == "__main__":
    http_port, grpc_port = (int(word) for word in sys.argv[1:3])
    ModelServer(http_port=http_port, grpc_port=grpc_port, enable_grpc=False, workers=1).start(
        [Chat("chat")]
    )
