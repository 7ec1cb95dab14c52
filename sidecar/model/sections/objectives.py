"""Each objective: what was promised, which state it is in, its events, and how fast its budget burns.

An objective that is counted by model has a reading for each model, and one for `unknown` from the start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sidecar.model.objective import Objective, State


@dataclass(frozen=True, slots=True)
class Events:
    """Judged events, cumulative since the tap's start."""

    good: int = 0
    bad: int = 0
    excluded: int = 0
    excluded_by: tuple[tuple[str, int], ...] = ()  # by reason, each that there can be; their sum


@dataclass(frozen=True, slots=True)
class WindowReading:
    """What lies in one window that ends now. Of its oldest slot the share that still lies in it counts."""

    nanos: int  # its length
    covered_nanos: int  # how much of it there is: less than its length where counting began later
    good: float
    bad: float
    burn: float | None  # share of bad events / share that may be bad; None: nothing happened
    bad_minutes: int | None = None  # minutes of it in which something was bad; None: not told


@dataclass(frozen=True, slots=True)
class TierReading:
    """One tier now."""

    name: str
    severity: str
    long_nanos: int
    short_nanos: int  # 0: the tier of a state, which has no windows
    factor: float  # burn above which it fires, in both windows; 0 for the tier of a state
    firing: bool
    since_unix_nanos: int = 0  # firing since; 0: it does not
    held_by: str = ""  # it burns and does not fire: `guard` (too few bad events), `soon` (a state of under a minute)
    out_of_reach: bool = False  # without a disk its long window cannot be kept
    fires_in_nanos: int | None = None  # at the rate of the short window; None: never, or it fires


@dataclass(frozen=True, slots=True)
class Exhaustion:
    """When the budget is spent at the rate of a window, with the 95 % interval of that rate (Poisson)."""

    nanos: int  # 0: it is spent
    soonest_nanos: int
    latest_nanos: int | None  # None: perhaps never
    window_nanos: int  # whose rate


@dataclass(frozen=True, slots=True)
class Burn:
    """Windows, tiers and budget of one reading."""

    windows: tuple[WindowReading, ...]
    """Ascending by length; the last is the period, or 6 h without a disk."""
    tiers: tuple[TierReading, ...]
    budget_remaining: float | None
    """Of the period: 1 = untouched, below 0 = overspent; None: not known."""
    exhaustion: Exhaustion | None  # None: not known, or never at this rate
    retained_nanos: int  # the longest window that is kept: the period, or 6 h without a disk


@dataclass(frozen=True, slots=True)
class ObjectiveReading:
    """An objective, or one model of it, in this tick. Before its first event its counts are 0: that is the truth."""

    objective: Objective
    state: State
    events: Events = Events()
    model: str = ""  # of an objective counted by model
    burn: Burn | None = None  # None before the engine has looked


@dataclass(frozen=True, slots=True)
class Objectives:
    """All of them, in the order of the configuration."""

    readings: tuple[ObjectiveReading, ...] = ()
    clock_moved_nanos: int = 0
    """By how much the wall clock has moved against what has elapsed since the first tick."""
