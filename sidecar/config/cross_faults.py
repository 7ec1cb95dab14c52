"""What no part of a configuration can see alone: doubles among names and addresses, a listener before itself, a delay
that is longer than what it is a part of; and rules that say what cannot be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sidecar.config.fault import Fault
from sidecar.config.tier_faults import own_tier_faults, tier_name_faults
from sidecar.model.alert_names import INSTANCE
from sidecar.model.delivery import REPLICA
from sidecar.servers.outcomes import read_rules

if TYPE_CHECKING:
    from sidecar.config.objectives import Alerts, Slo
    from sidecar.config.prune import Pruned
    from sidecar.config.schema import Drain, Listener, Root
    from sidecar.config.written import Written

# Each objective costs the tap two comparisons per call and control a dozen lines of /metrics.
MAX_OBJECTIVES = 64

_EVERY_INTERFACE = frozenset({"", "0.0.0.0", "[::]"})


def cross_faults(root: Root, pruned: Pruned, written: Written) -> list[Fault]:
    """Find them among parts that are right each for itself. What was left out is the cause of nothing here."""
    return [
        *_slo_faults(root.slos, pruned, written),
        *tier_name_faults(root.alerts.tiers, ("alerts",)),
        *own_tier_faults(root.slos),
        *_delivery_faults(root.alerts),
        *_listener_faults(root.listeners),
        *_drain_faults(root.drain, pruned),
        *_outcome_faults(root),
    ]


def _delivery_faults(alerts: Alerts) -> list[Fault]:
    faults = []
    seen: set[str] = set()
    for at, each in enumerate(alerts.alertmanagers):
        if each.url in seen:
            what = f"{each.url!r} is in the list already"
            hint = "Each is told once: remove one of them."
            faults.append(Fault(("alerts", "alertmanagers", at), what, hint))
        seen.add(each.url)
    if alerts.scope == REPLICA and INSTANCE in alerts.labels:
        hint = "There it is the name of the host: remove it, or write scope: host."
        faults.append(Fault(("alerts", "labels", INSTANCE), "is a label of scope replica", hint))
    return faults


def _outcome_faults(root: Root) -> list[Fault]:
    _, wrong = read_rules(root.outcomes)
    return [Fault(("outcomes", *each.path), each.what, each.hint) for each in wrong]


def _slo_faults(slos: list[Slo], pruned: Pruned, written: Written) -> list[Fault]:
    faults = []
    seen: dict[str, int] = {}
    for at, slo in enumerate(slos):
        if slo.name in seen:
            here, there = (pruned.original(("slos", each)) for each in (at, seen[slo.name]))
            first = written.words(there, seen_from=here)
            what = f"{slo.name!r} is already the name of {first}"
            faults.append(Fault(("slos", at, "name"), what, "Names become labels: choose another."))
        elif len(seen) == MAX_OBJECTIVES:
            what = f"is one more than the {MAX_OBJECTIVES} objectives that are counted"
            faults.append(
                Fault(("slos", at), what, "Let globs cover several models in one objective.")
            )
        else:
            seen[slo.name] = at
    return faults


def _listener_faults(listeners: list[Listener]) -> list[Fault]:
    faults = []
    taken: set[str] = set()
    for at, listener in enumerate(listeners):
        host, _, port = listener.listen.rpartition(":")
        place = f":{port}" if host in _EVERY_INTERFACE else listener.listen
        if place in taken and port != "0":
            what = f"{listener.listen} is already taken by another listener"
            faults.append(Fault(("listeners", at, "listen"), what, "Choose another port."))
        taken.add(place)
        if _leads_back(listener.listen, listener.upstream):
            hint = "Move the model server to another port and name that as upstream."
            faults.append(Fault(("listeners", at, "upstream"), "is the listener itself", hint))
    return faults


def _leads_back(listen: str, upstream: str) -> bool:
    """Say whether an upstream is plainly the listener's own address."""
    host, _, port = listen.rpartition(":")
    names = {host, "127.0.0.1", "localhost", "[::1]"} if host in _EVERY_INTERFACE else {host}
    return upstream in {f"{name}:{port}" for name in names}


def _drain_faults(drain: Drain, pruned: Pruned) -> list[Fault]:
    total_is_theirs = ("drain", "total") not in pruned.left_out
    if drain.delay is None or drain.delay <= drain.total or not total_is_theirs:
        return []
    what = f"is longer than drain.total, which is {drain.total / 1e9:g}s"
    return [Fault(("drain", "delay"), what, "The delay is a part of the total.")]
