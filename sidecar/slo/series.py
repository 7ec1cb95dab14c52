"""One series of events in the engine: its windows, and what its tiers do."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from sidecar.model.duration import MINUTE
from sidecar.model.objective import STATE_TIERS, State
from sidecar.model.sections.objectives import Burn, TierReading, WindowReading
from sidecar.model.tiers import (
    PAGE,
    STATE_TIER_AFTER_NANOS,
    STATE_TIER_TRAFFIC_NANOS,
    Guard,
    budget_ratio,
    tiers_in_force,
)
from sidecar.model.windows import RINGS, SavedSeries
from sidecar.slo import budget
from sidecar.slo.tier_judge import Course, Rule, Verdict, judge, nanos_until
from sidecar.slo.windows import Windows

if TYPE_CHECKING:
    from fractions import Fraction

    from sidecar.model.objective import Objective
    from sidecar.model.sections.objectives import Events
    from sidecar.model.windows import SeriesKey
    from sidecar.slo.ring import Sums

_QUIET = {each: TierReading(each.value, PAGE, 0, 0, 0.0, firing=False) for each in STATE_TIERS}


class Terms(NamedTuple):
    """What of an objective decides how its events are judged, worked out once."""

    period_nanos: int  # the longest window that is kept
    is_whole: bool  # it is the objective's own
    allowed: Fraction  # share of events that may be bad
    allowed_share: float
    rules: tuple[Rule, ...]  # of the tiers whose windows are kept
    out_of_reach: tuple[Rule, ...]
    guard: Guard
    lengths: tuple[int, ...]  # of all windows, ascending
    long_lengths: tuple[int, ...]  # of the tiers' long ones


@lru_cache(maxsize=256)
def terms_of(objective: Objective, longest_nanos: int) -> Terms:
    """Return the terms of an objective where no window longer than `longest_nanos` is kept."""
    period = min(objective.window_nanos, longest_nanos)
    tiers = tiers_in_force(objective.tiers, objective.ratio, objective.window_nanos)
    rules = [Rule.of(each) for each in tiers]
    kept = tuple(each for each in rules if each.long_nanos <= period)
    allowed = budget_ratio(objective.ratio)
    guard = Guard.within(period, objective.min_bad)
    lengths = {period, guard.streak_nanos}
    lengths |= {nanos for each in kept for nanos in (each.long_nanos, each.short_nanos)}
    return Terms(
        period,
        period == objective.window_nanos,
        allowed,
        float(allowed),
        kept,
        tuple(each for each in rules if each not in kept),
        guard,
        tuple(sorted(lengths)),
        tuple(sorted({each.long_nanos for each in kept})),
    )


class Series:
    """Counts of one objective, or of one model of it, and what became of them."""

    def __init__(self, key: SeriesKey, terms: Terms, now: int) -> None:
        """Nothing is known of what was before `now`."""
        self.key = key
        self.terms = terms
        self.windows = Windows(terms.lengths, terms.period_nanos, now)
        self.is_new = True
        """No counts of it were ever taken."""
        self.since = now
        self.last_traffic = 0
        self.epoch = 0
        self.counts = (0, 0, 0)
        self.firing: dict[str, int] = {}
        self._pending: dict[str, int] = {}
        self.changed = True
        """Something about it has not been saved."""
        self.tiers_changed = False
        """And it is that a tier fires, or no longer does."""
        self._burn: Burn | None = None
        self._burn_of: object = None

    @classmethod
    def restored(cls, saved: SavedSeries, terms: Terms, now: int) -> Series:
        """Return it as an earlier life left it, `now` later."""
        series = cls(saved.key, terms, now)
        series.windows.fill(saved.slots, now)
        # Later than now only where the clock that they go by was lost.
        series.since = min(saved.since_nanos, now)
        series.last_traffic = min(saved.last_traffic_nanos, now)
        series.epoch = saved.epoch_unix_nanos
        series.counts = (saved.good, saved.bad, saved.excluded)
        series.firing, series._pending = dict(saved.firing), dict(saved.pending)
        series.changed = series.is_new = False
        return series

    def join(self, saved: SavedSeries) -> None:
        """Add what was kept by others until now: another Wayside, or an earlier life on a disk that was slow."""
        if saved.epoch_unix_nanos == self.epoch:
            # Of this life of the tap: what came between the two is in neither.
            good, bad = self.windows.total()
            missing = self.counts[0] - saved.good - good, self.counts[1] - saved.bad - bad
            self.windows.add(*(max(each, 0) for each in missing))
        self.windows.join(saved.slots)
        self.since = min(self.since, saved.since_nanos)
        self.last_traffic = max(self.last_traffic, min(saved.last_traffic_nanos, self.windows.now))
        for name, since in saved.firing:
            self.firing[name] = min(since, self.firing.get(name, since))
        self.changed, self._burn_of = True, None

    def adapt(self, terms: Terms) -> None:
        """Go on under other terms of the same counts: another target, other tiers, another period."""
        if terms == self.terms:
            return
        if (terms.lengths, terms.period_nanos) != (self.terms.lengths, self.terms.period_nanos):
            slots, now = self.windows.all_slots(), self.windows.now
            # What was not kept under a shorter period is not known.
            self.since = max(self.since, now - self.terms.period_nanos)
            self.windows = Windows(terms.lengths, terms.period_nanos, now)
            self.windows.fill(slots, now)
        self.terms = terms
        names = {each.name for each in terms.rules} | {each.value for each in STATE_TIERS}
        self.firing = {name: at for name, at in self.firing.items() if name in names}
        self.changed, self._burn_of = True, None

    def count(self, events: Events, epoch: int, last_event: int) -> None:
        """Take the tap's cumulative counts of a life; `last_event`: when one of its requests was last seen, or 0.

        Counts that are lower than before began anew: all of them are new.
        """
        self.is_new = False
        counts = (events.good, events.bad, events.excluded)
        before = self.counts if epoch == self.epoch else (0, 0, 0)
        if counts[0] < before[0] or counts[1] < before[1]:
            before = (0, 0, 0)
        if counts != self.counts or epoch != self.epoch:
            self.counts, self.epoch, self.changed = counts, epoch, True
        if counts[:2] != before[:2]:
            self.windows.add(counts[0] - before[0], counts[1] - before[1])
        if counts != before:
            self.last_traffic = self.windows.now
        elif last_event - self.last_traffic > STATE_TIER_AFTER_NANOS // 2:
            # An open request; not worth a write each tick.
            self.last_traffic, self.changed = last_event, True

    def begin_at(self, events: Events, epoch: int) -> None:
        """Take counts as known of which nobody knows when they came: they are in no window."""
        self.counts, self.epoch = (events.good, events.bad, events.excluded), epoch

    def covered(self, nanos: int) -> int:
        """Return how much of a window there is."""
        return min(nanos, self.windows.now - self.since)

    # --- what it says ---------------------------------------------------------------------------

    def judge(self, state: State, moved_nanos: int) -> Burn:
        """Return its windows, tiers and budget; `moved_nanos` turns the engine's clock into the wall clock.

        While nothing comes and nothing is bad, nothing is worked out anew before the next slot.
        """
        seen = (state, self.counts, self.windows.now // RINGS[0].slot_nanos, moved_nanos)
        if self._burn is None or self._burn_of != seen:
            self._burn = self._judged(state, moved_nanos)
            is_quiet = self.windows.sums(self.terms.period_nanos).bad == 0 and not self._pending
            self._burn_of = seen if is_quiet else None
        return self._burn

    def _judged(self, state: State, moved_nanos: int) -> Burn:
        terms = self.terms
        sums = {nanos: self.windows.sums(nanos) for nanos in terms.lengths}
        tiers = [self._tier(each, sums, moved_nanos) for each in terms.rules]
        tiers += [_out_of_reach(each) for each in terms.out_of_reach]
        tiers += [self._state_tier(each, state, moved_nanos) for each in STATE_TIERS]
        period = sums[terms.period_nanos]
        course = Course(period, terms.period_nanos, self.covered(terms.period_nanos), 0.0)
        rates = [(nanos, sums[nanos]) for nanos in terms.long_lengths]
        return Burn(
            windows=tuple(self._window(nanos, sums[nanos]) for nanos in terms.lengths),
            tiers=tuple(tiers),
            budget_remaining=budget.remaining(period, terms.allowed) if terms.is_whole else None,
            exhaustion=(
                budget.exhaustion(course, terms.allowed, rates) if terms.is_whole else None
            ),
            retained_nanos=terms.period_nanos,
        )

    def _window(self, nanos: int, sums: Sums) -> WindowReading:
        good, bad = sums.good / sums.scale, sums.bad / sums.scale
        burn = bad / (good + bad) / self.terms.allowed_share if good + bad else None
        minutes = sums.bad_minutes if nanos >= MINUTE else None
        return WindowReading(nanos, self.covered(nanos), good, bad, burn, minutes)

    def _tier(self, rule: Rule, sums: dict[int, Sums], moved_nanos: int) -> TierReading:
        guard = self.terms.guard
        long, short = sums[rule.long_nanos], sums[rule.short_nanos]
        verdict = judge(rule, guard, long, short, sums[guard.streak_nanos])
        fires = verdict is Verdict.FIRES
        return TierReading(
            rule.name,
            rule.severity,
            rule.long_nanos,
            rule.short_nanos,
            rule.factor,
            fires,
            since_unix_nanos=self._since(rule.name, fires, moved_nanos),
            held_by="guard" if verdict is Verdict.HELD else "",
            fires_in_nanos=None if fires else self._fires_in(rule, long, short),
        )

    def _fires_in(self, rule: Rule, long: Sums, short: Sums) -> int | None:
        """Return when a tier fires if events go on as in its short window; None: never, or nobody can say.

        What is above already and does not fire waits for minutes, or for chance to be no likely reason.
        """
        if not rule.is_above(short):
            return None
        share = short.bad / (short.good + short.bad)
        course = Course(long, rule.long_nanos, self.covered(rule.long_nanos), share)
        above = nanos_until(rule.share, course)
        if above is None:
            return None
        bad_per_nano = short.bad / short.scale / max(self.covered(rule.short_nanos), 1)
        missing = max(self.terms.guard.min_bad - long.bad / long.scale, 0.0)
        return max(above, round(missing / bad_per_nano)) or None

    def _state_tier(self, of: State, state: State, moved_nanos: int) -> TierReading:
        """Return the tier of a state that means harm."""
        name, now = of.value, self.windows.now
        if state is not of and name not in self._pending and name not in self.firing:
            return _QUIET[of]
        if state is not of:
            self.changed |= self._pending.pop(name, None) is not None
        elif name not in self._pending and self._had_traffic():
            self._pending[name] = now
            self.changed = True
        since = self._pending.get(name)
        fires = since is not None and now - since >= STATE_TIER_AFTER_NANOS
        soon = since is not None and not fires
        return TierReading(
            name,
            PAGE,
            0,
            0,
            0.0,
            fires,
            since_unix_nanos=self._since(name, fires, moved_nanos),
            held_by="soon" if soon else "",
            fires_in_nanos=since + STATE_TIER_AFTER_NANOS - now if since and soon else None,
        )

    def _had_traffic(self) -> bool:
        return (
            self.last_traffic > 0
            and self.windows.now - self.last_traffic <= STATE_TIER_TRAFFIC_NANOS
        )

    def _since(self, name: str, fires: bool, moved_nanos: int) -> int:
        """Return since when a tier fires on the wall clock, 0 while it does not; remembers."""
        if fires != (name in self.firing):
            self.changed = self.tiers_changed = True
        if not fires:
            self.firing.pop(name, None)
            return 0
        return self.firing.setdefault(name, self.windows.now) + moved_nanos

    # --- what it is to find again ---------------------------------------------------------------

    def saved(self, *, whole: bool) -> SavedSeries:
        """Return what to save: with the slots that changed since, or with all of them."""
        self.changed = self.tiers_changed = False
        return SavedSeries(
            key=self.key,
            epoch_unix_nanos=self.epoch,
            good=self.counts[0],
            bad=self.counts[1],
            excluded=self.counts[2],
            last_traffic_nanos=self.last_traffic,
            since_nanos=self.since,
            firing=tuple(self.firing.items()),
            pending=tuple(self._pending.items()),
            slots=self.windows.all_slots() if whole else self.windows.take_changed(),
        )


def _out_of_reach(rule: Rule) -> TierReading:
    """Return a tier whose windows are longer than what is kept."""
    windows = rule.long_nanos, rule.short_nanos
    return TierReading(
        rule.name, rule.severity, *windows, rule.factor, firing=False, out_of_reach=True
    )
