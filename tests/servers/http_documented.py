"""The calls of http_cases.py as one server each documents them, where no real one of it can be called in these tests.

Values are shortened, shapes are not; `source` is where the server's owner shows them.
"""

from __future__ import annotations

from dataclasses import replace

from tests.servers.http_cases import CACHED, DONE, MESSAGES, OPENAI, USAGE, Answer, HttpCase, Json

CHAT, TEXT = "/v1/chat/completions", "/v1/completions"
STATED = {"tokens_in": 12, "tokens_out": 4}
SAID = {"role": "assistant", "content": "Hello"}
USED: Json = {"usage": USAGE}
UNUSED: Json = {"usage": None}


def chat(server: str, source: str, path: str = CHAT, counted: Json = USED) -> HttpCase:
    """Return a chat that is not streamed."""
    told: dict[str, str | int] = {"model": "llama", **(STATED if counted is USED else {})}
    answer = {"id": "chatcmpl-1", "object": "chat.completion", "model": "llama", **counted,
              "choices": [{"index": 0, "message": SAID, "logprobs": None, "finish_reason": "stop"}]}  # fmt: skip
    asked = {"model": "llama", "messages": MESSAGES, "max_tokens": 32}
    return HttpCase(
        "openai", f"a chat of {server}", path, path, asked, answer, told, (server,), source=source
    )


def text(server: str, source: str, path: str = TEXT, counted: Json = USED) -> HttpCase:
    """Return a completion that is not streamed."""
    told: dict[str, str | int] = {"model": "llama", "batch_size": 1}
    told |= STATED if counted is USED else {}
    answer = {"id": "cmpl-1", "object": "text_completion", "model": "llama", **counted,
              "choices": [{"index": 0, "text": "Hello", "logprobs": None, "finish_reason": "stop"}]}  # fmt: skip
    asked = {"model": "llama", "prompt": "Once", "max_tokens": 32}
    return HttpCase(
        "openai", f"a completion of {server}", path, path, asked, answer, told, (server,), source=source
    )  # fmt: skip


def moved(cases: list[HttpCase], route: str, path: str) -> list[HttpCase]:
    """Return the calls of a route on another path, for which nothing else is proven by them."""
    return [
        replace(case, name=f"{case.name}, on {path}", route=path, path=path, servers=())
        for case in cases
        if case.route == route
    ]


TRITON = "github.com/triton-inference-server/server python/openai/README.md"
TRTLLM = "nvidia.github.io/TensorRT-LLM quick-start-guide"
NIM = "docs.nvidia.com/nemo/microservices run-inference/nim-proxy"
OVMS = "github.com/openvinotoolkit/model_server demos/continuous_batching/README.md"
BENTO = "docs.bentoml.com use-cases/large-language-models/vllm"
RAY = "docs.ray.io serve/llm, whose routes speak OpenAI's API"
ENGINES = [
    chat("triton", TRITON, counted=UNUSED),
    text("triton", TRITON, counted=UNUSED),
    chat("tensorrt-llm", TRTLLM),
    chat("nim", NIM),
    text("nim", NIM),
    chat("ovms", OVMS, "/v3/chat/completions"),
    text("ovms", OVMS, "/v3/completions"),
    chat("bentoml", BENTO),
    chat("ray-serve", RAY),
    text("ray-serve", RAY),
    *moved(OPENAI, CHAT, "/v3/chat/completions"),
    *moved(OPENAI, TEXT, "/v3/completions"),
]

# --- OpenVINO Model Server ----------------------------------------------------------------------

