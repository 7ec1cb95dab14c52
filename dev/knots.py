"""Modules that import each other in a circle."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Import:
    """A module uses another, both by name."""

    source: Path
    line: int
    importer: str
    imported: str


def knots(imports: Iterable[Import]) -> list[list[str]]:
    """Return the sets of modules of which each leads to every other: the strongly connected components."""
    leads: dict[str, set[str]] = {}
    for each in imports:
        leads.setdefault(each.importer, set()).add(each.imported)

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        ahead = [start]
        while ahead:
            new = leads.get(ahead.pop(), set()) - seen
            seen |= new
            ahead += new
        return seen

    reach = {module: reached(module) for module in leads}
    found = {
        frozenset(other for other in to if module in reach.get(other, set()))
        for module, to in reach.items()
        if module in to
    }
    return sorted(sorted(knot) for knot in found)
