"""Globs of models and methods, as the tap reads them (dataplane/tap/src/events.rs): `*` is any bytes, `?` is one.

Brackets stand for themselves, unlike in patterns of files. The time it takes is bounded by the two lengths multiplied,
whatever the pattern: names come from the wire.
"""

from __future__ import annotations

from functools import lru_cache

_ANY, _ONE = b"*?"
# Models and methods that are told apart, times the objectives that ask each tick.
_REMEMBERED = 8192


@lru_cache(maxsize=_REMEMBERED)
def matches(glob: str, name: str) -> bool:
    """Say whether a glob names it all; an empty one names anything."""
    pattern, text = glob.encode(), name.encode()
    if not pattern:
        return True
    at = seen = 0
    star, begin = -1, 0  # of the last `*`, and where what it stands for ends for now
    while seen < len(text):
        wanted = pattern[at] if at < len(pattern) else None
        if wanted == _ANY:
            star, begin = at, seen
            at += 1
        elif wanted is not None and wanted in (_ONE, text[seen]):
            at, seen = at + 1, seen + 1
        elif star >= 0:
            begin += 1
            at, seen = star + 1, begin
        else:
            return False
    return not pattern[at:].strip(b"*")
