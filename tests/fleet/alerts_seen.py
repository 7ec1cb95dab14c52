"""What Prometheus and Alertmanager say of a fleet, in the words of an episode."""

from __future__ import annotations

from tests.fleet.clients import OK
from tests.fleet.fleet import Fleet
from tests.fleet.notifications import FIRING, ON_CALL, RESOLVED, TICKETS, Notification

PAGE = "WaysideBudgetBurn page-fast"
TICKET = "WaysideReplicaBurn replica"
NOTHING = "nothing"
_BAD = 'wayside:slo_replica_bad:increase{window="5m"}'
_GOOD = 'wayside:slo_replica_good:increase{window="5m"}'
WORST = f"topk(1, {_BAD} / ({_GOOD} + {_BAD}) > 0)"


def firing(fleet: Fleet) -> set[str]:
    """Return the alerts that fire in Prometheus."""
    found = fleet.monitoring.prometheus.query('ALERTS{alertstate="firing"}')
    labels = [dict(each) for each in found]
    return {f"{each['alertname']} {each.get('tier', '')}".strip() for each in labels}


def told(fleet: Fleet, receiver: str, status: str = FIRING) -> list[Notification]:
    """Return the notifications that a receiver had."""
    return fleet.notifications.of(receiver, status)


def in_words(notifications: list[Notification]) -> str:
    """Say what was told, notification by notification."""
    each = [", ".join(one.firing or [alert.title for alert in one.alerts]) for one in notifications]
    return "; ".join(each) or NOTHING


def tickets(fleet: Fleet) -> str:
    """Say which tickets there were."""
    return in_words(told(fleet, TICKETS))


def pages(fleet: Fleet) -> str:
    """Say which pages there were."""
    return in_words(told(fleet, ON_CALL))


def resolved_pages(fleet: Fleet) -> str:
    """Say of which pages it was told that they are over."""
    return in_words(told(fleet, ON_CALL, RESOLVED))


def worst_replica(fleet: Fleet) -> str:
    """Say which replica fails the largest share of its calls, as the rules have recorded it."""
    found = fleet.monitoring.prometheus.query(WORST)
    named = [f"{dict(labels)['pod']} {share:.1%}" for labels, share in found.items()]
    return ", ".join(named) or "none"


def status(fleet: Fleet) -> str:
    """Say in a line how the fleet is."""
    ready, ended = fleet.clients.ready(), fleet.clients.count()
    failed = ended - fleet.clients.count(OK)
    fires = ", ".join(sorted(firing(fleet))) or NOTHING
    calls = f"{len(ready)} ready, {ended} calls, {failed} failed"
    return f"{calls}; worst by the rules: {worst_replica(fleet)}; fires: {fires}"
