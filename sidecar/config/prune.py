"""Leaving out what is wrong, the smallest part that makes sense without it, while remembering the original places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sidecar.text.document import Path

# Lists whose items stand alone: one bad item is left out, the others stay. Half an objective would be another one.
_LISTS: tuple[Path, ...] = (("slos",), ("models",), ("server", "files"))


class Pruned:
    """Plain data that loses parts; `original` translates today's places into those of the file."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self._origins: dict[Path, list[int]] = {}

    def original(self, path: Path) -> Path:
        """Return where something stood before anything was left out."""
        for prefix in _LISTS:
            at = len(prefix)
            if prefix in self._origins and path[:at] == prefix and len(path) > at:
                index = path[at]
                assert isinstance(index, int)
                return (*prefix, self._origins[prefix][index], *path[at + 1 :])
        return path

    def remove(self, paths: Iterable[Path]) -> bool:
        """Leave out the parts around these places; say whether anything went."""
        targets = {_target(path) for path in paths if path}
        # Later items first: removing one shifts those behind it.
        ordered = sorted(targets, key=lambda target: [str(part).zfill(9) for part in target])
        return any([self._remove(target) for target in reversed(ordered)])

    def _remove(self, target: Path) -> bool:
        part: Any = self.data
        for key in target[:-1]:
            part = part[key] if isinstance(part, dict) and key in part else None
        if isinstance(part, list):
            origins = self._origins.setdefault(target[:-1], list(range(len(part))))
            index = target[-1]
            assert isinstance(index, int)
            del part[index], origins[index]
            return True
        if isinstance(part, dict) and target[-1] in part:
            del part[target[-1]]
            return True
        return len(target) > 1 and self._remove(target[:-1])


def _target(path: Path) -> Path:
    """Return the part to leave out for a fault at a place: a list item, else a setting, else a section."""
    for prefix in _LISTS:
        if path[: len(prefix)] == prefix:
            return path[: len(prefix) + 1]
    return path[:2]
