"""How many lives control has had, as far as the state remembers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sidecar.store.face import Store

KEY = "control/lives"
# Nobody has lived so often: what is longer was not written here.
MAX_DIGITS = 19


def begin_life(store: Store) -> int:
    """Count this life and return its number, from 1."""
    before = store.read(KEY) or b"0"
    life = (int(before) if before.isdigit() and len(before) < MAX_DIGITS else 0) + 1
    store.write(KEY, str(life).encode())
    store.commit()
    return life
