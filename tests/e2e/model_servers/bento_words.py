"""A BentoML service: run by `bentoml serve bento_words:Words`, it repeats text, whole or word by word."""

from __future__ import annotations

from collections.abc import Iterator

import bentoml


@bentoml.service(workers=1)
class Words:
    """Its methods are its paths."""

    @bentoml.api
    def repeat(self, text: str, times: int = 1) -> dict[str, object]:
        """Answer at once."""
        if times < 0:
            raise bentoml.exceptions.InternalServerError("negative")
        return {"text": text * times, "usage": {"words": len(text.split()) * times}}

    @bentoml.api
    def stream(self, text: str) -> Iterator[str]:
        """Answer in pieces."""
        for word in text.split():
            yield f'data: {{"word": "{word}"}}\n\n'
