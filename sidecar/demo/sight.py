"""What Wayside sees, read from Wayside alone: two scrapes of its /metrics, and what happened between them.

Nothing here knows what the demo's load sent or what its server did; were Wayside wrong, the demo would show it wrong.
"""

from __future__ import annotations

import re
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

SCRAPE_TIMEOUT_SECONDS = 3.0
SAMPLE = re.compile(r"^(\w+)(?:\{(.*?)\})? (\S+)", re.MULTILINE)
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Scrape:
    """One answer of /metrics: when it came, and its samples by name."""

    at_seconds: float
    samples: dict[str, list[tuple[dict[str, str], float]]]

    def of(self, name: str, **labels: str) -> Iterator[tuple[dict[str, str], float]]:
        """Yield the samples of a name whose labels hold those given."""
        for found, value in self.samples.get(name, ()):
            if labels.items() <= found.items():
                yield found, value

    def total(self, name: str, **labels: str) -> float:
        """Add up the samples of a name."""
        return sum(value for _, value in self.of(name, **labels))


@dataclass
class ModelSight:
    """One model between two scrapes."""

    calls_per_second: float = 0.0
    in_flight: int = 0
    p50_seconds: float | None = None
    p99_seconds: float | None = None
    outcomes: dict[str, int] = field(default_factory=dict)
    """Calls by outcome since the start of Wayside."""


@dataclass
class Sight:
    """Everything the demo shows."""

    models: dict[str, ModelSight]
    objectives: dict[str, tuple[int, int]]
    """Good and bad events of each objective."""
    upstream_up: bool


def scrape(url: str, at_seconds: float) -> Scrape:
    """Fetch and read /metrics; raises OSError where it does not answer."""
    with urllib.request.urlopen(url, timeout=SCRAPE_TIMEOUT_SECONDS) as answer:
        return parse(answer.read().decode(), at_seconds)


def parse(text: str, at_seconds: float) -> Scrape:
    """Read the text format: as much of it as Wayside's names and labels need."""
    samples: dict[str, list[tuple[dict[str, str], float]]] = defaultdict(list)
    for name, labels, value in SAMPLE.findall(text):
        samples[name].append((dict(LABEL.findall(labels)), float(value)))
    return Scrape(at_seconds, samples)


def quantile(before: Scrape, now: Scrape, model: str, wanted: float) -> float | None:
    """Estimate a latency quantile of what ended between two scrapes; None where nothing ended."""
    counts: dict[float, float] = defaultdict(float)
    for side, sign in ((now, 1.0), (before, -1.0)):
        for labels, value in side.of("wayside_latency_seconds_bucket", model=model):
            counts[float(labels["le"])] += sign * value
    edges = sorted(counts)
    if not edges or counts[edges[-1]] <= 0:
        return None
    rank = wanted * counts[edges[-1]]
    below_edge, below_count = 0.0, 0.0
    for edge in edges:
        if counts[edge] >= rank:
            if edge == float("inf"):
                return below_edge
            share = (rank - below_count) / ((counts[edge] - below_count) or 1.0)
            return below_edge + (edge - below_edge) * share
        below_edge, below_count = edge, counts[edge]
    return None


def see(before: Scrape, now: Scrape) -> Sight:
    """Put together what two scrapes tell."""
    seconds = max(now.at_seconds - before.at_seconds, 1e-9)
    models: dict[str, ModelSight] = {}
    for labels, value in now.of("wayside_calls_total", kind="inference"):
        seen = models.setdefault(labels["model"], ModelSight())
        outcome = labels["outcome"]
        seen.outcomes[outcome] = seen.outcomes.get(outcome, 0) + int(value)
    for model, seen in models.items():
        same = {"model": model, "kind": "inference"}
        ended = now.total("wayside_calls_total", **same) - before.total(
            "wayside_calls_total", **same
        )
        seen.calls_per_second = ended / seconds
        seen.in_flight = int(now.total("wayside_calls_in_flight", model=model))
        seen.p50_seconds = quantile(before, now, model, 0.50)
        seen.p99_seconds = quantile(before, now, model, 0.99)
    events: dict[str, dict[str, int]] = defaultdict(dict)
    for labels, value in now.of("wayside_slo_events_total"):
        events[labels["slo"]][labels["outcome"]] = int(value)
    objectives = {slo: (of.get("good", 0), of.get("bad", 0)) for slo, of in events.items()}
    return Sight(models, objectives, now.total("wayside_upstream_up") > 0)
