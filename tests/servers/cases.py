"""What servers and clients say to each other, field by field, and what must be read from it.

Messages are written as protobuf's JSON, with the names of the published .proto; `says` is what a message tells by
itself (a tally, which adds up over messages, is written `+3`, what is stated of a part `*3`), `told` what the whole
call comes to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Message:
    """A message and what it says."""

    content: Json
    says: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """One call."""

    name: str
    method: str
    requests: tuple[Message, ...]
    responses: tuple[Message, ...]
    told: dict[str, str]
    """Of the call: model and version."""
    ended: tuple[dict[str, str], ...]
    """Of each request, as it ended."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Of the client, beside what gRPC itself sends."""


def request(
    request_id: str = "",
    batch_size: int = 0,
    tokens_in: int = 0,
    tokens_out: int = 0,
    outcome: str = "Ok",
    shape: str = "",
) -> dict[str, str]:
    """Write how a request is told to have ended."""
    known = {"shape": shape} if shape else {}
    return {
        "request_id": request_id,
        "batch_size": str(batch_size),
        "tokens_in": str(tokens_in),
        "tokens_out": str(tokens_out),
        "outcome": outcome,
        **known,
    }


def rows(request_id: str, count: int, outcome: str = "Ok") -> dict[str, str]:
    """Write how a request is told to have ended whose first input has so many rows: a batch, if the model batches."""
    return request(request_id, outcome=outcome, shape=f"FP32[{count},3]")


# --- Open Inference Protocol --------------------------------------------------------------------

TENSOR = {"name": "INPUT0", "datatype": "FP32", "shape": ["8", "3"]}
INFER = Message(
    {"model_name": "resnet", "model_version": "2", "id": "r-1", "inputs": [TENSOR, TENSOR]},
    {
        "model": "resnet",
        "version": "2",
        "request_id": "r-1",
        "shape": "[8,3]",
        "datatype": "FP32",
    },
)
ANSWER: Json = {
    "model_name": "resnet",
    "model_version": "3",
    "id": "r-1",
    "outputs": [{"name": "OUTPUT0", "shape": ["8"]}],
}
ANSWERED = {"model": "resnet", "version": "3", "request_id": "r-1"}
TOLD = {"model": "resnet", "version": "3"}


def infer(service: str) -> Case:
    """Return the unary call that all of them share."""
    answer = Message(ANSWER, ANSWERED)
    return Case("infer", f"{service}/ModelInfer", (INFER,), (answer,), TOLD, (rows("r-1", 8),))


def infers(*ids: str) -> tuple[Message, ...]:
    """Return requests of these ids."""
    return tuple(
        Message({**INFER.content, "id": each}, {**INFER.says, "request_id": each}) for each in ids
    )


