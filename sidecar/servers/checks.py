"""What methods and routes of a YAML file have in common: its parts read, every mistake complained of with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sidecar.model.policy import Kind
from sidecar.text.suggest import suggest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sidecar.model.problem import Problem
    from sidecar.text.document import Document
    from sidecar.text.document import Path as Place

_KINDS = {kind.value: kind for kind in Kind}


class Checks:
    """Reads one document; collects problems instead of raising."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = list(document.problems)
        self.untested: dict[str, str] = {}  # method path or route -> why

    def complain(self, place: Place, what: str, hint: str = "") -> None:
        """Take a mistake at a place."""
        self.problems.append(self.document.problem(place, what, hint))

    def mapping(self, place: Place, value: object) -> dict[str, object]:
        """Return the mapping that is there; complain about anything else and return an empty one."""
        if isinstance(value, dict):
            return value
        self.complain(place, "is no mapping", "Write `name: value` pairs under it.")
        return {}

    def keys(self, place: Place, spec: dict[str, object], known: Mapping[str, object]) -> None:
        """Complain about keys that mean nothing."""
        for key in spec:
            if key not in known:
                self.complain((*place, key), "is an unknown key", suggest(key, known))

    def flag(self, place: Place, spec: dict[str, object], key: str) -> bool:
        """Return whether a flag is set."""
        value = spec.get(key, False)
        if not isinstance(value, bool):
            self.complain((*place, key), f"is {value!r}", "Use true or false.")
        return value is True

    def kind(self, place: Place, spec: dict[str, object]) -> Kind:
        """Return what a method or route is for; inference where it does not say."""
        kind = str(spec.get("kind", Kind.INFERENCE.value))
        if kind not in _KINDS:
            self.complain((*place, "kind"), f"{kind!r} is no kind", suggest(kind, _KINDS))
        return _KINDS.get(kind, Kind.INFERENCE)

    def head_bytes(self, place: Place, spec: dict[str, object], most: int) -> int:
        """Return how far into a message to look; 0 where it does not say."""
        value = spec.get("head_bytes", 0)
        if is_int(value, 0, most):
            assert isinstance(value, int)
            return value
        hint = f"Use a number of bytes up to {most}."
        self.complain((*place, "head_bytes"), f"{value!r} is out of range", hint)
        return 0

    def note_untested(self, name: str, spec: dict[str, object]) -> None:
        """Keep why a method or route is said to be untested, if it is."""
        if spec.get("untested"):
            self.untested[name] = str(spec["untested"])


def is_int(value: object, low: int, high: int) -> bool:
    """Tell whether a value is a whole number in a range; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
