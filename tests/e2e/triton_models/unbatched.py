"""Model `unbatched`: element-wise sum."""

from typing import Any

import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    """Answers each request on its own."""

    def execute(self, requests: list[Any]) -> list[Any]:
        """Add."""
        responses = []
        for request in requests:
            left = pb_utils.get_input_tensor_by_name(request, "INPUT0").as_numpy()
            right = pb_utils.get_input_tensor_by_name(request, "INPUT1").as_numpy()
            responses.append(pb_utils.InferenceResponse([pb_utils.Tensor("OUTPUT0", left + right)]))
        return responses
