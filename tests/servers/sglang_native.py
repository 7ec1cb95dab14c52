"""What SGLang's native gRPC server and its clients say to each other: the request's id is all that is read."""

from __future__ import annotations

from tests.servers.cases import Case, Json, Message, request
from tests.servers.engines import NOBODY

SERVICE = "/sglang.runtime.v1.SglangService"
META = {"id": '"s-1"', "prompt_tokens": "5", "completion_tokens": "2"}
SAMPLING = {"temperature": 0.5, "max_new_tokens": 2}


def native(method: str, asked: Json, *answers: Json) -> Case:
    """Return a call of SGLang's own messages."""
    sent = Message({**asked, "rid": "s-1"}, {"request_id": "s-1"})
    got = tuple(Message({**answer, "meta_info": META}) for answer in answers)
    return Case(method, f"{SERVICE}/{method}", (sent,), got, NOBODY, (request("s-1"),))


def openai(method: str, asked: Json, *answers: Json) -> Case:
    """Return a call of OpenAI's JSON inside protobuf."""
    got = tuple(Message(answer) for answer in answers)
    return Case(method, f"{SERVICE}/{method}", (Message(asked),), got, NOBODY, (request(),))


GENERATE = {"sampling_params": SAMPLING, "stream": True, "trace_headers": {"traceparent": "00-a"}}
BODY = {"json_body": "eyJtb2RlbCI6Im0ifQ=="}  # {"model":"m"}
CHUNK = {"json_chunk": "eyJpZCI6ImMtMSJ9"}  # {"id":"c-1"}
ANSWER = {"json_body": "eyJpZCI6ImMtMSJ9", "status_code": 200}

CASES = (
    native("TextGenerate", {**GENERATE, "text": "why"}, {"text": "a"}, {"text": "ab", "finished": True}),
    native(
        "Generate",
        {**GENERATE, "input_ids": [1, 2, 300]},
        {"output_ids": [7]},
        {"output_ids": [7, 8], "finished": True},
    ),
    native("TextEmbed", {"text": "why"}, {"embedding": [0.5, 0.25]}),
    native("Embed", {"input_ids": [1, 2]}, {"embedding": [0.5, 0.25]}),
    native("Classify", {"text": "why"}, {"embedding": [0.5, 0.25]}),
    openai("ChatComplete", BODY, CHUNK, {**CHUNK, "finished": True}),
    openai("Complete", BODY, CHUNK, {**CHUNK, "finished": True}),
    openai("OpenAIEmbed", BODY, ANSWER),
    openai("OpenAIClassify", BODY, ANSWER),
    openai("Score", BODY, ANSWER),
    openai("Rerank", BODY, ANSWER),
)  # fmt: skip
