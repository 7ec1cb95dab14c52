"""From sources to a checked configuration: every problem at once, each with its line and a hint.

Strict (`wayside check`, reloads): any problem refuses the whole. Tolerant (`wayside run`): a bad part is left out,
because an SLO typo must not stop a fleet; only a bad listener leaves nothing to run.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from sidecar.config.cross_faults import cross_faults
from sidecar.config.fault import faults_of, no_mapping
from sidecar.config.prune import Pruned
from sidecar.config.schema import Root
from sidecar.config.sources import COMMAND_LINE, Sources
from sidecar.model.problem import Problem
from sidecar.text.document import Document, Path, dotted, read_document

if TYPE_CHECKING:
    from sidecar.config.fault import Fault


@dataclass(frozen=True, slots=True)
class Checked:
    """What is left of a configuration and what is wrong with it; without usable listeners there is nothing to run."""

    root: Root
    usable: bool
    document: Document
    problems: tuple[Problem, ...]
    left_out: frozenset[Path] = frozenset()


# In place of unusable listeners, so that the rest is checked all the same.
_STAND_IN = [{"listen": ":1", "upstream": "stand-in:1"}]


def check(sources: Sources) -> Checked:
    """Read and validate, leaving out what is wrong."""
    document = read_document(sources.file) if sources.file else Document(COMMAND_LINE)
    problems = list(document.problems)
    if not isinstance(document.value, dict | None):
        problems.append(document.problem((), "is no mapping", "Start with listeners:."))
    nothing_read = bool(problems) and not isinstance(document.value, dict)
    data = copy.deepcopy(document.value) if isinstance(document.value, dict) else {}
    _write_out(data)
    faults = _apply(sources, data)
    pruned = Pruned(data)
    root, usable, found = _validate(pruned)
    faults += found
    if nothing_read:
        # So that nothing is missing in it.
        faults = [fault for fault in faults if fault.path != ("listeners",)]
    problems += [_located(fault, document, sources) for fault in faults]
    return Checked(root, usable, document, tuple(problems), frozenset(pruned.left_out))


def _write_out(data: dict[str, Any]) -> None:
    """Write out what the file may say in short: `health: ":9465"`."""
    if "health" in data and not isinstance(data["health"], dict):
        data["health"] = {"listen": data["health"]}


def _as_written(path: Path, document: Document) -> Path:
    """Return the place in the file of something that stands there in short."""
    return path[:1] if path[:1] == ("health",) and path not in document.lines else path


def _apply(sources: Sources, data: dict[str, Any]) -> list[Fault]:
    """Put the flags' values where the file's would stand; say where the file has no place for them."""
    faults = {}
    for path, value in sources.overrides.items():
        part = data
        for length, key in enumerate(path[:-1], start=1):
            if not isinstance(part.setdefault(key, {}), dict):
                faults[path[:length]] = no_mapping(path[:length], part[key])
                part[key] = {}
            part = part[key]
        part[path[-1]] = value
    return list(faults.values())


def _validate(pruned: Pruned) -> tuple[Root, bool, list[Fault]]:
    """Validate, leave out what is wrong, and validate again until what is left is right.

    Returns (what is left, whether its listeners are the user's, faults).
    """
    usable = True
    faults: list[Fault] = []
    while True:
        root, found = _validate_once(pruned)
        faults += [
            replace(fault, path=pruned.original(fault.path)) for fault in found if not fault.follows
        ]
        if root is not None and not found:
            return root, usable, faults
        elsewhere = [fault.path for fault in found if fault.path[:1] != ("listeners",)]
        if len(elsewhere) < len(found):
            usable = False
            pruned.data["listeners"] = _STAND_IN
        removed = pruned.remove(elsewhere)
        if not removed and len(elsewhere) == len(found):
            pruned.data.clear()  # a fault nobody can point at: nothing is left rather than a loop without end


def _validate_once(pruned: Pruned) -> tuple[Root | None, list[Fault]]:
    """Validate field by field, then across fields."""
    try:
        root = Root.model_validate(pruned.data)
    except ValidationError as error:
        return None, faults_of(error)
    return root, cross_faults(root, pruned)


def _located(fault: Fault, document: Document, sources: Sources) -> Problem:
    """Give a fault its file and line, or the flag it came from."""
    written = _as_written(fault.path, document)
    for path in sources.overrides:
        if fault.path[: len(path)] == path:
            return Problem(COMMAND_LINE, 0, dotted(written), fault.what, fault.hint)
    return document.problem(written, fault.what, fault.hint)
