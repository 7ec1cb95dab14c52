"""What makes an event good: one class for each indicator, told apart by `kind`.

The tap judges them at the call. `kind` is a part of what an objective's counts are known by, so it never changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias


@dataclass(frozen=True, slots=True)
class Available:
    """The server answered well."""

    kind: ClassVar[str] = "available"


@dataclass(frozen=True, slots=True)
class LatencyBelow:
    """It did so within a time from the complete request to the complete answer."""

    kind: ClassVar[str] = "latency_below"
    threshold_nanos: int


@dataclass(frozen=True, slots=True)
class FirstResponseBelow:
    """Its first response message came within a time from the complete request."""

    kind: ClassVar[str] = "first_response_below"
    threshold_nanos: int


Indicator: TypeAlias = "Available | LatencyBelow | FirstResponseBelow"


def threshold_nanos(indicator: Indicator) -> int:
    """Return the time that decides; 0 where none does."""
    return 0 if isinstance(indicator, Available) else indicator.threshold_nanos


def to_json(indicator: Indicator) -> dict[str, Any]:
    """Return plain values that `from_json` takes."""
    return {"kind": indicator.kind, "threshold_nanos": threshold_nanos(indicator)}


def from_json(raw: dict[str, Any]) -> Indicator:
    """Read what `to_json` wrote; raises KeyError, TypeError or ValueError for anything else."""
    threshold = int(raw["threshold_nanos"])
    match raw["kind"]:
        case Available.kind:
            return Available()
        case LatencyBelow.kind:
            return LatencyBelow(threshold)
        case FirstResponseBelow.kind:
            return FirstResponseBelow(threshold)
    raise ValueError(f"{raw['kind']!r} is no indicator")
