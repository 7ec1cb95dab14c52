"""Model `sleepy`: takes the time it is told to take, or waits to be let go."""

import time
from pathlib import Path
from typing import Any

import triton_python_backend_utils as pb_utils

LET_GO = "let-go-*"
"""Files beside the model: each lets one executed batch go."""
POLL_SECONDS = 0.01


class TritonPythonModel:
    """Sleeps once per executed batch, for the longest time asked for; with a negative one, until it is let go."""

    def initialize(self, args: dict[str, str]) -> None:
        """Note where the model lies."""
        self._folder = Path(args["model_repository"])

    def execute(self, requests: list[Any]) -> list[Any]:
        """Sleep or wait, then return to each request its own number."""
        asked = [
            pb_utils.get_input_tensor_by_name(request, "MS").as_numpy() for request in requests
        ]
        longest = max(int(milliseconds.max()) for milliseconds in asked)
        if longest < 0:
            while not self._is_let_go():
                time.sleep(POLL_SECONDS)
        else:
            time.sleep(longest / 1000)
        return [
            pb_utils.InferenceResponse([pb_utils.Tensor("SLEPT", milliseconds)])
            for milliseconds in asked
        ]

    def _is_let_go(self) -> bool:
        """Take one file, if there is one that no other instance takes at this moment."""
        for file in self._folder.glob(LET_GO):
            try:
                file.unlink()
            except FileNotFoundError:
                continue
            return True
        return False
