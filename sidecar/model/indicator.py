"""What makes an event good: one class for each indicator, told apart by `kind`.

The tap judges them at the call. `kind` is a part of what an objective's counts are known by, so it never changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from sidecar.model.outcomes import DEFAULT_GIVE_UP_NANOS


@dataclass(frozen=True, slots=True)
class Available:
    """The server answered well. Over HTTP a client that left after `give_up_nanos` without anything new gave up."""

    kind: ClassVar[str] = "available"
    give_up_nanos: int = DEFAULT_GIVE_UP_NANOS


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


def counted_by(indicator: Indicator) -> list[str | int]:
    """Return what its counts are known by: the kind, and the time that decides, unless it is the usual one."""
    if not isinstance(indicator, Available):
        return [indicator.kind, indicator.threshold_nanos]
    usual = indicator.give_up_nanos == DEFAULT_GIVE_UP_NANOS
    return [indicator.kind, 0 if usual else indicator.give_up_nanos]


def to_json(indicator: Indicator) -> dict[str, Any]:
    """Return plain values that `from_json` takes."""
    if isinstance(indicator, Available):
        return {"kind": indicator.kind, "give_up_nanos": indicator.give_up_nanos}
    return {"kind": indicator.kind, "threshold_nanos": indicator.threshold_nanos}


def from_json(raw: dict[str, Any]) -> Indicator:
    """Read what `to_json` wrote; raises KeyError, TypeError or ValueError for anything else."""
    match raw["kind"]:
        case Available.kind:
            return Available(int(raw["give_up_nanos"]))
        case LatencyBelow.kind:
            return LatencyBelow(int(raw["threshold_nanos"]))
        case FirstResponseBelow.kind:
            return FirstResponseBelow(int(raw["threshold_nanos"]))
    raise ValueError(f"{raw['kind']!r} is no indicator")
