"""The calls of http_cases.py that servers other than OpenAI's brought."""

from __future__ import annotations

from tests.servers.http_cases import (
    DONE,
    FAILED,
    MESSAGES,
    OPENAI,
    USAGE,
    Answer,
    HttpCase,
    failing,
    nameless,
)

# --- Ollama, TGI, SGLang, llama.cpp -------------------------------------------------------------

COUNTS = {"done": True, "done_reason": "stop", "prompt_eval_count": 26, "eval_count": 290}
GENERATED = HttpCase(
    "ollama", "generate", "/api/generate", "/api/generate", {"model": "llama3:8b", "prompt": "why"},
    [{"model": "llama3.2", "response": "", "thinking": "hm", "done": False},
     {"model": "llama3.2", "response": "The", "done": False},
     {"model": "llama3.2", "response": "", **COUNTS}],
    {"model": "llama3:8b", "tokens_in": 26, "tokens_out": 290, "chunks": 2, "gaps": 1, "first_ms": 2},
    ("ollama",), lines=True,
)  # fmt: skip
CHATTED = [
    HttpCase(
        "ollama", f"chat: {name}", "/api/chat", "/api/chat", {"model": "llama3:8b", "messages": MESSAGES},
        [{"model": "llama3.2", "message": {"role": "assistant", "content": "", name: said}, "done": False},
         {"model": "llama3.2", "message": {"role": "assistant", "content": ""}, **COUNTS}],
        {"model": "llama3:8b", "tokens_in": 26, "tokens_out": 290, "chunks": 1, "first_ms": 2},
        ("ollama",), lines=True,
    )
    for name, said in (("content", "The"), ("thinking", "hm"), ("tool_calls", [{"function": {"name": "f"}}]))
]  # fmt: skip
# One form serves both paths: the fields of the one must be read on the other, too.
CROSSED = [
    HttpCase(
        "ollama", f"{case.name}, on the other path", path, path, case.asked, case.answer, case.told,
        lines=True,
    )
    for case, path in ((GENERATED, "/api/chat"), *((each, "/api/generate") for each in CHATTED))
]  # fmt: skip
ALONE = [
    HttpCase(
        "ollama", f"only {name}", path, path, {"model": "m"}, [{name: "x", "done": True}],
        {"model": "m", "chunks": 1, "first_ms": 2}, lines=True,
    )
    for name in ("response", "thinking")
    for path in ("/api/generate", "/api/chat")
]  # fmt: skip
EMBED = HttpCase(
    "ollama", "embed", "/api/embed", "/api/embed", {"model": "minilm:l6", "input": ["a", "b"]},
    {"model": "all-minilm", "embeddings": [[0.5]], "prompt_eval_count": 8},
    {"model": "minilm:l6", "batch_size": 2, "tokens_in": 8}, ("ollama",),
)  # fmt: skip
OLD_EMBED = HttpCase(
    "ollama", "embeddings", "/api/embeddings", "/api/embeddings", {"model": "minilm:l6", "prompt": "a"},
    {"embedding": [0.5]}, {"model": "minilm:l6"}, ("ollama",),
)  # fmt: skip
NO = {"error": "model runner has unexpectedly stopped"}
OLLAMA = [
    GENERATED, *CHATTED, *CROSSED, *ALONE, EMBED, OLD_EMBED,
    *(failing(case, NO) for case in (GENERATED, CHATTED[0], EMBED, OLD_EMBED)),
    nameless(GENERATED, "llama3.2"), nameless(CHATTED[0], "llama3.2"), nameless(EMBED, "all-minilm"),
]  # fmt: skip


def tgi(path: str) -> list[HttpCase]:
    """Return what both servers say on a path."""
    asked = {"inputs": "why", "parameters": {"max_new_tokens": 9}}
    token = {"id": 1, "logprob": -0.5, "special": False}
    prefill = [{"id": 1, "text": "w"}, {"id": 2, "text": "hy"}, {"id": 3, "text": "?"}]
    meta = {"id": "s-1", "prompt_tokens": 5, "finish_reason": None}
    streamed = HttpCase(
        "tgi", f"TGI on {path}", path, path, asked,
        [{"index": 1, "token": {**token, "text": "a"}, "generated_text": None, "details": None},
         {"index": 2, "token": {**token, "text": "b"}, "generated_text": "ab",
          "details": {"finish_reason": "length", "generated_tokens": 2, "prefill": prefill}}],
        {"chunks": 2, "gaps": 1, "first_ms": 2, "tokens_in": "+3", "tokens_out": 2}, ("tgi",),
    )  # fmt: skip
    cumulative = HttpCase(
        "tgi", f"SGLang on {path}", path, path, {"text": "why", "stream": True},
        [{"text": "a", "meta_info": {**meta, "completion_tokens": 1}},
         {"text": "ab", "meta_info": {**meta, "completion_tokens": 2, "cached_tokens": 4}}, DONE],
        {"chunks": 2, "gaps": 1, "first_ms": 2, "tokens_in": 5, "tokens_cached": 4, "tokens_out": 2}, ("sglang",),
    )  # fmt: skip
    return [
        streamed,
        cumulative,
        failing(streamed, {"error": "overloaded", "error_type": "generation"}),
    ]