OIP = "/inference.GRPCInferenceService"
FINAL = {"triton_final_response": {"bool_param": True}}
UNNAMED = Message(
    {"id": "r-1", "inputs": [TENSOR]}, {"request_id": "r-1", "shape": "[8,3]", "datatype": "FP32"}
)
SELDON = Case(
    "routed by Seldon's header",
    f"{OIP}/ModelInfer",
    (UNNAMED,),
    (Message(ANSWER, ANSWERED),),
    {"model": "iris.pipeline", "version": "3"},
    (rows("r-1", 8),),
    {"seldon-model": "iris.pipeline", "x-request-id": "not-asked-for"},
)
NOT_SELDON = Case(
    "a message that names its model, whatever the header says",
    f"{OIP}/ModelInfer",
    (INFER,),
    (Message(ANSWER, ANSWERED),),
    TOLD,
    (rows("r-1", 8),),
    {"seldon-model": "made-up"},
)
SELDON_STREAM = Case(
    "a stream routed by Seldon's header",
    f"{OIP}/ModelStreamInfer",
    (UNNAMED,),
    (Message(ANSWER, ANSWERED),),
    {"model": "iris", "version": "3"},
    (rows("r-1", 8),),
    {"seldon-model": "iris", "x-request-id": "of-no-request"},
)
NAMED_BY_HEAD = Case(
    "a request without an id has that of its head",
    f"{OIP}/ModelInfer",
    (Message({"model_name": "resnet"}, {"model": "resnet"}),),
    (Message(ANSWER, ANSWERED),),
    TOLD,
    (request("c-7"),),
    {"x-request-id": "c-7"},
)
TRITON_STREAM = Case(
    "stream: an answer that is not the last, the last one, and an error",
    f"{OIP}/ModelStreamInfer",
    infers("r-1", "r-2"),
    (
        Message(
            {
                "infer_response": {
                    **ANSWER,
                    "parameters": {"triton_final_response": {"bool_param": False}},
                }
            },
            {**ANSWERED, "final": 0},
        ),
        Message({"infer_response": {**ANSWER, "parameters": FINAL}}, {**ANSWERED, "final": 1}),
        Message(
            {"error_message": "no", "infer_response": {"id": "r-2", "parameters": FINAL}},
            {"error": 1, "error_text": "no", "request_id": "r-2", "final": 1},
        ),
    ),
    TOLD,
    (rows("r-1", 8), rows("r-2", 8, "ServerError")),
)
BARE_STREAM = Case(
    "stream: bare responses, out of order",
    f"{OIP}/ModelStreamInfer",
    infers("r-1", "r-2"),
    (
        Message({**ANSWER, "id": "r-2"}, {**ANSWERED, "request_id": "r-2"}),
        Message({**ANSWER, "parameters": FINAL}, {**ANSWERED, "final": 1}),
    ),
    TOLD,
    (rows("r-2", 8), rows("r-1", 8)),
)
# One field of the four by which a bare response is known each.
BARE_BY = [
    Case(
        f"stream: a bare response known by {name}",
        f"{OIP}/ModelStreamInfer",
        (INFER,),
        (Message({"model_name": "resnet", name: content}, {"model": "resnet", **says}),),
        {"model": "resnet", "version": "2"},
        (rows("r-1", 8),),
    )
    for name, content, says in (
        ("id", "r-1", {"request_id": "r-1"}),
        ("parameters", FINAL, {"final": 1}),
        ("outputs", ANSWER["outputs"], {}),
        ("raw_output_contents", ["AAAA"], {}),
    )
]

# --- TorchServe ---------------------------------------------------------------------------------

TORCH = "/org.pytorch.serve.grpc.inference.InferenceAPIsService"
PREDICTION: Json = {"model_name": "bert", "model_version": "1.0", "input": {"data": "AAEC"}}
PREDICT = Message(PREDICTION, {"model": "bert", "version": "1.0"})
SEQUENCE = Message({**PREDICTION, "sequence_id": "s-1"}, {**PREDICT.says, "request_id": "s-1"})
TORCH_TOLD = {"model": "bert", "version": "1.0"}
TORCHSERVE = [
    Case(
        "predict",
        f"{TORCH}/Predictions",
        (PREDICT,),
        (Message({"prediction": "AAEC"}),),
        TORCH_TOLD,
        (request(),),
    ),
    Case(
        "a streamed answer",
        f"{TORCH}/StreamPredictions",
        (PREDICT,),
        (Message({"prediction": "AA"}), Message({"prediction": "AQ"})),
        TORCH_TOLD,
        (request(),),
    ),
    Case(
        "a sequence, answered well and with a status",
        f"{TORCH}/StreamPredictions2",
        (SEQUENCE, SEQUENCE),
        (
            Message(
                {"prediction": "AA", "sequence_id": "s-1", "status": {}}, {"request_id": "s-1"}
            ),
            Message(
                {"sequence_id": "s-1", "status": {"code": 13, "message": "no"}},
                {"request_id": "s-1", "error": 13},
            ),
        ),
        TORCH_TOLD,
        (request("s-1"), request("s-1", outcome="ServerError")),
    ),
    infer("/org.pytorch.serve.grpc.openinference.GRPCInferenceService"),
]

# --- TensorFlow Serving -------------------------------------------------------------------------

TFS = "/tensorflow.serving.PredictionService"
SPEC = {"name": "half", "version": "7"}
SPECIFIED: dict[str, str | int] = {"model": "half", "version": 7}
LABELLED = {"name": "half", "version_label": "stable"}
TENSOR_PROTO = {
    "dtype": "DT_FLOAT",
    "tensor_shape": {"dim": [{"size": "16"}, {"size": "3"}]},
    "tensor_content": "AAAA",
}
EXAMPLES: Json = {"example_list": {"examples": [{}, {}, {}]}}
IN_CONTEXT: Json = {"example_list_with_context": {"examples": [{}, {}], "context": {}}}
TFS_ANSWER = Message({"model_spec": SPEC}, SPECIFIED)


