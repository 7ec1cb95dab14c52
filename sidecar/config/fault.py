"""What is wrong with a part of the file, in words, before it has a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel

from sidecar.config.quantities import QuantityError
from sidecar.config.schema import EXAMPLES, Root
from sidecar.text.suggest import nearest, suggest

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from sidecar.text.document import Path

_HINTS = {
    "list_type": "Write [one, another].",
    "string_type": "Write text, in quotes where it looks like a number.",
    "bool_type": "Write true or false.",
    "int_type": "Write a whole number.",
}
_NO_MAPPING = frozenset({"model_type", "dict_type"})


@dataclass(frozen=True, slots=True)
class Fault:
    """A problem before it has a line."""

    path: Path
    what: str
    hint: str
    follows: bool = False
    """It is there because of another fault, and is not told beside it."""


def faults_of(error: ValidationError) -> list[Fault]:
    """Say in words what pydantic found. A key that is missing because it was misspelt follows from that."""
    details = error.errors(include_url=False)
    misspelt = {_meant(detail) for detail in details if detail["type"] == "extra_forbidden"}
    return [_fault(detail, tuple(detail["loc"]) in misspelt) for detail in details]


def no_mapping(path: Path, value: object) -> Fault:
    """Say that something else stands where keys and values should."""
    known = ", ".join(known_keys(path))
    hint = f"Known here: {known}." if known else "Write it as {name: value}."
    return Fault(path, f"is {shown(value)} and no mapping", hint)


def _fault(detail: ErrorDetails, follows: bool) -> Fault:
    # What is wrong with the key of an entry is wrong with the entry.
    path: Path = tuple(part for part in detail["loc"] if part != "[key]")
    kind = detail["type"]
    if kind == "missing":
        name = str(path[-1])
        hint = f"Add {EXAMPLES[name]}." if name in EXAMPLES else "Add it."
        return Fault(path, "is missing", hint, follows)
    if kind == "extra_forbidden":
        return Fault(path, "is an unknown key", suggest(str(path[-1]), known_keys(path[:-1])))
    if kind in _NO_MAPPING:
        return no_mapping(path, detail["input"])
    context = detail.get("ctx", {})
    cause = context.get("error")
    if isinstance(cause, QuantityError):
        return Fault(path, cause.what, cause.hint)
    if kind == "literal_error":
        return Fault(path, f"is {detail['input']!r}", f"Use {context['expected']}.")
    message = detail["msg"]
    return Fault(
        path,
        f"is {shown(detail['input'])}: {message[:1].lower()}{message[1:]}",
        _HINTS.get(kind, ""),
    )


def _meant(detail: ErrorDetails) -> Path:
    """Return the place of the key that an unknown one was to be, or a place where there is none."""
    *around, key = detail["loc"]
    return (*around, nearest(str(key), known_keys(tuple(around))))


def shown(value: object) -> str:
    """Show a value, shortened."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def known_keys(path: Path) -> dict[str, object]:
    """Return the keys that may stand at a place in the file."""
    model: type[BaseModel] = Root
    for part in path:
        if isinstance(part, str) and part in model.model_fields:
            inner = _model_in(model.model_fields[part].annotation)
            if inner is None:
                return {}
            model = inner
    return dict.fromkeys(model.model_fields, 0)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model inside an annotation such as list[Slo]."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := _model_in(each))), None)
