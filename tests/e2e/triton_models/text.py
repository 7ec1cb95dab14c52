"""Model `text`: repeats what it is told, word by word."""

from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    """One response for each word; an error at the word "stop", and nothing after it."""

    def execute(self, requests: list[Any]) -> None:
        """Send the words."""
        for request in requests:
            sender = request.get_response_sender()
            text = pb_utils.get_input_tensor_by_name(request, "text_input").as_numpy()[0]
            for word in text.split():
                if word == b"stop":
                    error = pb_utils.TritonError("told to stop")
                    sender.send(pb_utils.InferenceResponse([], error))
                    break
                tensor = pb_utils.Tensor("text_output", np.array([word], dtype=object))
                sender.send(pb_utils.InferenceResponse([tensor]))
            sender.send(flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)
