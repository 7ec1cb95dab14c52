"""Whether a tier fires: both windows above its threshold, and enough of it to be believed."""

from __future__ import annotations

import enum
import math
from typing import TYPE_CHECKING, NamedTuple

from sidecar.model.tiers import TICKET

if TYPE_CHECKING:
    from sidecar.model.tiers import Guard, TierInForce
    from sidecar.slo.ring import Sums


class Verdict(enum.Enum):
    """What a tier does now."""

    QUIET = "quiet"  # a window is at or below the threshold
    HELD = "held"  # both are above, and it is too little to be believed
    FIRES = "fires"


class Rule(NamedTuple):
    """A tier of one objective, with its numbers worked out once."""

    name: str
    severity: str
    long_nanos: int
    short_nanos: int
    factor: float
    share: float  # of bad events, above which it fires
    numerator: int  # the same, exactly
    denominator: int

    @classmethod
    def of(cls, one: TierInForce) -> Rule:
        """Return the rule of a tier."""
        tier, threshold = one.tier, one.threshold
        return cls(
            tier.name,
            tier.severity,
            tier.long_nanos,
            tier.short_nanos,
            float(one.factor),
            float(threshold),
            threshold.numerator,
            threshold.denominator,
        )

    def is_above(self, sums: Sums) -> bool:
        """Say whether the share of bad events is above its threshold; of nothing it is not."""
        return sums.bad * self.denominator > (sums.good + sums.bad) * self.numerator


def is_believed(rule: Rule, guard: Guard, long: Sums, streak: Sums) -> bool:
    """Say whether so many bad events are no accident: see Guard."""
    is_ticket = rule.severity == TICKET
    if not is_ticket and not streak.any_good and streak.bad >= guard.streak_bad * streak.scale:
        return True
    if long.bad < guard.min_bad * long.scale:
        return False
    if long.bad >= guard.many_bad * long.scale:
        # So many in each of its minutes are an outage, however short it was.
        is_outage = long.bad >= guard.many_bad * long.bad_minutes * long.scale
        return not is_ticket or is_outage or _is_significant(rule, guard.ticket_sigmas, long)
    sigmas = guard.ticket_sigmas if is_ticket else guard.page_sigmas
    return long.bad_minutes >= guard.minutes and _is_significant(rule, sigmas, long)


def _is_significant(rule: Rule, sigmas: float, long: Sums) -> bool:
    """Say whether chance is an unlikely reason: bad events that come in one minute are taken as one draw."""
    if long.bad >= long.good:
        return True
    share = long.bad / (long.good + long.bad)
    draws = max(min(long.bad_minutes, long.bad / long.scale), 1.0)
    return share * (1 - sigmas * math.sqrt((1 - share) / draws)) > rule.share


def judge(rule: Rule, guard: Guard, long: Sums, short: Sums, streak: Sums) -> Verdict:
    """Return what a tier does with these windows."""
    if not (rule.is_above(short) and rule.is_above(long)):
        return Verdict.QUIET
    return Verdict.FIRES if is_believed(rule, guard, long, streak) else Verdict.HELD


class Course(NamedTuple):
    """What a forecast goes by: a window, how much of it there is, and the share of bad events from now on."""

    sums: Sums
    nanos: int
    covered_nanos: int
    bad_share: float


def nanos_until(share: float, course: Course) -> int | None:
    """Return when a window's share of bad events passes `share` if events go on as they come; None: it does not.

    A window that is not full yet grows; one that is full loses what it held, taken as spread evenly over it. 0: it is
    above already.
    """
    sums, covered = course.sums, course.covered_nanos
    total = sums.good + sums.bad
    if not total or covered <= 0:
        return None
    now = sums.bad / total
    if now > share:
        return 0
    if course.bad_share <= share:
        return None
    growing = covered * (share - now) / (course.bad_share - share)
    if covered + growing <= course.nanos:
        return math.ceil(growing)
    return math.ceil(course.nanos * (share - now) / (course.bad_share - now))
