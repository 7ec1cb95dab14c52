"""Record what a real server answers: python -m tests.servers.record PUBLISHER HOST:PORT VERSION [WHEEL-FOLDER]

Writes tests/data/recorded/SERVER.json. The server holds a model `iris`, version `v7`, that answers each request with
two numbers, and streams one answer for each request where it can stream; tests/data/README.md says how.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory

from sidecar.servers.proto import Schema, schema_of
from tests.servers import published
from tests.servers.__main__ import services
from tests.servers.goldens import FOLDER
from tests.servers.publishers import PUBLISHERS

RECORDED = FOLDER.parent / "recorded"
SERVICE = "/inference.GRPCInferenceService"
TENSOR = {
    "name": "x",
    "datatype": "FP32",
    "shape": ["2", "1"],
    "contents": {"fp32_contents": [1.0, 2.0]},
}
SECONDS = 10.0


def main(arguments: list[str]) -> int:
    """Call the server and write what passed."""
    name, address, version, *folder = arguments
    publisher = next(each for each in PUBLISHERS if each.name == name)
    with tempfile.TemporaryDirectory(prefix="wayside-wheels-") as temporary:
        wheels = Path(folder[0]) if folder else Path(temporary)
        files = [file for source in publisher.sources for file in source.descriptors(wheels)]
    schema = schema_of(files)
    pool = published.pool_of(files, services(publisher.catalogue))
    with grpc.insecure_channel(address) as channel:
        calls = [
            called(channel, name, path, requests)
            for name, path, requests in requests_of(schema, pool)
        ]
    content = {
        "about": "Written by python -m tests.servers.record; see tests/data/README.md.",
        "server": publisher.servers[0],
        "version": version,
        "catalogue": publisher.catalogue,
        "calls": calls,
    }
    RECORDED.mkdir(exist_ok=True)
    file = RECORDED / f"{publisher.servers[0]}.json"
    file.write_text(json.dumps(content, indent=1) + "\n")
    return 0


def requests_of(
    schema: Schema, pool: descriptor_pool.DescriptorPool
) -> list[tuple[str, str, list[bytes]]]:
    """Return the calls to make: name, path, requests."""

    def infer(request_id: str) -> bytes:
        kind = message_factory.GetMessageClass(
            pool.FindMessageTypeByName("inference.ModelInferRequest")
        )
        content = {"model_name": "iris", "id": request_id, "inputs": [TENSOR]}
        return json_format.ParseDict(content, kind()).SerializeToString()

    calls = [("infer", f"{SERVICE}/ModelInfer", [infer("r-1")])]
    if f"{SERVICE}/ModelStreamInfer" in schema.methods:
        calls.append(("stream", f"{SERVICE}/ModelStreamInfer", [infer("r-1"), infer("r-2")]))
    return calls


def called(channel: grpc.Channel, name: str, path: str, requests: list[bytes]) -> dict[str, Any]:
    """Make a call with bytes as they are, and return both sides."""
    responses: list[bytes]
    if name == "stream":
        stream: grpc.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(path)
        responses = list(stream(iter(requests), timeout=SECONDS))
    else:
        unary: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(path)
        responses = [unary(requests[0], timeout=SECONDS)]
    return {
        "name": name,
        "method": path,
        "requests": [each.hex() for each in requests],
        "responses": [each.hex() for each in responses],
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