def llama_cpp(path: str) -> list[HttpCase]:
    """Return what llama.cpp's own completion says on a path."""
    told: dict[str, str | int] = {"batch_size": 2, "model": "gguf"}
    streamed = HttpCase(
        "llama-cpp", f"completion on {path}", path, path, {"prompt": ["a", "b"], "stream": True},
        [{"content": "x", "stop": False}, {"content": "y", "stop": False},
         {"content": "", "stop": True, "model": "gguf", "tokens_predicted": 7, "tokens_evaluated": 5,
          "timings": {"prompt_n": 4, "predicted_n": 6}}],
        {**told, "chunks": 2, "gaps": 1, "first_ms": 2, "tokens_in": 5, "tokens_out": 7}, ("llama-cpp",),
    )  # fmt: skip
    timed = HttpCase(
        "llama-cpp", f"completion with timings on {path}", path, path, {"prompt": ["a", "b"]},
        {"content": "xy", "model": "gguf", "timings": {"prompt_n": 4, "predicted_n": 6}},
        {**told, "tokens_in": 4, "tokens_out": 6}, ("llama-cpp",),
    )  # fmt: skip
    failed = failing(streamed, FAILED)
    return [streamed, timed, HttpCase(**{**vars(failed), "told": {**failed.told, "model": ""}})]


# --- tensors and rows ---------------------------------------------------------------------------


def predict(path: str, route: str, asked: str, version: str = "") -> list[HttpCase]:
    """Return a call with three rows, and one that fails."""
    told: dict[str, str | int] = {"model": "half", "version": version, "batch_size": 3}
    case = HttpCase(
        "predict", f"{asked} on {path}", route, path, {asked: [1.0, 2.0, 5.0]}, {"predictions": [2.5, 3.0, 4.5]},
        told, ("tensorflow-serving", "kserve") if asked == "instances" else ("tensorflow-serving",),
    )  # fmt: skip
    return [case, failing(case, {"error": "no"})]


PREDICT = [
    case
    for verb, rows in (("predict", ("instances", "inputs")), ("classify", ("examples",)), ("regress", ("examples",)))
    for asked in rows
    for where, version in (("", ""), ("/versions/{version}", "7"))
    for case in predict(
        f"/v1/models/half{where.replace('{version}', version)}:{verb}",
        f"/v1/models/{{model}}{where}:{verb}", asked, version,
    )
]  # fmt: skip

INFER = {
    "id": "r-1",
    "inputs": [{"name": "x", "shape": [8, 3], "datatype": "FP32", "data": [1, 2]}],
}
INFERRED = {
    "model_name": "resnet",
    "model_version": "3",
    "id": "r-1",
    "outputs": [{"name": "y", "shape": [8]}],
}
TOLD: dict[str, str | int] = {"model": "resnet", "version": "3", "request_id": "r-1"}
STREAMED: dict[str, str | int] = {**TOLD, "chunks": 2, "gaps": 1, "first_ms": 2}


