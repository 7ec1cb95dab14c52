"""Tests for promtool of rendered rules: when they fire, and when not.

What is expected stands here as literal minutes, worked out by hand from the closed form (a tier fires after
threshold / errors x long window, and clears short window x (1 - threshold / errors) after the end) and the guard, and
never from the table of tiers that renders the rules: a wrong factor there is to be found here. So tests of burning are
for the usual tiers over 30 days of 99.9, 99 and 95 %; of other objectives there is what holds for all of them.

Samples are a minute apart. Up to Prometheus 2 a range has both its ends, since 3 it lacks the older: moments at which
one sample of a short window decides are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alerts.promql import quoted
from alerts.relabel import WORKLOAD
from alerts.scope import PLACE
from sidecar.model.tiers import DEFAULT_MIN_BAD, DEFAULT_PERIOD_NANOS, DEFAULT_TIERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alerts.scope import Scope
    from sidecar.model.objective import Objective

PER_MINUTE = 1000


@dataclass(frozen=True, slots=True)
class Moments:
    """Minutes after errors begin at which a tier is silent yet, and fires; after their end it fires yet, is silent."""

    silent: int
    fires: int
    still: int
    clear: int


@dataclass(frozen=True, slots=True)
class Burning:
    """What an objective does under errors of one share that begin at once."""

    bad: int  # of 1,000 requests a minute
    minutes: int  # for so long
    fast: Moments
    slow: Moments


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected of the usual tiers of one target."""

    pages: Burning  # after 6 hours without errors, evaluated each minute
    tickets: Burning  # after 3 days without errors, evaluated each 5 minutes
    replica_bad: (
        int  # of 1,000 of one replica of twenty: far beyond its share, and nothing for the fleet
    )


# Of tickets there are more than 50 bad events in each evaluation, so the guard asks no more of them.
EXPECTED = {
    "0.999": Expected(
        Burning(150, 20, Moments(5, 6, 3, 5), Moments(14, 15, 27, 29)),
        Burning(20, 360, Moments(215, 220, 100, 105), Moments(215, 220, 340, 345)),
        10,
    ),
    "0.99": Expected(
        Burning(1000, 30, Moments(8, 9, 3, 5), Moments(24, 25, 27, 29)),
        Burning(100, 600, Moments(430, 435, 80, 85), Moments(430, 435, 320, 325)),
        80,
    ),
    "0.95": Expected(
        Burning(1000, 120, Moments(42, 44, 1, 2), Moments(109, 110, 20, 22)),
        Burning(500, 600, Moments(430, 435, 80, 85), Moments(430, 435, 320, 325)),
        400,
    ),
}


def expected_of(objective: Objective) -> Expected | None:
    """Return what is expected of an objective with the usual tiers; None of any other."""
    usual = (objective.tiers, objective.window_nanos, objective.min_bad)
    is_usual = usual == (DEFAULT_TIERS, DEFAULT_PERIOD_NANOS, DEFAULT_MIN_BAD)
    return EXPECTED.get(objective.ratio) if is_usual else None


def counter(*phases: tuple[int, int], begin: str = "0") -> str:
    """Return a counter from 0 on: so many a minute, for so many minutes, one phase after the other."""
    value, words = 0, [begin]
    for rate, minutes in phases:
        words.append(f"{value + rate}+{rate}x{minutes - 1}")
        value += rate * minutes
    return " ".join(words)


def fleet(name: str, scope: Scope, objective: Objective | None = None) -> dict[str, str]:
    """Return the labels of a fleet, and of an objective of it."""
    labels = _labels(name, scope, scope.by)
    if objective:
        labels["slo"] = objective.name
    if objective and objective.per_model:
        labels["model"] = "resnet50"
    return labels


def replicas_of(name: str, scope: Scope) -> dict[str, str]:
    """Return the labels of the replicas of a workload."""
    return _labels(name, scope, WORKLOAD)


def deployment_of(name: str, scope: Scope) -> dict[str, str]:
    """Return the labels that kube-state-metrics has of what made the same workload."""
    labels = _labels(name, scope, WORKLOAD)
    return {**labels, "deployment": labels.pop(WORKLOAD)}


def _labels(name: str, scope: Scope, by: str) -> dict[str, str]:
    """Return labels of which one has this name: one that the rules do not ask to be another."""
    asked = {label: value for label, value in scope.matchers if label in (*PLACE, by)}
    free = next(label for label in (by, *reversed(PLACE)) if label not in asked)
    return {"namespace": "ml", by: "chat", **asked, free: name}


def can_test(scope: Scope) -> bool:
    """Say whether a label is left that tells one case from another."""
    return not {*PLACE, scope.by} <= {label for label, _ in scope.matchers}


def selector(labels: Mapping[str, str], **more: str) -> str:
    """Return what selects series, or names one."""
    held = {**labels, **more}
    return f"{{{', '.join(f'{name}={quoted(value)}' for name, value in held.items())}}}"


def flat(value: int, minutes: int) -> str:
    """Return a counter, or a gauge, that stays as it is: a sample for each minute, and the first one."""
    return f"{value}+0x{minutes}"


def steps(every: int, minutes: int) -> str:
    """Return a counter that goes up by one so often."""
    return " ".join(flat(at, every - 1) for at in range(minutes // every)) + f" {minutes // every}"


# What the templates call.
WORDS = {
    "counter": counter,
    "deployment_of": deployment_of,
    "expected_of": expected_of,
    "flat": flat,
    "fleet": fleet,
    "per_minute": PER_MINUTE,
    "replicas_of": replicas_of,
    "selector": selector,
    "steps": steps,
}
