"""A gRPC-Web server for tests: Sonora on waitress. Run by its environment's Python with its port, and a page to show.

What it says depends on the model, or the request id, that is asked with: `iris` is answered, `unloaded` too but has a
status other than OK behind the message, `missing` has nothing but a status, and for `broken` the handler raises. A
stream has three messages of two tokens.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc

# ModelInferResponse{model_name: "iris"} of the Open Inference Protocol, and of vLLM
# GenerateResponse{chunk: {token_ids: [7, 8]}}.
IRIS = b"\n\x04iris"
TOKENS = b"\n\x04\n\x02\x07\x08"


def infer(request: bytes, context: Any) -> bytes:
    """Answer one request."""
    if b"broken" in request:
        raise RuntimeError("the model is broken")
    if b"missing" in request:
        context.abort(grpc.StatusCode.NOT_FOUND, "no such model: é")
    _judge(request, context)
    return IRIS


def generate(request: bytes, context: Any) -> Iterator[bytes]:
    """Answer in three messages."""
    yield from [TOKENS] * 3
    _judge(request, context)


def _judge(request: bytes, context: Any) -> None:
    if b"unloaded" in request:
        context.set_code(grpc.StatusCode.UNAVAILABLE)
        context.set_details("model is unloaded")


def main(port: str, page: str = "") -> None:
    """Serve until the process is ended."""
    sonora: Any = importlib.import_module("sonora.wsgi")
    waitress: Any = importlib.import_module("waitress")
    shown = Path(page).read_bytes() if page else b"ready"

    def show(_: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("content-type", "text/html; charset=utf-8")])
        return [shown]

    methods = {
        "inference.GRPCInferenceService": {
            "ModelInfer": grpc.unary_unary_rpc_method_handler(infer, bytes, bytes)
        },
        "vllm.grpc.engine.VllmEngine": {
            "Generate": grpc.unary_stream_rpc_method_handler(generate, bytes, bytes)
        },
    }
    application = sonora.grpcWSGI(show)
    handlers = [grpc.method_handlers_generic_handler(*service) for service in methods.items()]
    application.add_generic_rpc_handlers(handlers)
    # Bytes are sent as they come: a stream that were gathered first would be none.
    waitress.serve(application, host="127.0.0.1", port=int(port), threads=2, send_bytes=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
