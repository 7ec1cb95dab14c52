"""Ten replicas, a real Prometheus and a real Alertmanager: who is told, what is counted, what a rollback costs."""

from __future__ import annotations

from collections.abc import Sequence

from tests.fleet.alerts_seen import status
from tests.fleet.event_counts import compared
from tests.fleet.fleet import CALLS_PER_SECOND, REPLICAS, Fleet, running_fleet
from tests.fleet.incidents import all_bad, healed, healthy, one_bad, resolved
from tests.fleet.monitoring import Setup
from tests.fleet.released import build_released
from tests.fleet.report import Report
from tests.fleet.rollouts import replaced, versions
from tests.prove.proof import Figures, Outcome, Proof
from tests.provision.parts import ROOT

SETUP = Setup(ROOT / "tests" / "fleet" / "wayside.yaml", history_events_per_second=CALLS_PER_SECOND)
WITH_FINAL_SCRAPE = range(REPLICAS // 2)
HEALTHY_SECONDS = 90.0
ONE_BAD_SECONDS = 60.0
"""After the ticket: a second one, or a page, would come with the next evaluation."""
# By the closed form of docs/alerts.md: 14.4 times 1 % of an hour, a minute for the evaluation, and what clients see.
PAGE_SECONDS = 0.144 * 3600 + 60 + 60
# 5 minutes less 14.4 %, and an evaluation.
CLEAR_SECONDS = 300 + 60
REPLACED_SECONDS = 15 * 60.0
RESOLVED_SECONDS = 300 + 60
"""Alertmanager tells of a group again after 5 minutes."""


def run(_: Sequence[str]) -> Outcome:
    """Put one fleet through all of it."""
    released, number = build_released()
    with running_fleet(SETUP, WITH_FINAL_SCRAPE) as fleet:
        report = Report(lambda: status(fleet))
        healthy(fleet, report, HEALTHY_SECONDS)
        one_bad(fleet, report, ONE_BAD_SECONDS)
        all_bad(fleet, report, PAGE_SECONDS)
        healed(fleet, report, CLEAR_SECONDS)
        replaced(fleet, report, REPLACED_SECONDS)
        compared(fleet, report)
        resolved(fleet, report, RESOLVED_SECONDS)
        versions(fleet, report, released, number)
        _received(fleet, report)
    figures = Figures()
    for row in report.rows:
        figures.claim(row.what, row.seen, row.expected, row.holds)
    return figures.outcome(REMARK)


def _received(fleet: Fleet, report: Report) -> None:
    """End all, and compare what clients made with what servers received, from the first call to the last."""
    fleet.clients.pause()
    fleet.close()
    made = fleet.clients.count()
    report.expect("in all: calls that servers received", made, fleet.received)
    report.expect("in all: of them distinct", made, fleet.distinct)
    report.expect("in all: arrivals that clients dropped", 0, fleet.clients.dropped)


REMARK = (
    "Behind the fleet lies a day of good events, written by promtool: windows of hours are full from the start, as in "
    "a fleet that was there yesterday. Prometheus scrapes every 5 s, through a proxy that keeps the last page of each "
    "pod; rules are those of `wayside rules`, routes and inhibition those of examples/fleet/alertmanager.yaml. Half of "
    "the pods have `drain: {final_scrape: 35s}`. A Wayside that is told to end goes on for a second, less than lies "
    "between two scrapes: what it counts after its last one is what is lost without."
)
PROOF = Proof(
    word="fleet",
    claim=(
        "Of ten replicas one that fails 8 % of its calls is a ticket and no page, all of them are one page; while they "
        "are replaced Prometheus holds every event that was scraped, and with `final_scrape` what clients counted; the "
        "version before comes and goes, and no call fails."
    ),
    minutes=42,
    run=run,
    parts=("prometheus-3", "promtool-3", "alertmanager-31"),
)