def tfs(
    name: str, method: str, sent: Json, batch_size: int, answer: Message, *, label: bool = False
) -> Case:
    """Return a call that names the model, by version or by label, and is answered by version 7."""
    says: Json = {"model": "half", "version": "stable" if label else 7}
    ended = request("", batch_size)
    if method.rpartition("/")[2] in ("Classify", "Regress", "MultiInference"):
        says["batch_size"] = f"+{batch_size}"
    else:
        says["batch_shape"] = f"[{batch_size},3]"
        ended["shape"] = "[-1,3]"
    told = {"model": "half", "version": "7"}
    return Case(name, method, (Message(sent, says),), (answer,), told, (ended,))


TENSORFLOW = [
    tfs(
        "predict",
        f"{TFS}/Predict",
        {"model_spec": SPEC, "inputs": {"x": TENSOR_PROTO}},
        16,
        Message({"outputs": {"y": TENSOR_PROTO}, "model_spec": SPEC}, SPECIFIED),
    ),
    tfs(
        "predict, the version by its label",
        f"{TFS}/Predict",
        {"model_spec": LABELLED, "inputs": {"x": TENSOR_PROTO, "z": TENSOR_PROTO}},
        16,
        TFS_ANSWER,
        label=True,
    ),
    tfs("classify", f"{TFS}/Classify", {"model_spec": SPEC, "input": EXAMPLES}, 3, TFS_ANSWER),
    tfs(
        "classify in a context",
        f"{TFS}/Classify",
        {"model_spec": LABELLED, "input": IN_CONTEXT},
        2,
        TFS_ANSWER,
        label=True,
    ),
    tfs("regress", f"{TFS}/Regress", {"model_spec": SPEC, "input": EXAMPLES}, 3, TFS_ANSWER),
    tfs(
        "regress in a context",
        f"{TFS}/Regress",
        {"model_spec": LABELLED, "input": IN_CONTEXT},
        2,
        TFS_ANSWER,
        label=True,
    ),
    tfs(
        "two tasks over the same examples",
        f"{TFS}/MultiInference",
        {"tasks": [{"model_spec": SPEC}, {"model_spec": SPEC}], "input": EXAMPLES},
        3,
        Message({"results": [{"model_spec": SPEC}, {"model_spec": SPEC}]}, SPECIFIED),
    ),
    tfs(
        "a task in a context",
        f"{TFS}/MultiInference",
        {"tasks": [{"model_spec": LABELLED}], "input": IN_CONTEXT},
        2,
        Message({"results": [{"model_spec": SPEC}]}, SPECIFIED),
        label=True,
    ),
    tfs(
        "a session's run",
        "/tensorflow.serving.SessionService/SessionRun",
        {"model_spec": SPEC, "feed": [{"name": "x", "tensor": TENSOR_PROTO}]},
        16,
        TFS_ANSWER,
    ),
    tfs(
        "a session's run, the version by its label",
        "/tensorflow.serving.SessionService/SessionRun",
        {"model_spec": LABELLED, "feed": [{"name": "x", "tensor": TENSOR_PROTO}]},
        16,
        TFS_ANSWER,
        label=True,
    ),
]

# --- BentoML ------------------------------------------------------------------------------------


def bento(service: str) -> Case:
    """Return a call of an endpoint with an array of four rows."""
    array = {"dtype": "DTYPE_FLOAT", "shape": [4, 2], "float_values": [1, 2, 3, 4, 5, 6, 7, 8]}
    return Case(
        f"{service} with an array",
        f"/bentoml.grpc.{service}.BentoService/Call",
        (
            Message(
                {"api_name": "classify", "ndarray": array},
                {"model": "classify", "shape": "[4,2]"},
            ),
        ),
        (Message({"ndarray": array}),),
        {"model": "classify", "version": ""},
        (request(shape="[4,2]"),),
    )


BENTOML = [bento("v1"), bento("v1alpha1")]
