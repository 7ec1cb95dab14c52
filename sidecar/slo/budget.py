"""What is left of a budget, and when it is spent."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sidecar.model.sections.objectives import Exhaustion
from sidecar.slo.tier_judge import Course, nanos_until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from sidecar.slo.ring import Sums

# So many bad events tell a rate to within a factor of two either way (95 %); of fewer a longer window is asked.
ENOUGH_BAD = 10
_Z_95 = 1.96


def remaining(period: Sums, allowed: Fraction) -> float | None:
    """Return the share of the budget that is left; below 0 it is overspent, None: nothing has happened."""
    total = period.good + period.bad
    if not total:
        return None
    return 1 - period.bad * allowed.denominator / (total * allowed.numerator)


def poisson_interval(count: float) -> tuple[float, float]:
    """Return the 95 % confidence limits of the mean of which so many events are a sample.

    Garwood's limits by Wilson and Hilferty's approximation to chi-square, of 5 events and more within 1 %.
    """
    low = 0.0
    if count > 0:
        low = count * max(1 - 1 / (9 * count) - _Z_95 / (3 * math.sqrt(count)), 0.0) ** 3
    more = count + 1
    return low, more * (1 - 1 / (9 * more) + _Z_95 / (3 * math.sqrt(more))) ** 3


def exhaustion(
    period: Course, allowed: Fraction, rates: Sequence[tuple[int, Sums]]
) -> Exhaustion | None:
    """Return when the period's own number says that the budget is spent, at the rate of one of these windows.

    `rates` are (length, sums), ascending: of these the shortest with enough bad events, else the longest. None: nothing
    is bad in them, or the rate stays inside the budget.
    """
    share = float(allowed)
    left = remaining(period.sums, allowed)
    if left is not None and left <= 0:
        return Exhaustion(0, 0, 0, period.nanos)
    known = [(nanos, sums) for nanos, sums in rates if sums.bad]
    if not known:
        return None
    enough = (each for each in known if each[1].bad >= ENOUGH_BAD * each[1].scale)
    nanos, sums = next(enough, known[-1])
    bad, total = sums.bad / sums.scale, (sums.good + sums.bad) / sums.scale
    low, high = (min(limit / total, 1.0) for limit in poisson_interval(bad))
    expected = nanos_until(share, period._replace(bad_share=bad / total))
    if expected is None:
        return None
    soonest = nanos_until(share, period._replace(bad_share=max(high, bad / total)))
    latest = nanos_until(share, period._replace(bad_share=low))
    return Exhaustion(expected, expected if soonest is None else soonest, latest, nanos)
