"""Expressions that say where a value lies in a message, by field name: `inputs[0].shape[0]`.

Grammar:  [function(] step{.step} [)]      step = name | name[n] | name{key}
  name{key}   the value of a map entry with this key
  name[0]     the first occurrence of a repeated message; on the last step, element n of a repeated integer
  name[*]     every occurrence: of a shape, whose dimensions are messages, on the last step but one
Without [0] the last occurrence is read, as protobuf itself does.
Functions: string int present count elements length sum. Without one the slot decides (sidecar.servers.catalogue).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sidecar.model.policy import Extract, Read, Slot, Step
from sidecar.servers.limits import MAX_DEPTH, depth
from sidecar.text.suggest import suggest

if TYPE_CHECKING:
    pass

_FUNCTIONS = {
    "string": Read.STRING,
    "int": Read.INT,
    "present": Read.PRESENT,
    "count": Read.COUNT,
    "elements": Read.VARINTS,
    "length": Read.LENGTH,
    "sum": Read.SUM,
}
_CALL = re.compile(r"\s*([a-z]+)\(\s*(.*?)\s*\)\s*\Z")
_STEP = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:\[(\d+|\*)\]|\{([^{}]+)\})?\Z")

# What is read when the expression names no function.
DEFAULT_READS = {
    Slot.MODEL: Read.STRING,
    Slot.VERSION: Read.STRING,
    Slot.REQUEST_ID: Read.STRING,
    Slot.BATCH_SIZE: Read.INT,
    Slot.ERROR: Read.PRESENT,
    Slot.FINAL: Read.INT,
    Slot.TOKENS_IN: Read.INT,
    Slot.TOKENS_OUT: Read.INT,
    Slot.TOKENS_CACHED: Read.INT,
    Slot.OUTPUT: Read.PRESENT,
    Slot.SHAPE: Read.DIMENSIONS,
    Slot.BATCH_SHAPE: Read.DIMENSIONS,
    Slot.DATATYPE: Read.FIRST_STRING,
    Slot.MAX_BATCH_SIZE: Read.INT,
    Slot.ERROR_TEXT: Read.STRING,
    Slot.STREAM: Read.INT,
}


# Reads of what the first occurrence of each message on the way holds, whether [0] is written or not.
_OF_FIRST = (Read.DIMENSIONS, Read.FIRST_STRING)
EACH = -1
"""The index of name[*]."""


class PathError(Exception):
    """An expression that cannot be compiled: what is wrong, and a hint."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a message: its number, and the message it holds, if it holds one."""

    number: int
    message: str = ""  # empty: a scalar
    is_map: bool = False  # map<string, message>; a map of scalars has is_map and no message


Messages = dict[str, dict[str, Field]]


def compile_extract(slot: Slot, text: str, message: str, messages: Messages) -> Extract:
    """Compile one expression against a message. Raises PathError."""
    read, body = _split_function(slot, text)
    steps: list[Step] = []
    indexes: list[int | None] = []
    inside = message
    for part in _split_steps(body):
        name, index, key = _parse_step(part, text)
        if not inside:
            raise PathError(
                f"{text!r}: {part!r} is looked for inside a field that holds no message"
            )
        found = _find(name, inside, messages)
        if found.is_map and not key:
            raise PathError(f"{text!r}: {name!r} is a map", f"Say which entry: {name}{{key}}.")
        if key and not found.is_map:
            raise PathError(f"{text!r}: {name!r} is not a map", f"Write {name} without braces.")
        steps.append(Step(found.number, key))
        indexes.append(index)
        inside = found.message
    if depth(steps) > MAX_DEPTH:
        hint = f"At most {MAX_DEPTH} are read; a step into a map counts twice."
        raise PathError(f"{text!r} is {depth(steps)} steps deep", hint)
    return _extract(slot, read, tuple(steps), indexes, text)


def _extract(
    slot: Slot, read: Read | None, steps: tuple[Step, ...], indexes: list[int | None], text: str
) -> Extract:
    """Settle how the last field is read, and that indexes stand where they mean something."""
    if read is None and DEFAULT_READS[slot] in _OF_FIRST:
        return Extract(slot, steps, _of_first(DEFAULT_READS[slot], indexes, text))
    if EACH in indexes:
        raise PathError(f"{text!r}: [*] is only known in a shape", "Write [0], or the plain path.")
    last = indexes[-1]
    first = last is None and any(index is not None for index in indexes)
    if first and (read or DEFAULT_READS[slot]) is Read.INT:
        last = 0  # the tap follows first occurrences where it reads an element
    if last is not None:
        if read not in (None, Read.INT):
            raise PathError(
                f"{text!r}: an element cannot be read that way", "Use a plain path or int()."
            )
        read = Read.VARINT_AT
    if any(index not in (None, 0) for index in indexes[:-1]):
        raise PathError(f"{text!r}: only [0], the first message, can be followed further")
    if read is not Read.VARINT_AT and any(index is not None for index in indexes):
        hint = "Write the path without [0]; the last occurrence is read."
        raise PathError(f"{text!r}: [0] is only known where an integer is read", hint)
    return Extract(slot, steps, read or DEFAULT_READS[slot], last or 0)


def _of_first(read: Read, indexes: list[int | None], text: str) -> Read:
    """Return how a value of the first messages is read."""
    *way, last = indexes
    each = way[-1:] == [EACH] and read is Read.DIMENSIONS
    if last is not None or any(index not in (None, 0) for index in way[: len(way) - each]):
        hint = "Write inputs[0].shape, or shape.dim[*].size where each dimension is a message."
        raise PathError(f"{text!r}: only [0], the first message, can be followed further", hint)
    return Read.DIMENSION_OF_EACH if each else read


def _split_function(slot: Slot, text: str) -> tuple[Read | None, str]:
    """Return (the function named, the path inside)."""
    call = _CALL.match(text)
    if call is None:
        return None, text.strip()
    name, body = call.groups()
    if name not in _FUNCTIONS:
        raise PathError(f"{text!r}: no function {name!r}", suggest(name, _FUNCTIONS))
    return _FUNCTIONS[name], body


def _split_steps(body: str) -> list[str]:
    """Split at dots outside braces: a map key may contain dots."""
    return re.findall(r"(?:[^.{]|\{[^}]*\})+", body) or [body]


def _parse_step(part: str, text: str) -> tuple[str, int | None, str]:
    """Return (name, index, map key) of one step."""
    match = _STEP.match(part)
    if match is None:
        hint = "Steps look like name, name[0] or name{key}, joined by dots."
        raise PathError(f"{text!r}: {part!r} is no step", hint)
    name, index, key = match.groups()
    number = EACH if index == "*" else int(index) if index is not None else None
    return name, number, key or ""


def _find(name: str, message: str, messages: Messages) -> Field:
    """Return the field of a message by name."""
    fields = messages.get(message)
    if fields is None:
        raise PathError(f"message {message!r} is not described", suggest(message, messages))
    if name not in fields:
        raise PathError(f"message {message!r} has no field {name!r}", suggest(name, fields))
    return fields[name]
