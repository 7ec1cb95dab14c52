"""What the tap refuses to read, by the same arithmetic (dataplane/wire/src/field), so that it is refused here by name.

The tap keeps one bit per value and per edge of the tree of fields, in registers: that is where the bounds come from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sidecar.model.policy import Read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sidecar.model.policy import Step, Variant

MAX_DEPTH = 8  # steps of one path; a step into a map counts twice, for the entry and for its value
MAX_VALUES = 32  # different values of one message, over all its forms
MAX_STRINGS = 8  # strings among them
MAX_SHAPES = 2  # shapes of tensors among them
MAX_EDGES = 64  # fields on the way to them, each counted once
MAX_KEY_BYTES = 32  # a key of a JSON object


def depth(steps: Sequence[Step]) -> int:
    """Return how deep a path leads, as the tap counts."""
    return sum(2 if step.map_key else 1 for step in steps)


def refusal(program: Sequence[Variant]) -> str:
    """Say why the tap would not read all of a message; empty when it does."""
    values: set[object] = set()
    strings = shapes = 0
    edges: set[object] = set()
    for extract in (each for variant in program for each in variant.extracts):
        value = (extract.path, extract.read, extract.index)
        if value in values:
            continue
        strings += extract.read in (Read.STRING, Read.FIRST_STRING)
        shapes += extract.read in (Read.DIMENSIONS, Read.DIMENSION_OF_EACH)
        if extract.read is Read.DIMENSION_OF_EACH and len(extract.path) < 2:
            return "a dimension of each message has no message"
        if depth(extract.path) > MAX_DEPTH:
            return f"a value lies more than {MAX_DEPTH} steps deep"
        if len(values) == MAX_VALUES:
            return f"is read for more than {MAX_VALUES} values"
        if strings > MAX_STRINGS:
            return f"is read for more than {MAX_STRINGS} different strings"
        if shapes > MAX_SHAPES:
            return f"is read for more than {MAX_SHAPES} different shapes"
        # The tap asks for room for a whole new path before it shares what it can of it.
        if len(edges) + depth(extract.path) > MAX_EDGES:
            return f"is read along more than {MAX_EDGES} fields"
        values.add(value)
        edges.update(_edges(extract.path))
    return ""


def _edges(steps: Sequence[Step]) -> Iterator[object]:
    """Name every edge on a path by the way that leads to it."""
    way: tuple[object, ...] = ()
    for step in steps:
        way = (*way, step.field)
        yield way
        if step.map_key:
            way = (*way, step.map_key)
            yield way