ROWS = "docs.openvino.ai ovms_docs_rest_api_tfs"
OVMS_PREDICT = [
    HttpCase(
        "predict", f"{asked} of OpenVINO Model Server", "/v1/models/{model}/versions/{version}:predict",
        "/v1/models/half/versions/1:predict", {"signature_name": "serving_default", asked: [[1.0], [2.0]]},
        {answered: [[2.5], [3.0]]}, {"model": "half", "version": "1", "batch_size": 2}, ("ovms",), source=ROWS,
    )
    for asked, answered in (("instances", "predictions"), ("inputs", "outputs"))
]  # fmt: skip
OVMS_INFER = HttpCase(
    "oip", "an inference of OpenVINO Model Server", "/v2/models/{model}/versions/{version}/infer",
    "/v2/models/resnet/versions/1/infer",
    {"id": "r-1", "inputs": [{"name": "x", "shape": [4, 2], "datatype": "FP32", "data": [1, 2, 3, 4, 5, 6, 7, 8]}]},
    {"model_name": "resnet", "model_version": "1", "id": "r-1",
     "outputs": [{"name": "y", "shape": [4], "datatype": "FP32", "data": [0.5, 0.5, 0.5, 0.5]}]},
    {"model": "resnet", "version": "1", "request_id": "r-1", "shape": "FP32[4,2]"}, ("ovms",),
    source="docs.openvino.ai ovms_docs_rest_api_kfs",
)  # fmt: skip

# --- Amazon SageMaker ---------------------------------------------------------------------------

INVOCATIONS = "/invocations"


def invoked(server: str, source: str, asked: Json, answer: Answer, **told: str | int) -> HttpCase:
    """Return a call of the one path there is."""
    return HttpCase(
        "sagemaker", f"an invocation of {server}", INVOCATIONS, INVOCATIONS, asked, answer, told,
        (server,), source=source,
    )  # fmt: skip


ASKED: Json = {"model": "llama", "messages": MESSAGES}
DELTA = {"choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}]}
TOKEN = {"id": 1, "text": "Hi", "logprob": -0.5, "special": False}
SAGEMAKER = [
    HttpCase(
        "sagemaker", "one of many models, as Amazon has it", "/models/{model}/invoke", "/models/bert/invoke",
        {"data": [1, 2]}, {"label": 1}, {"model": "bert"}, ("sagemaker",),
        source="docs.aws.amazon.com/sagemaker mms-container-apis",
    ),
    invoked(
        "sagemaker", "docs.aws.amazon.com/sagemaker your-algorithms-inference-code", {"data": [1, 2]}, {"label": 1},
    ),
    invoked(
        "vllm", "docs.vllm.ai serving/online_serving/openai_compatible_server: as the routes under /v1",
        {**ASKED, "stream": True},
        [{"id": "chatcmpl-1", "model": "llama", **DELTA}, {"choices": [], "usage": CACHED}, DONE],
        model="llama", chunks=1, first_ms=2, tokens_in=12, tokens_cached=8, tokens_out=4,
    ),
    invoked(
        "sglang", "PyPI sglang 0.5.23 srt/entrypoints/http_server.py: a ChatCompletionRequest", ASKED,
        {"id": "c-1", "model": "llama", "choices": [{"index": 0, "message": SAID}], **USED},
        model="llama", tokens_in=12, tokens_out=4,
    ),
    invoked(
        "tgi", "huggingface.co/docs/text-generation-inference reference/api_reference",
        {"inputs": "why", "parameters": {"max_new_tokens": 9}, "stream": True},
        [{"index": 1, "token": TOKEN, "generated_text": None, "details": None},
         {"index": 2, "token": TOKEN, "generated_text": "HiHi", "details": {"generated_tokens": 2}}],
        chunks=2, gaps=1, first_ms=2, tokens_out=2,
    ),
    invoked(
        "tensorflow-serving", "github.com/aws/sagemaker-tensorflow-serving-container README.md",
        {"instances": [1.0, 2.0, 5.0]}, {"predictions": [2.5, 3.0, 4.5]}, batch_size=3,
    ),
]  # fmt: skip

DOCUMENTED = [*ENGINES, *OVMS_PREDICT, OVMS_INFER, *SAGEMAKER]
