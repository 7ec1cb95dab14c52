"""The engine of alerts: conditions and `now` in, its section out. What it does with time is what Prometheus does.

An alert is told at once when it begins and when it ends, again each minute while it fires, and for a quarter of an hour
after its end. It says itself until when it holds, so that it ends in Alertmanager if nobody says any more of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from sidecar.alerting.conditions import conditions
from sidecar.model.alert_names import ALERTNAME, INSTANCE, runbook_url
from sidecar.model.delivery import REPLICA
from sidecar.model.duration import MINUTE
from sidecar.model.sections.alerts import Alert, Alerts
from sidecar.model.tiers import PAGE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sidecar.alerting.conditions import Condition
    from sidecar.model.delivery import AlertDelivery
    from sidecar.model.sections.alerts import Pairs
    from sidecar.model.sections.config import Config
    from sidecar.model.sections.objectives import Objectives

# Prometheus: --rules.alert.resend-delay, resolvedRetention, and the factor of rules/alerting.go.
RESEND_NANOS = MINUTE
RESOLVED_FOR_NANOS = 15 * MINUTE
HOLDS_FOR_RESENDS = 4
# All six tiers of 64 objectives, and some. Of what fires pages come first; of what has ended the newest stays.
MAX_ALERTS = 500


class Now(NamedTuple):
    """One tick, on the wall clock, and how far apart ticks are."""

    unix_nanos: int
    tick_nanos: int


@dataclass(slots=True)
class _Held:
    """An alert, and what is to be done about it. Times are of the clock that nobody sets."""

    alert: Alert
    due: int = 0
    until: int = 0  # it is forgotten, where it is resolved


class AlertingEngine:
    """Keeps alerts beyond one tick, and begins with those that an earlier life of it left."""

    def __init__(self, left: Iterable[Alert] = (), instance: str = "") -> None:
        """`instance` tells this replica from others."""
        self._instance = instance
        self._left: dict[Pairs, Alert] = {each.labels: each for each in left}
        self._held: dict[Pairs, _Held] = {}
        self._waiting: dict[Pairs, int] = {}
        self._delivery: AlertDelivery | None = None
        self._changed = False

    def judge(
        self, delivery: AlertDelivery, objectives: Objectives, config: Config, now: Now
    ) -> Alerts:
        """Return the section of this tick. Where nothing is delivered there are no alerts."""
        if not delivery.alertmanagers:
            self._forget_all(delivery)
            return Alerts()
        # The wall clock may be set; what has elapsed goes on.
        elapsed = now.unix_nanos - objectives.clock_moved_nanos
        self._restore(now, elapsed)
        if delivery != self._delivery:
            # An Alertmanager that is new has heard of nothing.
            for held in self._held.values():
                held.due = elapsed
            self._delivery = delivery
        found = self._firing(delivery, conditions(objectives, config), elapsed)
        kept = dict(list(found.items())[:MAX_ALERTS])
        due = [self._fire(*each, now, elapsed) for each in kept.items()]
        due += [
            self._end(labels, now, elapsed) for labels in list(self._held) if labels not in kept
        ]
        self._make_room()
        alerts = tuple(each.alert for each in self._held.values())
        told = tuple(each for each in due if each is not None)
        return Alerts(alerts, told, len(found) - len(kept))

    def unsaved(self) -> tuple[Alert, ...] | None:
        """Return all that a later life is to begin with, where that has changed; else None."""
        if not self._changed:
            return None
        self._changed = False
        return tuple(each.alert for each in self._held.values())

    # --- steps -------------------------------------------------------------------------------

    def _forget_all(self, delivery: AlertDelivery) -> None:
        self._changed |= bool(self._held or self._left)
        self._held.clear()
        self._left.clear()
        self._waiting.clear()
        self._delivery = delivery

    def _restore(self, now: Now, elapsed: int) -> None:
        """Go on with what an earlier life left: all of it is told anew, what has ended for the time it has left."""
        for labels, alert in self._left.items():
            age = max(now.unix_nanos - alert.ends_at_unix_nanos, 0) if alert.resolved else 0
            until = elapsed + RESOLVED_FOR_NANOS - age
            self._held[labels] = _Held(alert, due=elapsed, until=until)
        self._left.clear()

    def _firing(
        self, delivery: AlertDelivery, found: Iterable[Condition], elapsed: int
    ) -> dict[Pairs, Condition]:
        """Return what fires by its whole labels, pages first; what must wait is not among it yet."""
        waiting, self._waiting = self._waiting, {}
        firing = []
        for each in found:
            if each.wait_nanos:
                began = self._waiting[each.labels] = waiting.get(each.labels, elapsed)
                labels = self._whole(delivery, each.labels)
                known = self._held.get(labels)
                # What an earlier life told of does not wait again.
                was_told = known is not None and not known.alert.resolved
                if elapsed - began < each.wait_nanos and not was_told:
                    continue
            firing.append(each)
        firing.sort(key=lambda each: each.severity != PAGE)
        return {self._whole(delivery, each.labels): each for each in firing}

    def _whole(self, delivery: AlertDelivery, labels: Pairs) -> Pairs:
        """Add what the configuration says of every alert; what the alert says itself stays."""
        instance = {INSTANCE: self._instance} if delivery.scope == REPLICA else {}
        return tuple(sorted({**dict(delivery.labels), **instance, **dict(labels)}.items()))

    def _fire(self, labels: Pairs, condition: Condition, now: Now, elapsed: int) -> Alert | None:
        """Go on with an alert or begin it; return it where it is to be told."""
        assert self._delivery is not None
        holds = HOLDS_FOR_RESENDS * max(RESEND_NANOS, now.tick_nanos)
        held = self._held.get(labels)
        if held is None or held.alert.resolved:
            since = condition.since_unix_nanos or now.unix_nanos
            held = self._held[labels] = _Held(Alert(labels, (), since, 0), due=elapsed)
            self._changed = True
        # A clock that was set back must not make it begin in the future: Alertmanager would refuse it.
        starts_at = min(held.alert.starts_at_unix_nanos, now.unix_nanos)
        ends_at = now.unix_nanos + holds
        held.alert = replace(held.alert, starts_at_unix_nanos=starts_at, ends_at_unix_nanos=ends_at)
        if elapsed < held.due:
            return None
        held.due = elapsed + RESEND_NANOS
        said = _annotations(self._delivery, labels, condition)
        held.alert = replace(held.alert, annotations=said)
        return held.alert

    def _end(self, labels: Pairs, now: Now, elapsed: int) -> Alert | None:
        """End an alert, or go on telling that it has ended; return it where it is to be told."""
        held = self._held[labels]
        if not held.alert.resolved:
            ends_at = max(now.unix_nanos, held.alert.starts_at_unix_nanos)
            held.alert = replace(held.alert, ends_at_unix_nanos=ends_at, resolved=True)
            held.due, held.until = elapsed, elapsed + RESOLVED_FOR_NANOS
            self._changed = True
        elif elapsed >= held.until:
            del self._held[labels]
            self._changed = True
            return None
        if elapsed < held.due:
            return None
        held.due = elapsed + RESEND_NANOS
        return held.alert

    def _make_room(self) -> None:
        """Forget what ended first where there is too much."""
        ended = [labels for labels, each in self._held.items() if each.alert.resolved]
        ended.sort(key=lambda labels: self._held[labels].until)
        for labels in ended[: max(len(ended) - MAX_ALERTS, 0)]:
            del self._held[labels]


def _annotations(delivery: AlertDelivery, labels: Pairs, condition: Condition) -> Pairs:
    said = condition.annotate()
    url = runbook_url(delivery.runbooks, dict(labels)[ALERTNAME])
    return (("description", said.description), ("runbook_url", url), ("summary", said.summary))
