"""What servers tell of a model: that there is it, and Triton of its configuration: how large a batch it takes."""

from __future__ import annotations

from tests.servers.cases import OIP, Case, Json, Message, request


def described(name: str, config: Json, limit: int | None, **says: int) -> Case:
    """Return a call that asks for a model's configuration."""
    told = {"kind": "Admin", "model": "resnet", "version": "2"}
    if limit is not None:
        told["max_batch_size"] = str(limit)
    asked = Message({"name": "resnet", "version": "2"}, {"model": "resnet", "version": "2"})
    return Case(
        f"configuration: {name}",
        f"{OIP}/ModelConfig",
        (asked,),
        (
            Message(
                {"config": config} if config else {}, {"model": "resnet", **says} if config else {}
            ),
        ),
        told,
        (request(),),
    )


MODEL: Json = {"name": "resnet", "platform": "onnxruntime_onnx", "backend": "onnxruntime"}
CONFIGURATIONS = (
    described("a model that batches", {**MODEL, "max_batch_size": 16}, 16, max_batch_size=16),
    # In proto3 a zero is not written.
    described("a model that does not", MODEL, 0),
    described("nothing", {}, None),
)


def metadata(name: str, asked: Json, answer: Json) -> Case:
    """Return a call that asks for what every server of the protocol tells of a model; either side names it."""
    return Case(
        f"metadata: {name}",
        f"{OIP}/ModelMetadata",
        (Message(asked, {"model": "resnet"} if asked else {}),),
        (Message(answer, {"model": "resnet"} if answer else {}),),
        {"kind": "Admin", "model": "resnet", "version": ""},
        (request(),),
    )


DESCRIBED: Json = {"name": "resnet", "versions": ["2"], "platform": "onnxruntime_onnx"}
METADATA = (
    metadata("asked for and told", {"name": "resnet"}, DESCRIBED),
    metadata("asked for", {"name": "resnet", "version": "2"}, {}),
    metadata("told", {}, DESCRIBED),
)
