"""From sources to a checked configuration: every problem at once, each with its line and a hint.

Strict (`wayside check`, reloads): any problem refuses the whole. Tolerant (`wayside run`): a bad part is left out,
because an SLO typo must not stop a fleet; only a bad listener leaves nothing to run.
"""

from __future__ import annotations

import copy
import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from sidecar.config.cross_faults import cross_faults
from sidecar.config.fault import Fault, faults_of, no_mapping, shown
from sidecar.config.prune import Pruned
from sidecar.config.schema import Root
from sidecar.config.slo_files import FIELD as SLO_FILES
from sidecar.config.slo_files import SloFiles, read_slo_files
from sidecar.config.sources import COMMAND_LINE, Sources
from sidecar.config.tier_faults import shared_tier_faults
from sidecar.config.written import OBJECTIVES, Written
from sidecar.model.problem import Problem
from sidecar.text.document import Document, Path, dotted, read_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, slots=True)
class Checked:
    """What is left of a configuration and what is wrong with it; without usable listeners there is nothing to run."""

    root: Root
    usable: bool
    document: Document
    problems: tuple[Problem, ...]
    left_out: frozenset[Path] = frozenset()
    slo_files: SloFiles = field(default_factory=SloFiles)


# In place of unusable listeners, so that the rest is checked all the same.
_STAND_IN = [{"listen": ":1", "upstream": "stand-in:1"}]


def check(sources: Sources) -> Checked:
    """Read and validate, leaving out what is wrong."""
    document = _configuration(sources.file) if sources.file else Document(COMMAND_LINE)
    problems = list(document.problems)
    if not isinstance(document.value, dict | None):
        problems.append(document.problem((), "is no mapping", "Start with listeners:."))
    nothing_read = bool(problems) and not isinstance(document.value, dict)
    data = copy.deepcopy(document.value) if isinstance(document.value, dict) else {}
    _write_out(data)
    faults = _apply(sources, data)
    files = read_slo_files(data.get(SLO_FILES), document)
    faults += _join(data, files)
    written = Written(document, len(data[OBJECTIVES]) - len(files.entries), files.entries)
    pruned = Pruned(data)
    root, usable, found = _validate(pruned, written)
    faults += found
    if nothing_read:
        # So that nothing is missing in it.
        faults = [fault for fault in faults if fault.path != ("listeners",)]
    problems += [*files.problems, *_located(faults, written, sources)]
    left_out = frozenset(pruned.left_out)
    return Checked(root, usable, document, tuple(problems), left_out, files)


def _configuration(file: str) -> Document:
    """Read the configuration; a file of objectives in its place is told what it is, once and not by each key."""
    document = read_document(file)
    value = document.value
    if not isinstance(value, dict) or not {"apiVersion", "kind", "spec"} <= value.keys():
        return document
    hint = f"Name it in a configuration: slo_files: [{os.path.basename(file)}]."
    problem = document.problem((), "holds objectives of OpenSLO, and is no configuration", hint)
    return replace(document, value=None, problems=(*document.problems, problem))


def _join(data: dict[str, Any], files: SloFiles) -> list[Fault]:
    """Put the objectives of all files into one list; say where the configuration's own are none."""
    own = data.setdefault(OBJECTIVES, [])
    faults = []
    if not isinstance(own, list):
        hint = "Write [{name: ..., objective: 99.9%, good: {available: true}}]."
        faults.append(Fault((OBJECTIVES,), f"is {shown(own)} and no list", hint))
        own = []
    data[OBJECTIVES] = [*own, *(copy.deepcopy(each.value) for each in files.entries)]
    return faults


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


def _validate(pruned: Pruned, written: Written) -> tuple[Root, bool, list[Fault]]:
    """Validate, leave out what is wrong, and validate again until what is left is right.

    Returns (what is left, whether its listeners are the user's, faults).
    """
    usable = True
    faults: list[Fault] = []
    while True:
        root, found = _validate_once(pruned, written)
        faults += [
            replace(fault, path=pruned.original(fault.path)) for fault in found if not fault.follows
        ]
        if root is not None and not found:
            return root, usable, [*faults, *shared_tier_faults(root, pruned, written)]
        elsewhere = [fault.path for fault in found if fault.path[:1] != ("listeners",)]
        if len(elsewhere) < len(found):
            usable = False
            pruned.data["listeners"] = _STAND_IN
        removed = pruned.remove(elsewhere)
        if not removed and len(elsewhere) == len(found):
            pruned.data.clear()  # a fault nobody can point at: nothing is left rather than a loop without end


def _validate_once(pruned: Pruned, written: Written) -> tuple[Root | None, list[Fault]]:
    """Validate field by field, then across fields."""
    try:
        root = Root.model_validate(pruned.data)
    except ValidationError as error:
        return None, faults_of(error)
    return root, cross_faults(root, pruned, written)


def _located(faults: Iterable[Fault], written: Written, sources: Sources) -> Iterator[Problem]:
    """Give each fault its file and line, or the flag it came from. What several objectives share is told once."""
    told: set[tuple[int, Path]] = set()
    for fault in faults:
        document, place = written.place(_as_written(fault.path, written.document))
        flag = any(fault.path[: len(path)] == path for path in sources.overrides)
        if flag:
            yield Problem(COMMAND_LINE, 0, dotted(place), fault.what, fault.hint)
        elif document is written.document or (id(document), place) not in told:
            yield document.problem(place, fault.what, fault.hint)
        told.add((id(document), place))
