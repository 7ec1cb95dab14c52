"""Ray Serve with the application `iris`, over HTTP and over gRPC, until it is told to end.

usage: ray_iris.py HTTP_PORT GRPC_PORT METRICS_PORT GATE

Over HTTP the words of a chat come back, one to an event where it is to be streamed; the word `wait` waits until the
file GATE is there. Over gRPC there is Ray's own service, and one that its package brings for examples. One request at a
time: others wait for the replica.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import ray
from ray import serve
from ray.serve.config import HTTPOptions, gRPCOptions
from ray.serve.generated.serve_pb2 import UserDefinedMessage, UserDefinedResponse
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

POLL_SECONDS = 0.02
REPORT_MILLISECONDS = 500  # instead of ten seconds
EXAMPLE = "ray.serve.generated.serve_pb2_grpc.add_UserDefinedServiceServicer_to_server"


async def events(words: list[str]) -> AsyncIterator[str]:
    """Write the events of a chat."""
    for word in words:
        chunk = {
            "id": "c-1",
            "model": "iris",
            "choices": [{"index": 0, "delta": {"content": word}}],
        }
        yield f"data: {json.dumps(chunk)}\n\n"
    yield "data: [DONE]\n\n"


@serve.deployment(max_ongoing_requests=1, ray_actor_options={"num_cpus": 0})
class Iris:
    """Answers with the words it is given."""

    def __init__(self, gate: str) -> None:
        """Remember what to wait for."""
        self.gate = Path(gate)

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        asked = await request.json()
        words = asked["messages"][-1]["content"].split()
        while "wait" in words and not self.gate.exists():
            await asyncio.sleep(POLL_SECONDS)
        if "fail" in words:
            return JSONResponse({"error": {"message": "told to", "code": 500}}, status_code=500)
        if asked.get("stream"):
            return StreamingResponse(events(words), media_type="text/event-stream")
        usage = {"prompt_tokens": 5, "completion_tokens": len(words)}
        message = {"role": "assistant", "content": " ".join(words)}
        choices = [{"index": 0, "message": message}]
        return JSONResponse({"id": "c-1", "model": "iris", "choices": choices, "usage": usage})

    async def Method1(self, asked: UserDefinedMessage) -> UserDefinedResponse:
        """Answer over gRPC."""
        return UserDefinedResponse(greeting=f"Hello {asked.name}")


def main(http: int, grpc: int, metrics: int, gate: str) -> None:
    """Serve."""
    ray.init(
        num_cpus=1,
        include_dashboard=False,
        object_store_memory=80_000_000,
        _metrics_export_port=metrics,
        _system_config={"metrics_report_interval_ms": REPORT_MILLISECONDS},
        _temp_dir=os.environ["HOME"],
    )
    serve.start(
        http_options=HTTPOptions(host="127.0.0.1", port=http),
        grpc_options=gRPCOptions(port=grpc, grpc_servicer_functions=[EXAMPLE]),
    )
    bound = Iris.bind(gate)  # type: ignore[attr-defined]  # the decorator makes it a deployment
    serve.run(bound, name="iris", route_prefix="/")
    signal.sigwait({signal.SIGTERM})
    ray.shutdown()


if __name__ == "__main__":
    # Before there are threads: a signal comes to none of them then, but to `sigwait`.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    http_port, grpc_port, metrics_port = (int(word) for word in sys.argv[1:4])
    main(http_port, grpc_port, metrics_port, sys.argv[4])
