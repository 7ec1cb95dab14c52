"""MLServer with the model `iris`, version `v7`, until it is told to end.

usage: mlserver_iris.py HTTP_PORT GRPC_PORT METRICS_PORT

It doubles its first input; one whose name is "bad" fails. It streams each answer as soon as its request is there, so it
neither has workers of its own nor compresses: with either, MLServer does not stream.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

from mlserver import MLModel, MLServer, ModelSettings, Settings
from mlserver.codecs import NumpyCodec
from mlserver.errors import MLServerError
from mlserver.settings import ModelParameters
from mlserver.types import InferenceRequest, InferenceResponse

STREAMED = 3


class Iris(MLModel):
    """Answers with one tensor, `y`."""

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Double the first input."""
        given = payload.inputs[0]
        if given.name == "bad":
            raise MLServerError("bad input", 500)
        return InferenceResponse(
            id=payload.id,
            model_name=self.name,
            model_version=self.version,
            outputs=[NumpyCodec.encode_output("y", NumpyCodec.decode_input(given) * 2)],
        )

    async def predict_stream(
        self, payloads: AsyncIterator[InferenceRequest]
    ) -> AsyncIterator[InferenceResponse]:
        """Answer each request; a stream of one request, as over HTTP, some times."""
        count = 0
        async for payload in payloads:
            count += 1
            yield await self.predict(payload)
            last = payload
        for _ in range(count, STREAMED):
            yield await self.predict(last)


async def main(http: int, grpc: int, metrics: int) -> None:
    """Serve."""
    settings = Settings(
        host="127.0.0.1",
        http_port=http,
        grpc_port=grpc,
        metrics_port=metrics,
        parallel_workers=0,
        gzip_enabled=False,
    )
    iris = ModelSettings(name="iris", implementation=Iris, parameters=ModelParameters(version="v7"))
    await MLServer(settings).start([iris])


if __name__ == "__main__":
    asyncio.run(main(*(int(word) for word in sys.argv[1:4])))
