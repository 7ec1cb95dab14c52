"""NVIDIA Dynamo's own frontends with its own engine that echoes, as the model `echo`, until it is told to end.

usage: dynamo_echo.py HTTP_PORT GRPC_PORT GRPC_METRICS_PORT

OpenAI's API over HTTP and KServe's over gRPC, in one process without workers, so nothing is to be discovered.
"""

from __future__ import annotations

import asyncio
import sys

from dynamo.llm import EngineType, EntrypointArgs, make_engine, run_input
from dynamo.runtime import DistributedRuntime


async def main(http: int, grpc: int, grpc_metrics: int) -> None:
    """Serve both."""
    runtime = DistributedRuntime(asyncio.get_running_loop(), "mem", "tcp")

    async def front(protocol: str, port: int, metrics: int | None = None) -> None:
        arguments = EntrypointArgs(
            EngineType.Echo,
            model_name="echo",
            http_host="127.0.0.1",
            http_port=port,
            http_metrics_port=metrics,
        )
        await run_input(runtime, protocol, await make_engine(runtime, arguments))

    await asyncio.gather(front("http", http), front("grpc", grpc, grpc_metrics))


if __name__ == "__main__":
    asyncio.run(main(*(int(word) for word in sys.argv[1:4])))
