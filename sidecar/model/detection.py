"""What a tier does before it is tried: after how long it fires and clears, and how often it fires for nothing.

Closed forms for a share of bad events that begins at once and stays the same, and windows that slide; the engine adds
at most one tick, and at the end of the short window one slot.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from sidecar.model.duration import DAY, MINUTE
from sidecar.model.tiers import PAGE, Guard, tiers_in_force

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sidecar.model.objective import Objective
    from sidecar.model.tiers import TierInForce

MONTH_NANOS = 30 * DAY
# Above this many expected events the Poisson distribution is taken for a normal one: the sum would be long, and the
# difference is far below what a forecast is worth.
_NORMAL_FROM = 1_000_000.0
_NEGLIGIBLE = 1e-15


def detection_nanos(tier: TierInForce, errors: Fraction) -> Fraction | None:
    """Return after how long a share of bad events fires a tier, in nanoseconds; None: never.

    Both windows must be above the threshold; the long one is the later.
    """
    return tier.tier.long_nanos * tier.threshold / errors if errors > tier.threshold else None


def reset_nanos(tier: TierInForce, errors: Fraction) -> Fraction | None:
    """Return how long a tier goes on firing after an outage that filled the short window; None: it never fired."""
    return (
        tier.tier.short_nanos * (1 - tier.threshold / errors) if errors > tier.threshold else None
    )


def outage_nanos(objective: Objective, events_per_nano: Fraction) -> Fraction | None:
    """Return when a full outage is told by a page, at a steady rate of events, in nanoseconds; None: by none.

    The share must be above the threshold, and there must be enough bad events for the guard: `min_bad`, in three
    minutes while they are few. Where nothing good was left for a whole streak, three bad events are enough.
    """
    guard = Guard.within(objective.window_nanos, objective.min_bad)
    few = guard.many_bad / events_per_nano
    apart = max(Fraction((guard.minutes - 1) * MINUTE), guard.minutes / events_per_nano)
    enough = max(guard.min_bad / events_per_nano, min(few, apart))
    streak = max(Fraction(guard.streak_nanos), guard.streak_bad / events_per_nano)
    told = [
        min(max(tier.tier.long_nanos * tier.threshold, enough), streak)
        for tier in _pages(objective)
    ]
    return min(told, default=None)


def false_pages_a_month(objective: Objective, events_per_nano: Fraction) -> float:
    """Return how many pages 30 days bring to a service that is exactly on target, with errors that do not cluster.

    Bad events of a long window are Poisson. A window pages when they are above the threshold and at least `min_bad`;
    each tier has as many independent windows as lie side by side, and the tiers are added up. The short window, the
    rule of three minutes and the streak are left aside: the first two make it fewer.
    """
    return sum(_false_fires(each, objective, events_per_nano) for each in _pages(objective))


def _false_fires(tier: TierInForce, objective: Objective, events_per_nano: Fraction) -> float:
    events = events_per_nano * tier.tier.long_nanos
    needed = max(objective.min_bad, math.floor(events * tier.threshold) + 1)
    windows = MONTH_NANOS / tier.tier.long_nanos
    return windows * poisson_at_least(needed, float(events * tier.threshold / tier.factor))


def _pages(objective: Objective) -> Iterable[TierInForce]:
    tiers = tiers_in_force(objective.tiers, objective.ratio, objective.window_nanos)
    return [each for each in tiers if each.tier.severity == PAGE]


def poisson_at_least(count: int, mean: float) -> float:
    """Return the probability of `count` events or more where `mean` are expected."""
    if count <= 0:
        return 1.0
    if mean >= _NORMAL_FROM:
        return 0.5 * math.erfc((count - 0.5 - mean) / math.sqrt(2 * mean))
    if count <= mean:
        return 1.0 - sum(_poisson(each, mean) for each in range(count))
    term = _poisson(count, mean)
    total = 0.0
    while term > _NEGLIGIBLE * total:
        total += term
        count += 1
        term *= mean / count
    return total


def _poisson(count: int, mean: float) -> float:
    return math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))
