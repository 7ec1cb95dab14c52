"""Simulated months of a service that keeps a target, and outages of one: which tiers fire, and when.

Event-driven: a tier begins to fire at a bad event or not at all, but for what leaves its windows, so it is asked just
before and just after each. Windows are those of brute force, rules and guard are the engine's.
"""

from __future__ import annotations

import bisect
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from sidecar.model.duration import DAY, HOUR, MINUTE
from sidecar.model.tiers import (
    DEFAULT_PERIOD_NANOS,
    DEFAULT_TIERS,
    PAGE,
    TICKET,
    Guard,
    tiers_in_force,
)
from sidecar.slo.ring import Sums
from sidecar.slo.tier_judge import Rule, Verdict, judge

SECOND = 1_000_000_000
MONTH = 30 * DAY
CLUSTER = 5
CLUSTER_SPREAD = 10 * SECOND
GUARD = Guard()


@dataclass(frozen=True)
class Service:
    """How it is used, what it promises, and how its errors come."""

    ratio: str
    calls_per_hour: int
    clustered: bool = False  # five at a time, as a client that repeats
    budget_used: float = 1.0  # 1 = exactly on target


class History:
    """Good and bad events, in the order in which they came."""

    def __init__(self, good: Iterable[int], bad: Iterable[int]) -> None:
        self.good, self.bad = sorted(good), sorted(bad)

    def sums(self, nanos: int, now: int) -> Sums:
        """What lies in a window that ends now; what comes now is in it."""
        first, last = _within(self.bad, nanos, now)
        good_first, good_last = _within(self.good, nanos, now)
        good, bad = good_last - good_first, last - first
        minutes = len({at // MINUTE for at in self.bad[first:last]})
        return Sums(good, bad, 1, good > 0, minutes)


def _within(times: Sequence[int], nanos: int, now: int) -> tuple[int, int]:
    return bisect.bisect_right(times, now - nanos), bisect.bisect_right(times, now)


def rules(ratio: str, severity: str) -> list[Rule]:
    """The default tiers of an objective."""
    found = tiers_in_force(DEFAULT_TIERS, ratio, DEFAULT_PERIOD_NANOS)
    return [Rule.of(each) for each in found if each.tier.severity == severity]


def month(service: Service, seed: int) -> History:
    """A month in which so many calls came, and so many of them were bad."""
    draws = random.Random(f"{service}{seed}")
    share = float(1 - Fraction(service.ratio)) * service.budget_used
    hours = MONTH // HOUR
    calls = service.calls_per_hour * hours
    bad = _poisson_times(draws, calls * share / (CLUSTER if service.clustered else 1))
    if service.clustered:
        bad = [at + draws.randrange(CLUSTER_SPREAD) for at in bad for _ in range(CLUSTER)]
    return History(_poisson_times(draws, calls * (1 - share)), bad)


def _poisson_times(draws: random.Random, mean: float) -> list[int]:
    times, at = [], 0.0
    while (at := at + draws.expovariate(mean)) < 1:
        times.append(int(at * MONTH))
    return times


def times_fired(history: History, rule: Rule) -> int:
    """How often a tier begins to fire."""
    firing, count = False, 0
    for at in history.bad:
        for moment in (at - 1, at):
            fires = fires_at(history, rule, moment)
            count += fires and not firing
            firing = fires
    return count


def fires_at(history: History, rule: Rule, now: int) -> bool:
    """Whether a tier fires."""
    short = history.sums(rule.short_nanos, now)
    if not rule.is_above(short):
        return False
    long, streak = (history.sums(nanos, now) for nanos in (rule.long_nanos, GUARD.streak_nanos))
    return judge(rule, GUARD, long, short, streak) is Verdict.FIRES


def pages(service: Service, seed: int) -> int:
    """Pages of a month."""
    history = month(service, seed)
    return sum(times_fired(history, rule) for rule in rules(service.ratio, PAGE))


def tickets(service: Service, seed: int) -> int:
    """Tickets of a month."""
    history = month(service, seed)
    return sum(times_fired(history, rule) for rule in rules(service.ratio, TICKET))


def outage_told_after(service: Service, seed: int) -> int:
    """How long everything has failed, after three good days, when the first page comes, in nanoseconds."""
    draws = random.Random(f"outage{service}{seed}")
    begin = 3 * DAY
    gap = HOUR / service.calls_per_hour
    arrivals: list[int] = []
    at = 0.0
    while (at := at + draws.expovariate(1 / gap)) < begin + 12 * HOUR:
        arrivals.append(int(at))
    history = History([at for at in arrivals if at < begin], [])
    for at in (at for at in arrivals if at >= begin):
        history.bad.append(at)
        if any(fires_at(history, rule, at) for rule in rules(service.ratio, PAGE)):
            return at - begin
    raise AssertionError("half a day of outage pages nobody")
