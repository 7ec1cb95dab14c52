"""What makes an event good: one class for each indicator, told apart by `kind`.

The tap judges them at the call. `kind` is a part of what an objective's counts are known by, so it never changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from sidecar.model.duration import duration_text
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
class FirstTokenBelow:
    """Its first response message came within a time from the complete request.

    The time may grow with the prompt: `threshold_nanos + nanos_per_prompt_token x tokens`, where tokens that the server
    found in its cache do not count, and never above `up_to_nanos`.
    """

    kind: ClassVar[str] = "first_token_below"
    threshold_nanos: int
    nanos_per_prompt_token: int = 0
    up_to_nanos: int = 0  # 0: it does not grow


@dataclass(frozen=True, slots=True)
class TokenTimeBelow:
    """Time per output token: (last - first) / (tokens - 1), judged at the end."""

    kind: ClassVar[str] = "token_time_below"
    threshold_nanos: int


@dataclass(frozen=True, slots=True)
class LongestGapBelow:
    """No wait between two response messages of a stream was longer; bad the moment an open stream crosses it."""

    kind: ClassVar[str] = "longest_gap_below"
    threshold_nanos: int


Part: TypeAlias = "Available | LatencyBelow | FirstTokenBelow | TokenTimeBelow | LongestGapBelow"


@dataclass(frozen=True, slots=True)
class All:
    """Goodput: one request meets all of them. Any part bad is bad, else any part excluded is excluded."""

    kind: ClassVar[str] = "all"
    parts: tuple[Part, ...]


Indicator: TypeAlias = "Part | All"

_TIMED = {each.kind: each for each in (LatencyBelow, TokenTimeBelow, LongestGapBelow)}


def parts_of(indicator: Indicator) -> tuple[Part, ...]:
    """Return what is judged: the parts of goodput, or the one indicator itself."""
    return indicator.parts if isinstance(indicator, All) else (indicator,)


def counted_by(indicator: Indicator) -> list[Any]:
    """Return what its counts are known by: the kind, and the times that decide, unless they are the usual ones."""
    match indicator:
        case All(parts):
            return [indicator.kind, *map(counted_by, parts)]
        case Available(give_up):
            return [indicator.kind, 0 if give_up == DEFAULT_GIVE_UP_NANOS else give_up]
        case FirstTokenBelow(threshold, each, up_to) if up_to:
            return [indicator.kind, threshold, each, up_to]
        case _:
            return [indicator.kind, indicator.threshold_nanos]


def text_of(indicator: Indicator) -> str:
    """Return what a person would write in the file: `latency_below: 100ms`."""
    match indicator:
        case All(parts):
            inside = ", ".join(f"{{{text_of(part)}}}" for part in parts)
            return f"all: [{inside}]"
        case Available(give_up):
            usual = give_up == DEFAULT_GIVE_UP_NANOS
            return f"available: {'true' if usual else f'{{give_up: {duration_text(give_up)}}}'}"
        case FirstTokenBelow(threshold, each, up_to) if up_to:
            base, slope, most = map(duration_text, (threshold, each, up_to))
            return f"first_token_below: {base} + {slope}/prompt_token up to {most}"
        case _:
            return f"{indicator.kind}: {duration_text(indicator.threshold_nanos)}"


def to_json(indicator: Indicator) -> dict[str, Any]:
    """Return plain values that `from_json` takes."""
    match indicator:
        case All(parts):
            return {"kind": indicator.kind, "parts": [to_json(part) for part in parts]}
        case Available(give_up):
            return {"kind": indicator.kind, "give_up_nanos": give_up}
        case FirstTokenBelow(threshold, each, up_to):
            grows = {"nanos_per_prompt_token": each, "up_to_nanos": up_to}
            return {"kind": indicator.kind, "threshold_nanos": threshold, **grows}
        case _:
            return {"kind": indicator.kind, "threshold_nanos": indicator.threshold_nanos}


def from_json(raw: dict[str, Any]) -> Indicator:
    """Read what `to_json` wrote; raises KeyError, TypeError or ValueError for anything else."""
    if raw["kind"] == All.kind:
        return All(tuple(_part(each) for each in raw["parts"]))
    return _part(raw)


def _part(raw: dict[str, Any]) -> Part:
    kind = raw["kind"]
    if kind == Available.kind:
        return Available(int(raw["give_up_nanos"]))
    if kind == FirstTokenBelow.kind:
        grows = int(raw["nanos_per_prompt_token"]), int(raw["up_to_nanos"])
        return FirstTokenBelow(int(raw["threshold_nanos"]), *grows)
    if kind in _TIMED:
        return _TIMED[kind](int(raw["threshold_nanos"]))
    raise ValueError(f"{kind!r} is no indicator")
