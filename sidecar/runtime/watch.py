"""Noticing that configuration files changed, Kubernetes' symlink swap included, without reading them each tick."""

from __future__ import annotations

import os

from sidecar.config.files import expand

Signature = tuple[tuple[str, int, int, int, int] | None, ...]


def signature(paths: tuple[str, ...]) -> Signature:
    """Return what changes when a file's content may have: where links lead, inode, time, size; None = unreadable.

    A pattern stands for the files that it matches now: one that comes or goes is a change.
    """
    return tuple(_one(path) for path in expand(paths))


def _one(path: str) -> tuple[str, int, int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return os.path.realpath(path), found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


class Watch:
    """Says once per change, and only when the files have been still for one tick: writers write in several steps."""

    def __init__(self, paths: tuple[str, ...], settled: bool) -> None:
        """`settled`: the files are known to hold what is in force."""
        self.paths = paths
        self._seen = signature(paths)
        self._handled: Signature | None = self._seen if settled else None

    def changed(self) -> bool:
        """Look, once per tick. True: read the files now."""
        now = signature(self.paths)
        still = now == self._seen
        self._seen = now
        if not still or now == self._handled:
            return False
        self._handled = now
        return True

    def again(self) -> None:
        """Report the present content once more: what was tried with it failed for another reason."""
        self._handled = None
