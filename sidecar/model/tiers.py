"""The tiers of an objective: how fast its budget must burn, and for how long, before somebody is told.

Multiwindow, multi-burn-rate (The Site Reliability Workbook, chapter 5): a tier fires while the share of bad events is
above its threshold in a long window and in a short one. The engine and the rules for Prometheus read this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sidecar.model.duration import DAY, HOUR, MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterable

PAGE, TICKET = "page", "ticket"

DEFAULT_PERIOD_NANOS = 30 * DAY
# A tier whose threshold is a share of bad events that no outage reaches never fires. At 80 % an outage of everything is
# noticed after four fifths of the long window; objectives of 94.5 % and above are not touched by it.
MOST_BAD = Fraction(4, 5)


@dataclass(frozen=True, slots=True)
class Tier:
    """One line of the table: told when `budget` of the period's budget is spent within the long window."""

    name: str
    severity: str  # page | ticket
    long_nanos: int
    short_nanos: int
    budget: str  # share of the whole budget, a decimal string: "0.02"

    def factor(self, period_nanos: int) -> Fraction:
        """Return the burn rate that spends the share in the long window: 14.4 for 2 % in 1 h of 30 d."""
        return Fraction(self.budget) * period_nanos / self.long_nanos

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `Tier(**...)` takes."""
        return {
            "name": self.name,
            "severity": self.severity,
            "long_nanos": self.long_nanos,
            "short_nanos": self.short_nanos,
            "budget": self.budget,
        }


DEFAULT_TIERS = (
    Tier("page-fast", PAGE, HOUR, 5 * MINUTE, "0.02"),
    Tier("page-slow", PAGE, 6 * HOUR, 30 * MINUTE, "0.05"),
    Tier("ticket-fast", TICKET, DAY, 2 * HOUR, "0.1"),
    Tier("ticket-slow", TICKET, 3 * DAY, 6 * HOUR, "0.1"),
)


@dataclass(frozen=True, slots=True)
class TierInForce:
    """A tier as it applies to one objective: it fires above this, in both of its windows."""

    tier: Tier
    threshold: Fraction  # share of bad events
    factor: Fraction  # the same as a burn rate: threshold / budget ratio


def budget_ratio(ratio: str) -> Fraction:
    """Return the share of events that may be bad under an objective such as "0.999"."""
    return 1 - Fraction(ratio)


def tiers_in_force(tiers: Iterable[Tier], ratio: str, period_nanos: int) -> tuple[TierInForce, ...]:
    """Return the tiers that can apply to an objective, each clamped.

    None fires inside the budget (factor at least 1), each fires at a full outage (threshold at most 80 %, or half-way
    between the budget and everything where the budget is larger than 60 %). Those longer than the period are left out.
    """
    allowed = budget_ratio(ratio)
    most = max(MOST_BAD, (1 + allowed) / 2)
    found = []
    for tier in tiers:
        if tier.long_nanos <= period_nanos:
            threshold = min(max(tier.factor(period_nanos), Fraction(1)) * allowed, most)
            found.append(TierInForce(tier, threshold, threshold / allowed))
    return tuple(found)


DEFAULT_MIN_BAD = 5
_STREAK_NANOS = 6 * HOUR


@dataclass(frozen=True, slots=True)
class Guard:
    """Low traffic: what must have gone wrong, in numbers, before a share is believed.

    In the long window at least `min_bad` bad events; where they are fewer than `many_bad`, in at least `minutes`
    different minutes, because one request that is retried five times is no outage, and while most of the window is
    good its share of bad events must be `page_sigmas` standard deviations above the threshold, where the bad events of
    one minute are one draw. For a page, in place of all this, `streak_bad` bad events and no good one within
    `streak_nanos`. A ticket can wait: it wants `ticket_sigmas` deviations, however many events are bad, unless they are
    `many_bad` in each bad minute.
    """

    min_bad: int = DEFAULT_MIN_BAD
    many_bad: int = 50
    minutes: int = 3
    streak_bad: int = 3
    streak_nanos: int = _STREAK_NANOS
    ticket_sigmas: float = 3.0
    page_sigmas: float = 0.5

    @classmethod
    def within(cls, kept_nanos: int, min_bad: int) -> Guard:
        """Return the guard of an objective: no streak is longer than what is kept of its events."""
        return cls(min_bad=min_bad, streak_nanos=min(_STREAK_NANOS, kept_nanos))


# A state that means harm, of an objective that had traffic within the hour, is a tier of its own, named as the state.
STATE_TIER_AFTER_NANOS = MINUTE
STATE_TIER_TRAFFIC_NANOS = HOUR
