"""What the templates are told of an objective: its windows, its tiers and its guard, as PromQL writes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alerts.promql import GRID_NANOS, Window, quoted
from sidecar.model.duration import HOUR, MINUTE
from sidecar.model.tiers import MOST_BAD, PAGE, TICKET, Guard, budget_ratio, tiers_in_force

if TYPE_CHECKING:
    from alerts.scope import Scope
    from sidecar.model.objective import Objective
    from sidecar.model.tiers import TierInForce

ALL, SHORT, LONG = "all", "short", "long"
# A replica far worse than the others: six times the budget over six hours, and still in the last half hour. That is
# what 5 % of a period of 30 days come to.
REPLICA_FACTOR = 6
REPLICA_LONG_NANOS, REPLICA_SHORT_NANOS = 6 * HOUR, 30 * MINUTE


@dataclass(frozen=True, slots=True)
class JudgedTier:
    """One tier of one objective."""

    name: str
    severity: str
    long: Window
    short: Window
    threshold: float  # share of bad events
    factor: float
    sigmas: float  # what the guard asks of the share of bad events
    is_page: bool

    @classmethod
    def of(cls, one: TierInForce, guard: Guard, dialect: str) -> JudgedTier:
        """Return a tier as the templates take it."""
        tier = one.tier
        is_ticket = tier.severity == TICKET
        return cls(
            tier.name,
            tier.severity,
            Window(tier.long_nanos, dialect),
            Window(tier.short_nanos, dialect),
            float(one.threshold),
            float(one.factor),
            guard.ticket_sigmas if is_ticket else guard.page_sigmas,
            tier.severity == PAGE,
        )


@dataclass(frozen=True, slots=True)
class Judged:
    """One objective, and which part of its rules is wanted."""

    objective: Objective
    promise: str  # in words, for annotations
    scope: Scope
    part: str = ALL

    @property
    def group(self) -> str:
        """Return the name of its group of rules."""
        part = "" if self.part == ALL else f"-{self.part}"
        return f"wayside-slo-{self.objective.name}{part}"

    @property
    def selector(self) -> str:
        """Return what selects its series, recorded ones as well."""
        own = f"slo={quoted(self.objective.name)}"
        return ", ".join(filter(None, (own, self.scope.selector(self.key))))

    @property
    def key(self) -> tuple[str, ...]:
        """Return the labels of one budget."""
        model = ("model",) if self.objective.per_model else ()
        return (*self.scope.key, "slo", *model)

    @property
    def allowed(self) -> float:
        """Return the share of events that may be bad."""
        return float(budget_ratio(self.objective.ratio))

    @property
    def guard(self) -> Guard:
        """Return what must have gone wrong in numbers: the engine's."""
        return Guard.within(self.objective.window_nanos, self.objective.min_bad)

    @property
    def period(self) -> Window:
        """Return the window of the objective."""
        return self._window(self.objective.window_nanos)

    @property
    def streak(self) -> Window:
        """Return how long nothing may have been good for a few bad events to be an outage."""
        return self._window(self.guard.streak_nanos)

    @property
    def every_tier(self) -> list[JudgedTier]:
        """Return its tiers, whatever part is wanted."""
        objective, dialect = self.objective, self.scope.dialect
        tiers = tiers_in_force(objective.tiers, objective.ratio, objective.window_nanos)
        return [JudgedTier.of(each, self.guard, dialect) for each in tiers]

    @property
    def tiers(self) -> list[JudgedTier]:
        """Return the tiers of this part: one belongs where its long window does."""
        return [each for each in self.every_tier if self._is_of_part(each.long)]

    @property
    def windows(self) -> list[Window]:
        """Return the windows of this part, ascending."""
        needed = {GRID_NANOS, HOUR, self.streak.nanos, self.period.nanos}
        needed |= {each.nanos for tier in self.every_tier for each in (tier.long, tier.short)}
        found = [self._window(nanos) for nanos in sorted(needed)]
        return [each for each in found if self._is_of_part(each)]

    @property
    def long_windows(self) -> list[Window]:
        """Return those that a guard looks at."""
        nanos = sorted({each.long.nanos for each in self.tiers})
        return [self._window(each) for each in nanos]

    @property
    def guarded(self) -> list[tuple[Window, str, float]]:
        """Return each (window, severity, standard deviations) that a tier of this part asks for, once."""
        asked = [(each.long, each.severity, each.sigmas) for each in self.tiers]
        return list(dict.fromkeys(asked))

    @property
    def replica(self) -> JudgedTier | None:
        """Return when one replica alone is worth a ticket; None where the period is too short to say."""
        if self.objective.window_nanos < REPLICA_LONG_NANOS or self.part == SHORT:
            return None
        allowed = budget_ratio(self.objective.ratio)
        threshold = min(REPLICA_FACTOR * allowed, max(MOST_BAD, (1 + allowed) / 2))
        dialect = self.scope.dialect
        return JudgedTier(
            "replica",
            TICKET,
            Window(REPLICA_LONG_NANOS, dialect),
            Window(REPLICA_SHORT_NANOS, dialect),
            float(threshold),
            float(threshold / allowed),
            self.guard.ticket_sigmas,
            is_page=False,
        )

    @property
    def has_short(self) -> bool:
        """Say whether what reads raw counters is of this part."""
        return self.part != LONG

    @property
    def has_long(self) -> bool:
        """Say whether what sums recorded increases is of this part."""
        return self.part != SHORT

    def _window(self, nanos: int) -> Window:
        return Window(nanos, self.scope.dialect)

    def _is_of_part(self, window: Window) -> bool:
        return self.part == ALL or window.is_raw == (self.part == SHORT)
