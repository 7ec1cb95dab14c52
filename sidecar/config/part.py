"""What every part of wayside.yaml is made of: strict tables, and the types of quantities, each with its JSON schema."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from sidecar.config import quantities

# As people write them; sidecar/config/quantities.py reads them.
DURATION_PATTERN = r"(\d+(\.\d+)?(us|ms|s|m|h|d|w))+"


def written(description: str, pattern: str, *examples: str) -> WithJsonSchema:
    """Describe a quantity to an editor as the text that it is in the file."""
    schema: dict[str, Any] = {"type": "string", "pattern": f"^{pattern}$"}
    return WithJsonSchema({**schema, "description": description, "examples": list(examples)})


_DURATION = written("A duration: us ms s m h d w.", DURATION_PATTERN, "100ms", "1h30m")
_PERCENTAGE = r"\d+(\.\d+)?\s*%"

Duration = Annotated[int, BeforeValidator(quantities.duration_nanos), _DURATION]
DurationOrZero = Annotated[int, BeforeValidator(quantities.duration_nanos_or_zero), _DURATION]
Ratio = Annotated[
    Decimal,
    BeforeValidator(quantities.ratio),
    written("A percentage between 0 % and 100 %.", _PERCENTAGE, "99.9%"),
]
Share = Annotated[
    Decimal,
    BeforeValidator(quantities.share),
    written("A percentage above 0 %, up to 100 %.", _PERCENTAGE, "2%"),
]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class Part(BaseModel):
    """A part of the file: unknown keys are problems, types are not guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
