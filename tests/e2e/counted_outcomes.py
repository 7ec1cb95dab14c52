"""What /metrics says of outcomes, and what of it moved."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from tests.e2e.outcome_row import Told

Moved: TypeAlias = "Counter[tuple[str, ...]]"
"""By what was counted, and how."""
SAMPLE = re.compile(r"(wayside_\w+)\{([^}]*)\} (\S+)")
LABEL = re.compile(r'(\w+)="([^"]*)"')
COUNTERS: dict[str, Sequence[str]] = {
    "wayside_calls_total": ("code", "ended_by", "outcome"),
    "wayside_requests_total": ("code", "ended_by", "outcome"),
    "wayside_slo_events_total": ("slo", "outcome"),
    "wayside_slo_excluded_total": ("slo", "reason"),
}
OBJECTIVES = ("up", "fast", "first")


def counted(page: str) -> Moved:
    """Read the counters that outcomes move, inference only, by the labels that are theirs."""
    found: Moved = Counter()
    for name, labels, value in SAMPLE.findall(page):
        keys = COUNTERS.get(name)
        held = dict(LABEL.findall(labels))
        if keys and held.get("kind", "inference") == "inference":
            counter = (name, *(held[key] for key in keys))
            found[counter] += int(float(value))
    return found


def calls(found: Moved) -> int:
    """Add up the calls."""
    return sum(count for key, count in found.items() if key[0] == "wayside_calls_total")


def moved(before: Moved, after: Moved) -> dict[tuple[str, ...], int]:
    """Return what moved, and by how much."""
    return {key: after[key] - before[key] for key in after if after[key] != before[key]}


def expected(
    told: Iterable[Told], objectives: Sequence[str] = OBJECTIVES
) -> dict[tuple[str, ...], int]:
    """Return what must move for these calls, and nothing else."""
    wanted: Moved = Counter()
    for each in told:
        call = ("wayside_calls_total", *each.call)
        request = ("wayside_requests_total", *(each.request or each.call))
        wanted[call] += 1
        if each.requests:
            wanted[request] += each.requests
        wanted += events(objectives, each.moved())
    return dict(wanted)


def events(objectives: Sequence[str], moves: Sequence[str]) -> Moved:
    """Return the events of objectives: good, bad, or a reason for which it is left out; empty: none."""
    wanted: Moved = Counter()
    for slo, event in zip(objectives, moves, strict=True):
        if event in ("good", "bad"):
            wanted["wayside_slo_events_total", slo, event] += 1
        elif event:
            wanted["wayside_slo_events_total", slo, "excluded"] += 1
            wanted["wayside_slo_excluded_total", slo, event] += 1
    return wanted
