"""Where state is kept, and whether that works."""

from __future__ import annotations

from dataclasses import dataclass

DISK, TAP = "disk", "tap"


@dataclass(frozen=True, slots=True)
class StoreReading:
    """The home of the state."""

    home: str = TAP  # disk: SQLite in state_dir; tap: the tap's memory, windows end at 6 h
    up: bool = True  # False: state_dir is configured, and nothing is kept there now
    reason: str = ""  # why not, for people
    set_aside: str = ""  # a file that could not be used was renamed to this
    behind_seconds: float = 0.0  # how old the oldest tick is that is not on the disk yet
