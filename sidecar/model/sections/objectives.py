"""Each objective: what was promised, which state it is in, and its events."""

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
class ObjectiveReading:
    """An objective in this tick. Before its first event its counts are 0, and that is the truth."""

    objective: Objective
    state: State
    events: Events = Events()


@dataclass(frozen=True, slots=True)
class Objectives:
    """All of them, in the order of the configuration."""

    readings: tuple[ObjectiveReading, ...] = ()
