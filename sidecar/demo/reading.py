"""What Wayside sees, read from Wayside alone: its /api/v1/snapshot, and what happened between two of them.

Nothing here knows what the demo's load sent or what its server did; were Wayside wrong, the demo would show it wrong.
"""

from __future__ import annotations

import json
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

FETCH_TIMEOUT_SECONDS = 3.0

Document = dict[str, Any]
"""The snapshot as JSON; a part without data is absent. sidecar.web.document describes it."""


@dataclass
class ModelSight:
    """One model: the rate between two snapshots, everything else since Wayside started."""

    calls_per_second: float | None = None
    in_flight: int = 0
    p50_seconds: float | None = None
    p99_seconds: float | None = None
    outcomes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ObjectiveSight:
    """One objective: its events and its state."""

    good: int
    bad: int
    excluded: int
    state: str


@dataclass(frozen=True)
class TierSight:
    """One tier of one objective: whether it fires, and how fast its windows burn."""

    name: str
    firing: bool
    words: str


@dataclass(frozen=True)
class Sight:
    """Everything the demo shows."""

    models: dict[str, ModelSight]
    objectives: dict[str, ObjectiveSight]
    upstream_up: bool
    tiers: list[TierSight] = field(default_factory=list)

    def firing(self) -> dict[str, str]:
        """Return what is to say about each tier that fires."""
        return {tier.name: tier.words for tier in self.tiers if tier.firing}


def fetch(url: str) -> Document:
    """Fetch a snapshot; raises OSError where Wayside does not answer, or with something that is none."""
    with urllib.request.urlopen(url, timeout=FETCH_TIMEOUT_SECONDS) as answer:
        try:
            document: Document = json.load(answer)
        except ValueError as error:
            raise OSError(f"no snapshot: {error}") from error
    return document


def inference(rows: list[Document]) -> Iterator[Document]:
    """Leave out what is no inference: probes and administration."""
    return (row for row in rows if row["kind"] == "inference")


def calls_by_model(document: Document) -> dict[str, int]:
    """Add up the calls of each model."""
    calls: dict[str, int] = defaultdict(int)
    for row in inference(document["calls"]):
        calls[row["model"]] += row["calls"]
    return calls


def tiers_of(slo: Document) -> Iterator[TierSight]:
    """Read the tiers from /api/v1/slo; that of a state only while it fires."""
    for objective in slo["objectives"]:
        burns = {
            each["window"]: f"{each['window']} burns {each['burn']:.1f}" if "burn" in each else ""
            for each in objective.get("windows", [])
        }
        for tier in objective.get("tiers", []):
            name = f"{tier['name']} of {objective['name']}"
            if "factor" in tier:
                known = [burns.get(tier[each], "") for each in ("long", "short")]
                words = [*filter(None, known), f"it fires above {tier['factor']:g}"]
                yield TierSight(name, tier["firing"], ", ".join(words))
            elif tier["firing"]:
                yield TierSight(name, True, f"its state is {objective['state']}")


def see(before: Document, now: Document, slo: Document) -> Sight:
    """Put together what two snapshots and the document of the objectives tell."""
    seconds = now["uptime_seconds"] - before["uptime_seconds"]
    earlier = calls_by_model(before)
    models: dict[str, ModelSight] = defaultdict(ModelSight)
    for row in inference(now["calls"]):
        outcomes = models[row["model"]].outcomes
        outcomes[row["outcome"]] = outcomes.get(row["outcome"], 0) + row["calls"]
    for model, calls in calls_by_model(now).items():
        if seconds > 0:
            models[model].calls_per_second = (calls - earlier.get(model, 0)) / seconds
    for row in inference(now["in_flight"]):
        models[row["model"]].in_flight += row["calls"]
    for row in inference(now["timings"]):
        if row["outcome"] == "ok" and (latency := row.get("latency_seconds")):
            models[row["model"]].p50_seconds = latency["p50"]
            models[row["model"]].p99_seconds = latency["p99"]
    objectives = {
        row["name"]: ObjectiveSight(**row["events"], state=row["state"])
        for row in now["objectives"]
    }
    seen = {name: model for name, model in models.items() if model.outcomes or model.in_flight}
    up = all(each["up"] for each in now["upstreams"])
    return Sight(seen, objectives, up, list(tiers_of(slo)))
