"""Which files a policy was made of, and their content. Imports nothing heavy: control sees by it whether they moved."""

from __future__ import annotations

import glob
import hashlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_FILE_BYTES = 1_000_000
# Of one pattern, in the order of their names. There are at most 64 objectives.
MAX_MATCHES = 256
WILDCARDS = frozenset("*?[")


def watched(file: str) -> str:
    """Return what stands for one file among paths and patterns: itself, its wildcards told to be none."""
    return glob.escape(os.path.abspath(file))


def pattern_in(folder: str, name: str) -> str:
    """Return a path or a pattern of files, as written in a file of that folder."""
    if not WILDCARDS & set(name):
        return watched(os.path.join(folder, name))
    return os.path.abspath(os.path.join(glob.escape(folder), name))


def matches(pattern: str) -> list[str]:
    """Return the files that a pattern stands for now, sorted by name. It lists one folder: see `expand`."""
    try:
        return sorted(filter(os.path.isfile, glob.iglob(pattern)))
    except ValueError:  # a name that no file can have
        return []


def expand(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the files that paths and patterns stand for now, in order, each once.

    A path without wildcards stands for itself, there or not. Called on every tick: wildcards are in names of files
    alone (sidecar/config/slo_files.py), so that a pattern costs the listing of one folder.
    """
    found: dict[str, None] = {}
    for path in paths:
        several = matches(path)[:MAX_MATCHES] if WILDCARDS & set(path) else [path]
        found.update(dict.fromkeys(several))
    return tuple(found)


def content_hash(contents: Iterable[bytes], salt: str) -> str:
    """Return a hash of files' contents, in order, and of what beside them decides the policy (flags)."""
    digest = hashlib.sha256(salt.encode())
    for content in contents:
        digest.update(len(content).to_bytes(8, "big"))
        digest.update(content)
    return digest.hexdigest()[:16]


def hash_of_files(paths: Iterable[str], salt: str) -> str | None:
    """Return the hash of files as they are now; None when one cannot be read. A pipe may keep its reader waiting."""
    contents = []
    for path in expand(paths):
        if not os.path.isfile(path):
            return None
        try:
            with open(path, "rb") as handle:
                contents.append(handle.read(MAX_FILE_BYTES + 1))
        except OSError:
            return None
    return content_hash(contents, salt)
