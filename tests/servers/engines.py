"""Calls of engines of language models over gRPC: vLLM, SGLang, TensorRT-LLM, TokenSpeed and MLX."""

from __future__ import annotations

from typing import Any

from tests.servers.cases import Case, Json, Message, request

NOBODY = {"model": "", "version": ""}


def engine(
    method: str,
    ids: str = "input_ids",
    output: str = "output_ids",
    *,
    index: str = "index",
    adding: bool = False,
    named: bool = False,
) -> list[Case]:
    """Return Generate of one sample and of three, each streamed and not: six, four and one tokens out, and five in.

    Three of those are cached.

    `adding`: completion_tokens of a chunk are its own, and `complete` repeats the last chunk's; else they are the total
    so far. `named`: answers name their request. `index`: the field that numbers the samples.
    """
    who: Json = {"request_id": "g-1"} if named else {}
    asked = Message(
        {"request_id": "g-1", "tokenized": {ids: [1, 2, 3, 4, 300]}}, {"request_id": "g-1"}
    )

    def chunk(sample: int, size: int, sent: int) -> Message:
        content = {
            "token_ids": [1000 + n for n in range(size)],
            "prompt_tokens": 5,
            "completion_tokens": size if adding else sent,
            "cached_tokens": 3,
            index: sample,
        }
        says = {**who, "tokens_in": 5, "tokens_cached": 3, "tokens_out": f"+{size}"}
        return Message({**who, "chunk": content}, says)

    def complete(sample: int, total: int) -> Message:
        content = {
            output: [1000 + n for n in range(6)],
            "finish_reason": "stop",
            "prompt_tokens": 5,
            "completion_tokens": total,
            "cached_tokens": 3,
            index: sample,
        }
        says = {**who, "tokens_in": 5, "tokens_cached": 3, "tokens_out": f"*{total}"}
        return Message({**who, "complete": content}, says)

    def case(name: str, *answers: Message, tokens: int = 6) -> Case:
        ended = ({**request("g-1", 0, 5, tokens), "tokens_cached": "3"},)
        return Case(name, f"{method}/Generate", (asked,), answers, NOBODY, ended)

    streamed = (chunk(0, 1, 1), chunk(0, 2, 3), chunk(0, 3, 6), complete(0, 3 if adding else 6))
    others = (chunk(1, 4, 4), complete(1, 4), chunk(2, 1, 1), complete(2, 1))
    whole = (complete(0, 6), complete(1, 4), complete(2, 1))
    return [
        case("streamed", *streamed),
        case("not streamed", complete(0, 6)),
        case("three samples, streamed", *streamed[:2], *others, *streamed[2:], tokens=11),
        case("three samples, not streamed", *whole, tokens=11),
    ]


def embed(method: str, **answer: Any) -> Case:
    """Return an embedding of five tokens."""
    return Case(
        "embed",
        f"{method}/Embed",
        (Message({"request_id": "e-1"}, {"request_id": "e-1"}),),
        (Message({"embedding": [0.5, 0.25], "prompt_tokens": 5, **answer}, {"tokens_in": 5}),),
        NOBODY,
        (request("e-1", 0, 5),),
    )


VLLM_PATH, TRT_PATH = "/vllm.grpc.engine.VllmEngine", "/trtllm.TrtllmService"
VLLM = [*engine(VLLM_PATH, adding=True), embed(VLLM_PATH)]
TENSORRT = [
    *engine(TRT_PATH, "input_token_ids", "output_token_ids", index="sequence_index", named=True),
    embed(TRT_PATH, request_id="e-1"),
]
MLX = engine("/mlx.grpc.engine.MlxEngine", adding=True)
TOKENSPEED = engine("/tokenspeed.grpc.scheduler.TokenSpeedScheduler")
SGLANG_PATH = "/sglang.grpc.scheduler.SglangScheduler"
SGLANG = [
    *engine(SGLANG_PATH, named=True),
    embed(SGLANG_PATH),
    Case(
        "a cross-encoder's batch",
        f"{SGLANG_PATH}/Embed",
        (
            Message(
                {"request_id": "e-2", "texts": ["a", "b"]},
                {"request_id": "e-2", "batch_size": "+2"},
            ),
        ),
        (Message({"prompt_tokens": 9}, {"tokens_in": 9}),),
        NOBODY,
        (request("e-2", 2, 9),),
    ),
]
