"""A BentoML service, run by `bentoml serve bento_words:Words`: it repeats text, whole or word by word."""

from __future__ import annotations

from collections.abc import Iterator

import bentoml
from bentoml.exceptions import InternalServerError

MODEL = "words-1"


@bentoml.service(workers=1)
class Words:
    """Its methods are its paths."""

    @bentoml.api
    def repeat(self, text: str, times: int = 1) -> dict[str, object]:
        """Answer at once."""
        if times < 0:
            raise InternalServerError("negative")
        usage = {"read": len(text.split()), "written": len(text.split()) * times}
        return {"model": MODEL, "texts": [text] * times, "usage": usage}

    @bentoml.api
    def stream(self, text: str) -> Iterator[str]:
        """Answer in pieces, each an event."""
        for word in text.split():
            yield f'data: {{"model": "{MODEL}", "word": "{word}"}}\n\n'
