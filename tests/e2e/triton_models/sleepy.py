"""Model `sleepy`: takes the time it is told to take."""

import time
from typing import Any

import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    """Sleeps once per executed batch, for the longest time asked for."""

    def execute(self, requests: list[Any]) -> list[Any]:
        """Sleep, then return to each request its own number."""
        asked = [
            pb_utils.get_input_tensor_by_name(request, "MS").as_numpy() for request in requests
        ]
        time.sleep(max(int(milliseconds.max()) for milliseconds in asked) / 1000)
        return [
            pb_utils.InferenceResponse([pb_utils.Tensor("SLEPT", milliseconds)])
            for milliseconds in asked
        ]
