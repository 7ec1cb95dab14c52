"""The calls of http_cases.py refused: what statuses count as by the catalogue, in the words that servers have for it.

The words are those of the servers' own sources; beside each stands the same status in other words, which is a failure.
"""

from __future__ import annotations

from dataclasses import replace

from tests.servers.http_cases import (
    ANTHROPIC_WHOLE,
    EMBEDDED,
    RESPONDED_WHOLE,
    TEXTS,
    WHOLE_CHAT,
    HttpCase,
    Json,
)
from tests.servers.http_documented import moved
from tests.servers.http_others import (
    CHATTED,
    EMBED,
    GENERATED,
    OLD_EMBED,
    PREDICT,
    TORCH,
    TORCH_OF,
    oip,
    tgi,
)

# What a request says, and an answer that refuses it does not.
ASKED = ("model", "batch_size", "shape", "request_id")
FULL = "Shed"


def refused(case: HttpCase, said: Json, outcome: str, status: int = 503) -> HttpCase:
    """Return a call that is answered with a status and a document."""
    told = {name: case.told[name] for name in ASKED if name in case.told}
    if "{version}" in case.route and "/versions/1/" in case.path:
        told["version"] = "1"
    elif case.catalogue in ("predict", "torchserve"):
        told |= {name: case.told[name] for name in ("version",) if name in case.told}
    form = "message" if "message" in said else "error"
    words = said[form] if isinstance(said[form], str) else said[form]["message"]
    return replace(
        case,
        name=f"{case.name}: {status}, {form}: {words[:40]}",
        answer=said,
        told={**told, "outcome": outcome},
        servers=(),
        lines=False,
        status=status,
    )


def in_an_event(case: HttpCase, said: Json, outcome: str) -> HttpCase:
    """Return a stream of which the first event is an error."""
    told = refused(case, said, outcome).told
    told |= {"code": "InBandError", "first_ms": "-"}
    return replace(
        case, name=f"{case.name}: in an event, {outcome}", answer=[said], told=told, servers=()
    )


def outermost(words: str) -> Json:
    """Write an error as SGLang and Dynamo do."""
    return {"object": "error", "message": words, "type": "503", "code": 503}


def inside(words: str) -> Json:
    """Write an error as OpenAI does."""
    return {"error": {"message": words, "type": "api_error", "param": None, "code": None}}


SGLANG = "The request queue is full."
DYNAMO = "Service temporarily unavailable: All workers are busy, please retry later"
OLLAMA = "server busy, please try again.  maximum pending requests exceeded"
LOADING = "Loading model"
OPENAI = [
    refused(case, said, outcome)
    for case in (WHOLE_CHAT, TEXTS, EMBEDDED, RESPONDED_WHOLE, ANTHROPIC_WHOLE)
    for said, outcome in (
        (outermost(SGLANG), FULL),
        (outermost(DYNAMO), FULL),
        (inside(SGLANG), FULL),
        (inside(OLLAMA), FULL),
        (inside(LOADING), "ServerError"),
    )
]
OF_OVMS = [
    *moved(OPENAI, "/v1/chat/completions", "/v3/chat/completions"),
    *moved(OPENAI, "/v1/completions", "/v3/completions"),
]
TOOL = refused(RESPONDED_WHOLE, inside("a tool server failed"), "ClientError", 424)
ELSEWHERE = refused(WHOLE_CHAT, inside("Request failed during generation"), "ServerError", 424)
STREAMED = in_an_event(TEXTS, inside(SGLANG), FULL)
# Streams where they are asked to, and in one piece where they are asked not to.
WHOLE = [
    replace(case, name=f"{case.name}, in one piece", asked={**case.asked, "stream": False},
            answer=case.answer[-1], told={**case.told, "chunks": 0, "gaps": 0, "first_ms": 1}, servers=(), lines=False)
    for case in (GENERATED, CHATTED[0])
    if isinstance(case.answer, list) and isinstance(case.answer[-1], dict)
]  # fmt: skip
TGI = [
    refused(tgi(path)[1], said, outcome)
    for path in ("/generate", "/generate_stream")
    for said, outcome in (
        (outermost(SGLANG), FULL),
        (inside(SGLANG), FULL),
        ({"error": "Model is dead", "error_type": "x"}, "ServerError"),
    )
]
OLLAMAS = [
    refused(case, {"error": words}, outcome)
    for case in (GENERATED, CHATTED[0], EMBED, OLD_EMBED)
    for words, outcome in ((OLLAMA, FULL), ("llama runner process has terminated", "ServerError"))
]
TRITON_FULL = "[request id: r-1] Exceeds maximum queue size"
TRITON_LATE = "[request id: r-1] Request timeout expired"
TRITON = [
    refused(case, {"error": words}, outcome)
    for verb in ("infer", "generate", "generate_stream")
    for case in oip(verb)[:2]
    for words, outcome in (
        (TRITON_FULL, FULL),
        (TRITON_LATE, "Timeout"),
        ("Server is stopping", "ServerError"),
    )
]
TRITON_EVENT = in_an_event(oip("generate_stream")[0], {"error": TRITON_FULL}, FULL)
TENSORFLOW = "The batch scheduling queue to which this task was submitted is full; task size is 3"
TORCHSERVE = 'Model "half" has no worker to serve inference request. Please use scale workers API to add workers.'
ROWS = [
    refused(case, said, outcome)
    for case in PREDICT[::2]
    for said, outcome in (
        ({"error": TENSORFLOW}, FULL),
        ({"code": 503, "type": "ServiceUnavailableException", "message": TORCHSERVE}, FULL),
        ({"error": "Servable not found"}, "ServerError"),
    )
]
TORCHES = [
    refused(case, {"code": 503, "type": "ServiceUnavailableException", "message": words}, outcome)
    for case in (TORCH, TORCH_OF)
    for words, outcome in ((TORCHSERVE, FULL), ("Worker died.", "ServerError"))
]
ALL = [
    *OPENAI, *OF_OVMS, TOOL, ELSEWHERE, STREAMED, *WHOLE, *TGI, *OLLAMAS, *TRITON, TRITON_EVENT, *ROWS, *TORCHES,
]  # fmt: skip
