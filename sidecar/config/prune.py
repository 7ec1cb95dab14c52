"""Leaving out what is wrong, the smallest part that makes sense without it, while remembering the original places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sidecar.text.document import Path

# An objective and a rule on a code stand or fall as a whole: half of one would be another one.
_OBJECTIVES, _RULES = "slos", "outcomes"
# So does a tier; and an Alertmanager, which half of its settings would tell a secret, or believe whoever answers.
_TIERS = ("alerts", "tiers")
_ALERTMANAGERS = ("alerts", "alertmanagers")


class Pruned:
    """Plain data that loses parts; `original` translates today's places into those of the file."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self.left_out: set[Path] = set()
        """Original places of what is gone."""
        self._origins: dict[Path, list[int]] = {}

    def original(self, path: Path) -> Path:
        """Return where something stood before anything was left out."""
        for length in range(1, len(path)):
            origins, index = self._origins.get(path[:length]), path[length]
            if origins is not None and isinstance(index, int):
                return (*path[:length], origins[index], *path[length + 1 :])
        return path

    def remove(self, paths: Iterable[Path]) -> bool:
        """Leave out the parts around these places; say whether anything went."""
        targets = {target for path in paths if (target := self._target(path))}
        # Later items first: removing one shifts those behind it.
        ordered = sorted(targets, key=lambda target: [str(part).zfill(9) for part in target])
        for target in reversed(ordered):
            self._remove(target)
        if any(target[:2] == _TIERS for target in targets):
            self._usual_tiers()
        return bool(targets)

    def _usual_tiers(self) -> None:
        """Where every tier was wrong the usual ones are in force: an empty list would mean that nobody is told."""
        if self.data[_TIERS[0]].get(_TIERS[1]) == []:
            del self.data[_TIERS[0]][_TIERS[1]]

    def _target(self, path: Path) -> Path:
        """Return the part to leave out for a fault at a place: as much of the path as leads to something."""
        if path[:1] == (_OBJECTIVES,):
            path = path[:2]
        elif path[:1] == (_RULES,):
            path = path[:3] if _is_item(path[2:3]) else path[:2]
        elif path[:2] in (_TIERS, _ALERTMANAGERS):
            path = path[:3]
        part: Any = self.data
        for length, key in enumerate(path):
            if not _holds(part, key):
                return path[:length]
            part = part[key]
        return path

    def _remove(self, target: Path) -> None:
        self.left_out.add(self.original(target))
        part: Any = self.data
        for key in target[:-1]:
            part = part[key]
        if isinstance(part, list):
            origins = self._origins.setdefault(target[:-1], list(range(len(part))))
            index = target[-1]
            assert isinstance(index, int)
            del origins[index]
        del part[target[-1]]


def _is_item(step: Path) -> bool:
    return bool(step) and isinstance(step[0], int)


def _holds(part: object, key: str | int) -> bool:
    if isinstance(part, list):
        return isinstance(key, int) and key < len(part)
    return isinstance(part, dict) and key in part
