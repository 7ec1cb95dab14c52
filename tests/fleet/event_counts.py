"""The same events by three who count: the clients, the replicas' last pages, and Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.fleet.clients import OK
from tests.fleet.fleet import Fleet
from tests.fleet.replica import Replica
from tests.fleet.report import Report
from tests.fleet.scrapes import BAD, GOOD, OUTCOMES

Counts = dict[str, float]
SETTLED_SECONDS = 60.0
LEAST_SHARE = 0.999
"""Of what clients count: what `final_scrape` may lose."""


@dataclass(frozen=True)
class EventCounts:
    """Events by pod and outcome."""

    clients: dict[str, Counts]
    pages: dict[str, Counts]
    prometheus: dict[str, Counts]

    def total(self, of: dict[str, Counts], pods: Iterable[str], outcome: str) -> int:
        """Add up what one of the three says of some pods."""
        return round(sum(of.get(pod, {}).get(outcome, 0) for pod in pods))

    def differing(self) -> list[str]:
        """Return the pods of which Prometheus says something else than their last page did."""
        return [
            f"{pod}, {outcome}: {self.prometheus.get(pod, {}).get(outcome)} for {said[outcome]:g}"
            for pod, said in self.pages.items()
            for outcome in OUTCOMES
            if self.prometheus.get(pod, {}).get(outcome) != said[outcome]
        ]


def event_counts(fleet: Fleet) -> EventCounts:
    """Ask all three; nothing may be under way."""
    clients: dict[str, Counts] = {
        each.pod: {
            GOOD: fleet.clients.count(OK, each.pod),
            BAD: fleet.clients.count(pod=each.pod) - fleet.clients.count(OK, each.pod),
        }
        for each in fleet.pods
    }
    pages = {each.pod: fleet.scrapes.events(each.door.admin) for each in fleet.pods}
    ours = '{pod!~"chat-yesterday-.*"}'
    found = fleet.monitoring.prometheus.query(f"last_over_time(wayside_slo_events_total{ours}[2h])")
    prometheus: dict[str, Counts] = {}
    for labels, value in found.items():
        named = dict(labels)
        prometheus.setdefault(named["pod"], {})[named["outcome"]] = value
    return EventCounts(clients, pages, prometheus)


def settled(fleet: Fleet) -> Callable[[], bool]:
    """Return whether Prometheus has what every replica that is there has counted for its clients."""

    def so() -> bool:
        seen = event_counts(fleet)
        return all(
            seen.clients[each.pod][outcome] == seen.prometheus.get(each.pod, {}).get(outcome)
            for each in fleet.replicas.values()
            for outcome in (GOOD, BAD)
        )

    return so


def compared(fleet: Fleet, report: Report) -> None:
    """Stop the clients, let Prometheus scrape once more, and compare the three."""
    fleet.clients.pause()
    report.wait(settled(fleet), SETTLED_SECONDS)
    seen = event_counts(fleet)
    pods = fleet.pods
    for outcome in (GOOD, BAD):
        said = seen.total(seen.pages, seen.pages, outcome)
        held = seen.total(seen.prometheus, seen.prometheus, outcome)
        report.expect(f"{outcome} events in Prometheus: those of the last pages", said, held)
    wrong = seen.differing()
    report.expect(
        "pods of which Prometheus says something else", "none", "; ".join(wrong[:3]) or "none"
    )
    _beside_clients(seen, [each for each in pods if each.final_scrape], report)
    _lost(seen, [each for each in pods if not each.final_scrape], report)
    _increase(fleet, seen, report)
    fleet.clients.resume()


def _beside_clients(seen: EventCounts, pods: list[Replica], report: Report) -> None:
    """Compare with what clients counted, of pods that stay until they were scraped."""
    names = [each.pod for each in pods]
    for outcome in (GOOD, BAD):
        made = seen.total(seen.clients, names, outcome)
        held = seen.total(seen.prometheus, names, outcome)
        within = LEAST_SHARE * made <= held <= made / LEAST_SHARE
        what = f"with final_scrape, {len(pods)} pods: {outcome} events, beside what clients counted"
        report.expect(what, f"{made} within 0.1 %", held, within)


def _lost(seen: EventCounts, pods: list[Replica], report: Report) -> None:
    """Say what is lost of pods that do not."""
    names = [each.pod for each in pods]
    made = sum(seen.total(seen.clients, names, outcome) for outcome in (GOOD, BAD))
    held = sum(seen.total(seen.prometheus, names, outcome) for outcome in (GOOD, BAD))
    what = f"without it, {len(pods)} pods: events lost of {made}"
    report.tell(what, f"{made - held} ({(made - held) / max(made, 1):.2%})")


def _increase(fleet: Fleet, seen: EventCounts, report: Report) -> None:
    """Say what `increase` makes of the same series, which sees no pod before its first scrape."""
    window = round(report.seconds) + 60
    query = f'sum(increase(wayside_slo_events_total{{pod!~"chat-yesterday-.*"}}[{window}s]))'
    made = sum(seen.total(seen.clients, seen.clients, outcome) for outcome in (GOOD, BAD))
    share = fleet.monitoring.prometheus.value(query) / max(made, 1)
    report.tell(f"increase() over all of it, beside {made} calls", f"{share:.2%}")
