"""The hint for a word that is not known: the nearest one that is, or all of them."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def nearest(word: str, known: Mapping[str, object]) -> str:
    """Return the known word that was probably meant; empty when none is near."""
    return next(iter(difflib.get_close_matches(word, known, n=1)), "")


def suggest(word: str, known: Mapping[str, object]) -> str:
    """Return a hint with the nearest known word, or all of them when none is near."""
    if near := nearest(word, known):
        return f"Did you mean {near!r}?"
    return f"Known here: {', '.join(sorted(known)) or 'nothing'}."
