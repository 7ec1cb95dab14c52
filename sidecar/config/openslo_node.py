"""A part of an OpenSLO document: its value, its place, and the list that complaints about it go to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sidecar.text.suggest import suggest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sidecar.model.problem import Problem
    from sidecar.text.document import Document, Path


@dataclass(frozen=True, slots=True)
class Node:
    """One value."""

    document: Document
    path: Path
    value: Any
    problems: list[Problem]

    @property
    def place(self) -> tuple[Document, Path]:
        """Return where it was written."""
        return self.document, self.path

    def wrong(self, what: str, hint: str) -> None:
        """Complain of it."""
        self.problems.append(self.document.problem(self.path, what, hint))

    def instead(self, value: Any) -> Node:
        """Return another value in the same place."""
        return replace(self, value=value)

    def child(self, key: str) -> Node | None:
        """Return what stands under a key; None where there is nothing."""
        if not isinstance(self.value, dict) or key not in self.value:
            return None
        return Node(self.document, (*self.path, key), self.value[key], self.problems)

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value under a key."""
        found = self.child(key)
        return default if found is None else found.value

    def need(self, key: str, hint: str) -> Node | None:
        """Return what stands under a key, and complain where there is nothing in a mapping."""
        found = self.child(key)
        if found is None and isinstance(self.value, dict):
            missing = replace(self, path=(*self.path, key))
            missing.wrong("is missing", hint)
        return found

    def items(self) -> list[Node] | None:
        """Return the items of a list; None where it is none."""
        if not isinstance(self.value, list):
            return None
        return [
            Node(self.document, (*self.path, at), item, self.problems)
            for at, item in enumerate(self.value)
        ]

    def keys(self, known: Sequence[str], refused: Mapping[str, str] | None = None) -> bool:
        """Say whether it is a mapping with these keys alone; complain of others. `refused`: key -> what to do."""
        if not isinstance(self.value, dict):
            self.wrong("is no mapping", f"Known here: {', '.join(known)}.")
            return False
        others = [key for key in self.value if key not in known]
        for key in others:
            place = replace(self, path=(*self.path, key))
            if refused and key in refused:
                place.wrong("is not read", refused[key])
            else:
                place.wrong("is an unknown key", suggest(key, dict.fromkeys(known)))
        return not others
