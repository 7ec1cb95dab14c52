"""Where each objective was written: in the configuration itself, or in one of its files of objectives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sidecar.text.document import dotted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sidecar.model.problem import Problem
    from sidecar.text.document import Document, Path

OBJECTIVES = "slos"


@dataclass(frozen=True, slots=True)
class Entry:
    """One objective of another file, in the short form, and where its parts were written."""

    value: object
    places: Mapping[Path, tuple[Document, Path]]
    """By the part of the short form; () at least. What is not there stands inside what is around it."""


@dataclass(frozen=True, slots=True)
class Written:
    """The configuration, whose list of objectives goes on with those of other files."""

    document: Document
    own: int = 0  # objectives of the configuration itself
    entries: Sequence[Entry] = field(default_factory=tuple)

    def place(self, path: Path) -> tuple[Document, Path]:
        """Return in which document, and where there, a part of the whole was written."""
        if path[:1] != (OBJECTIVES,) or len(path) < 2 or not isinstance(path[1], int):
            return self.document, path
        if path[1] < self.own:
            return self.document, path
        places, inside = self.entries[path[1] - self.own].places, path[2:]
        length = max(n for n in range(len(inside) + 1) if inside[:n] in places)
        document, around = places[inside[:length]]
        return document, (*around, *inside[length:])

    def problem(self, path: Path, what: str, hint: str) -> Problem:
        """Return a problem at a part of the whole."""
        document, place = self.place(path)
        return document.problem(place, what, hint)

    def words(self, path: Path, seen_from: Path) -> str:
        """Say where a part is: by its field; by its line in another document of the file; by file and line."""
        document, place = self.place(path)
        here, _ = self.place(seen_from)
        if document is here:
            return dotted(place)
        line = document.line(place)
        return f"line {line}" if document.file == here.file else f"{document.file}:{line}"
