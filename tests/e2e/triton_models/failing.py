"""Model `failing`: never answers well."""

from typing import Any

import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    """Gives an error for each request of a batch."""

    def execute(self, requests: list[Any]) -> list[Any]:
        """Fail."""
        error = pb_utils.TritonError("this model always fails")
        return [pb_utils.InferenceResponse([], error) for _ in requests]