def oip(verb: str) -> list[HttpCase]:
    """Return calls of a verb, by model and by version, and one that fails."""
    route, at = "/v2/models/{model}", "/v2/models/resnet"
    asked = INFER if verb == "infer" else {"id": "r-1", "text_input": "why"}
    answer: Answer = INFERRED
    told = {**TOLD, "shape": "FP32[8,3]"} if verb == "infer" else TOLD
    if verb.endswith("_stream"):
        answer, told = (
            [{**INFERRED, "text_output": "a"}, {**INFERRED, "text_output": "b"}],
            STREAMED,
        )
    if verb == "infer_stream":  # whole responses in tensors: no tokens
        asked, told = INFER, {**STREAMED, "chunks": 0, "shape": "FP32[8,3]"}
    servers = ("triton", "kserve") if verb == "infer" else ()
    cases = [
        HttpCase(
            "oip",
            f"{verb}{name}",
            f"{route}{part}/{verb}",
            f"{at}{of}/{verb}",
            asked,
            answer,
            told,
            servers,
        )
        for name, part, of in (
            ("", "", ""),
            (" of a version", "/versions/{version}", "/versions/1"),
        )
    ]
    failed = [failing(case, {"error": "no"}) for case in cases]
    asked_for = ("", "1")
    return cases + [
        HttpCase(**{**vars(each), "told": {**each.told, "version": version}})
        for each, version in zip(failed, asked_for, strict=True)
    ]


CONFIGURATIONS = [
    HttpCase(
        "oip", f"a configuration{name_of}: {limit}", f"/v2/models/{{model}}{part}/config", f"/v2/models/m{of}/config",
        {}, {"name": "m", "platform": "", "max_batch_size": limit, "dynamic_batching": {"preferred_batch_size": [4]}},
        {"kind": "Admin", "model": "m", "version": version, "max_batch_size": limit}, ("triton",),
    )
    for name_of, part, of, version in (
        ("", "", "", ""), (" of a version", "/versions/{version}", "/versions/1", "1"),
    )
    for limit in (8, 0)
]  # fmt: skip
OTHERS = [
    HttpCase(
        "oip", f"{name} of {verb}{name_of}", f"/v2/models/{{model}}{part}/{verb}", f"/v2/models/m{of}/{verb}",
        {}, [{name: "x"}], {"model": "m", "version": version, "chunks": int(verb == "generate_stream"), "first_ms": 2},
    )
    for name in ("text_output", "model_name")
    for verb in ("generate_stream", "infer_stream")
    for name_of, part, of, version in (
        ("", "", "", ""), (" of a version", "/versions/{version}", "/versions/1", "1"),
    )
]  # fmt: skip
TORCH = HttpCase(
    "torchserve", "a prediction", "/predictions/{model}", "/predictions/bert", {"data": "x"}, {"label": 1},
    {"model": "bert"}, ("torchserve",),
)  # fmt: skip
TORCH_OF = HttpCase(
    "torchserve", "a prediction of a version", "/predictions/{model}/{version}", "/predictions/bert/2", {},
    {"label": 1}, {"model": "bert", "version": "2"}, ("torchserve",),
)  # fmt: skip
BUSY = {"code": 503, "type": "ServiceUnavailableException", "message": "no worker"}
INVOCATIONS: list[tuple[str, Answer, dict[str, str | int]]] = [
    ("a chat", [{"model": "other", "choices": [{"delta": {"content": "x"}}], "usage": USAGE}],
     {"tokens_in": 12, "tokens_out": 4}),
    ("a text", [{"choices": [{"text": "x"}]}], {}),
    ("a token", [{"token": {"text": "x"}}], {}),
]  # fmt: skip
INVOKED = [
    HttpCase(
        "sagemaker", name, "/invocations", "/invocations", {"model": "llama", "stream": True}, answer,
        {"model": "llama", "chunks": 1, "first_ms": 2, **told},
    )
    for name, answer, told in INVOCATIONS
]  # fmt: skip
OF_MANY = HttpCase(
    "sagemaker", "one of many models", "/models/{model}/invoke", "/models/bert/invoke", {}, {"label": 1},
    {"model": "bert"},
)  # fmt: skip
HTTP = [
    HttpCase("http", "a probe", path, path, {}, {}, {"kind": kind})
    for path, kind in (("/health", "Probe"), ("/ping", "Probe"), ("/metrics", "Admin"))
]

ALL = [
    *OPENAI, *OLLAMA, *tgi("/generate"), *tgi("/generate_stream"),
    *(case for path in ("/completion", "/completions", "/infill") for case in llama_cpp(path)),
    *PREDICT,
    *(case for verb in ("infer", "generate", "generate_stream", "infer_stream") for case in oip(verb)), *OTHERS,
    *CONFIGURATIONS,
    TORCH, TORCH_OF, failing(TORCH, BUSY), failing(TORCH_OF, BUSY),
    *INVOKED, OF_MANY, failing(INVOKED[0], FAILED), failing(OF_MANY, FAILED), nameless(INVOKED[0], "other"),
    *HTTP,
]  # fmt: skip
