"""Who publishes the protos behind each catalogue, and which servers that says something about."""

from __future__ import annotations

from dataclasses import dataclass

from tests.servers import cases, configurations, engines, sglang_native
from tests.servers.cases import Case
from tests.servers.published import Package, Repository


@dataclass(frozen=True)
class Publisher:
    """Protos of one owner, held against one catalogue."""

    name: str
    """Of the file under tests/data/servers."""
    catalogue: str
    servers: tuple[str, ...]
    sources: tuple[Package | Repository, ...]
    cases: tuple[Case, ...] = ()


def smg(proto: str, *names: str) -> tuple[Package, ...]:
    """Return the package in which the engines of language models publish theirs."""
    return (
        Package(
            "smg-grpc-proto",
            "0.4.28",
            tuple(f"smg_grpc_proto/generated/{each}_pb2.py" for each in ("common", proto, *names)),
        ),
    )


JAR = "ts/frontend/model-server.jar!"

PUBLISHERS = (
    Publisher(
        "oip-triton",
        "oip",
        ("triton", "pytriton"),
        (Package("tritonclient", "2.73.0", ("tritonclient/grpc/*_pb2.py",)),),
        (
            cases.infer(cases.OIP),
            cases.TRITON_STREAM,
            *configurations.CONFIGURATIONS,
            *configurations.METADATA,
        ),
    ),
    Publisher(
        "oip-kserve",
        "oip",
        ("kserve",),
        (Package("kserve", "0.21.0", ("kserve/protocol/grpc/*_pb2.py",)),),
        (cases.infer(cases.OIP), *configurations.METADATA),
    ),
    Publisher(
        "oip-mlserver",
        "oip",
        ("mlserver", "seldon"),
        (Package("mlserver", "1.7.1", ("mlserver/grpc/*_pb2.py",)),),
        (
            cases.infer(cases.OIP),
            cases.SELDON,
            cases.NOT_SELDON,
            cases.SELDON_STREAM,
            cases.NAMED_BY_HEAD,
            cases.BARE_STREAM,
            *cases.BARE_BY,
            *configurations.METADATA,
        ),
    ),
    Publisher(
        "torchserve",
        "torchserve",
        ("torchserve",),
        (
            Package(
                "torchserve",
                "0.12.0",
                tuple(
                    f"{JAR}{each}"
                    for each in (
                        "google/rpc/status.proto",
                        "google/protobuf/any.proto",
                        "google/protobuf/empty.proto",
                        "proto/inference.proto",
                        "proto/management.proto",
                        "proto/open_inference_grpc.proto",
                    )
                ),
            ),
        ),
        tuple(cases.TORCHSERVE),
    ),
    Publisher(
        "tensorflow-serving",
        "tensorflow-serving",
        ("tensorflow-serving",),
        (
            Package("tensorflow-serving-api", "2.21.0", ("*_pb2.py",)),
            # Of TensorFlow's own protos a copy of half a megabyte, not the half gigabyte of tensorflow.
            Package(
                "ovmsclient",
                "2023.1",
                ("ovmsclient/tfs_compat/protos/tensorflow/core/*_pb2.py",),
                (
                    ("ovmsclient/tfs_compat/protos/", ""),
                    ("ovmsclient", "tensorflow"),
                    (".ovmsclient", ".tensorflow"),
                ),
            ),
        ),
        tuple(cases.TENSORFLOW),
    ),
    Publisher(
        "tensorflow-serving-ovms",
        "tensorflow-serving",
        ("ovms",),
        (
            Package(
                "ovmsclient",
                "2023.1",
                ("ovmsclient/tfs_compat/protos/tensorflow*_pb2.py",),
                (
                    ("ovmsclient/tfs_compat/protos/", ""),
                    ("ovmsclient", "tensorflow"),
                    (".ovmsclient", ".tensorflow"),
                ),
            ),
        ),
        (cases.TENSORFLOW[0], cases.TENSORFLOW[1]),
    ),
    Publisher("vllm", "vllm", ("vllm",), smg("vllm_engine"), tuple(engines.VLLM)),
    Publisher("sglang", "sglang", ("sglang",), smg("sglang_scheduler"), tuple(engines.SGLANG)),
    Publisher(
        "sglang-native",
        "sglang",
        ("sglang",),
        (
            Repository(
                "sgl-project/sglang",
                "016589a1eaac7aaccd2398c8e398d4a98bc68563",
                "proto",
                ("sglang/runtime/v1/sglang.proto",),
            ),
        ),
        sglang_native.CASES,
    ),
    Publisher(
        "tensorrt-llm",
        "tensorrt-llm",
        ("tensorrt-llm",),
        smg("trtllm_service"),
        tuple(engines.TENSORRT),
    ),
    Publisher(
        "tokenspeed",
        "tokenspeed",
        ("tokenspeed",),
        smg("tokenspeed_scheduler"),
        tuple(engines.TOKENSPEED),
    ),
    Publisher("mlx", "mlx", ("mlx",), smg("mlx_engine"), tuple(engines.MLX)),
    Publisher(
        "bentoml",
        "bentoml",
        ("bentoml",),
        (Package("bentoml", "1.4.40", ("bentoml/grpc/*/_generated_pb4/service_pb2.py",)),),
        tuple(cases.BENTOML),
    ),
    Publisher(
        "ray-serve",
        "ray-serve",
        ("ray-serve",),
        (Package("ray", "2.60.0", ("ray/serve/generated/serve_pb2.py",)),),
    ),
    Publisher(
        "grpc",
        "grpc",
        ("grpc",),
        (
            Package("grpcio-health-checking", "1.85.1", ("grpc_health/v1/health_pb2.py",)),
            Package("grpcio-reflection", "1.85.1", ("grpc_reflection/*/reflection_pb2.py",)),
            # gRPC's own packages bring v1alpha alone.
            Package("grpclib", "0.4.9", ("grpclib/reflection/v1/reflection_pb2.py",)),
        ),
    ),
)
