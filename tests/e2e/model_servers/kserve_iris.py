"""KServe's own Python server with the model `iris`, version `v7`, until it is told to end.

usage: kserve_iris.py HTTP_PORT GRPC_PORT

It doubles its inputs, in the first protocol and in the second; a negative number fails.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer

VERSION = "v7"


def doubled(values: Any) -> Any:
    """Double an array."""
    if (values < 0).any():
        raise RuntimeError("negative")
    return values * 2


class Iris(Model):
    """Answers with the tensor `y`, or with predictions."""

    def __init__(self) -> None:
        """Be ready at once."""
        super().__init__("iris")
        self.ready = True

    async def predict(
        self,
        payload: InferRequest | dict[str, Any],
        headers: dict[str, str] | None = None,
        response_headers: dict[str, str] | None = None,
    ) -> InferResponse | dict[str, Any]:
        """Double what is given."""
        if isinstance(payload, dict):
            return {"predictions": doubled(np.array(payload["instances"])).tolist()}
        given = payload.inputs[0]
        values = doubled(given.as_numpy())
        output = InferOutput("y", list(values.shape), given.datatype)
        output.set_data_from_numpy(values, binary_data=False)
        return InferResponse(payload.id, "iris", [output], model_version=VERSION)


if __name__ == "__main__":
    http_port, grpc_port = (int(word) for word in sys.argv[1:3])
    ModelServer(http_port=http_port, grpc_port=grpc_port, enable_grpc=True, workers=1).start(
        [Iris()]
    )
