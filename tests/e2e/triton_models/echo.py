"""Model `echo`: what goes in comes out."""

from typing import Any

import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    """Hands the input tensor back."""

    def execute(self, requests: list[Any]) -> list[Any]:
        """Copy IN to OUT."""
        return [
            pb_utils.InferenceResponse(
                [
                    pb_utils.Tensor(
                        "OUT", pb_utils.get_input_tensor_by_name(request, "IN").as_numpy()
                    )
                ]
            )
            for request in requests
        ]
