"""From sources to a checked configuration: every problem at once, each with its line and a hint.

Strict (`wayside check`, reloads): any problem refuses the whole. Tolerant (`wayside run`): a bad part is left out,
because an SLO typo must not stop a fleet; only a bad listener leaves nothing to run.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError

from sidecar.config.prune import Pruned
from sidecar.config.quantities import QuantityError
from sidecar.config.schema import EXAMPLES, Root
from sidecar.config.sources import COMMAND_LINE, Sources
from sidecar.model.problem import Problem
from sidecar.servers.outcomes import read_rules
from sidecar.text.document import Document, Path, dotted, read_document
from sidecar.text.suggest import suggest

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

# Each objective costs the tap two comparisons per call and control a dozen lines of /metrics.
MAX_OBJECTIVES = 64


@dataclass(frozen=True, slots=True)
class Checked:
    """What is left of a configuration and what is wrong with it; without usable listeners there is nothing to run."""

    root: Root
    usable: bool
    document: Document
    problems: tuple[Problem, ...]


_EVERY_INTERFACE = frozenset({"", "0.0.0.0", "[::]"})

# In place of unusable listeners, so that the rest is checked all the same.
_STAND_IN = [{"listen": ":1", "upstream": "stand-in:1"}]


@dataclass(frozen=True, slots=True)
class _Fault:
    """A problem before it has a line."""

    path: Path
    what: str
    hint: str


def check(sources: Sources) -> Checked:
    """Read and validate, leaving out what is wrong."""
    document = read_document(sources.file) if sources.file else Document(COMMAND_LINE)
    problems = list(document.problems)
    data = document.value if not document.problems or document.value else {}
    if not isinstance(data, dict | None):
        problems.append(document.problem((), "is no mapping", "Start with listeners:."))
    data = copy.deepcopy(data) if isinstance(data, dict) else {}
    _apply(sources, data)
    root, usable, faults = _validate(data)
    problems += [_located(fault, document, sources) for fault in faults]
    return Checked(root, usable, document, tuple(problems))


def _apply(sources: Sources, data: dict[str, Any]) -> None:
    """Put the flags' values where the file's would stand."""
    for path, value in sources.overrides.items():
        part = data
        for key in path[:-1]:
            if not isinstance(part.get(key), dict):
                part[key] = {}
            part = part[key]
        part[path[-1]] = value


def _validate(data: dict[str, Any]) -> tuple[Root, bool, list[_Fault]]:
    """Validate, leave out what is wrong, and validate again until what is left is right.

    Returns (what is left, whether its listeners are the user's, faults).
    """
    pruned = Pruned(data)
    usable = True
    faults: list[_Fault] = []
    while True:
        root, found = _validate_once(pruned.data)
        faults += [replace(fault, path=pruned.original(fault.path)) for fault in found]
        if root is not None and not found:
            return root, usable, faults
        elsewhere = [fault.path for fault in found if fault.path[:1] != ("listeners",)]
        if len(elsewhere) < len(found):
            usable = False
            pruned.data["listeners"] = _STAND_IN
        removed = pruned.remove(elsewhere)
        if not removed and len(elsewhere) == len(found):
            pruned.data.clear()  # a fault nobody can point at: nothing is left rather than a loop without end


def _validate_once(data: dict[str, Any]) -> tuple[Root | None, list[_Fault]]:
    """Validate field by field, then across fields."""
    try:
        root = Root.model_validate(data)
    except ValidationError as error:
        return None, [_fault(detail) for detail in error.errors(include_url=False)]
    return root, _cross_faults(root)


def _cross_faults(root: Root) -> list[_Fault]:
    """Find what no field can see alone: doubles among names and addresses, a listener before itself, rules."""
    faults = [
        _Fault(("outcomes", *each.path), each.what, each.hint)
        for each in read_rules(root.outcomes)[1]
    ]
    seen: dict[str, int] = {}
    for at, slo in enumerate(root.slos):
        if slo.name in seen:
            what = f"{slo.name!r} is already the name of slos[{seen[slo.name]}]"
            faults.append(
                _Fault(("slos", at, "name"), what, "Names become labels: choose another.")
            )
        elif len(seen) == MAX_OBJECTIVES:
            what = f"is one more than the {MAX_OBJECTIVES} objectives that are counted"
            faults.append(
                _Fault(("slos", at), what, "Let globs cover several models in one objective.")
            )
        else:
            seen[slo.name] = at
    taken: set[str] = set()
    for at, listener in enumerate(root.listeners):
        host, _, port = listener.listen.rpartition(":")
        place = f":{port}" if host in _EVERY_INTERFACE else listener.listen
        if place in taken and port != "0":
            what = f"{listener.listen} is already taken by another listener"
            faults.append(_Fault(("listeners", at, "listen"), what, "Choose another port."))
        taken.add(place)
        if _leads_back(listener.listen, listener.upstream):
            hint = "Move the model server to another port and name that as upstream."
            faults.append(_Fault(("listeners", at, "upstream"), "is the listener itself", hint))
    return faults


def _leads_back(listen: str, upstream: str) -> bool:
    """Say whether an upstream is plainly the listener's own address."""
    host, _, port = listen.rpartition(":")
    names = {host, "127.0.0.1", "localhost", "[::1]"} if host in _EVERY_INTERFACE else {host}
    return upstream in {f"{name}:{port}" for name in names}


def _fault(detail: ErrorDetails) -> _Fault:
    """Say in words what pydantic found."""
    path: Path = tuple(detail["loc"])
    kind = detail["type"]
    if kind == "missing":
        name = str(path[-1])
        return _Fault(
            path, "is missing", f"Add {EXAMPLES[name]}." if name in EXAMPLES else "Add it."
        )
    if kind == "extra_forbidden":
        return _Fault(path, "is an unknown key", suggest(str(path[-1]), known_keys(path[:-1])))
    context = detail.get("ctx", {})
    cause = context.get("error")
    if isinstance(cause, QuantityError):
        return _Fault(path, cause.what, cause.hint)
    if kind == "literal_error":
        return _Fault(path, f"is {detail['input']!r}", f"Use {context['expected']}.")
    message = detail["msg"]
    return _Fault(path, f"is {_shown(detail['input'])}: {message[:1].lower()}{message[1:]}", "")


def _shown(value: object) -> str:
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


def _located(fault: _Fault, document: Document, sources: Sources) -> Problem:
    """Give a fault its file and line, or the flag it came from."""
    for path in sources.overrides:
        if fault.path[: len(path)] == path:
            return Problem(COMMAND_LINE, 0, dotted(fault.path), fault.what, fault.hint)
    return document.problem(fault.path, fault.what, fault.hint)
