"""Months of services that keep their targets, and outages: what the tiers say, over many seeds."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from sidecar.model.duration import MINUTE
from tests.harness.months import Service, outage_told_after, pages, tickets
from tests.prove.proof import Figures, Outcome, Proof, UsageError

SEEDS = 200
OUTAGES = 2_000
RATIOS = ("0.999", "0.99", "0.95")
RATES = (10, 50, 70, 500)
MEDIAN_MINUTES = {"0.999": 30, "0.99": 30, "0.95": 50}
P95_MINUTES = {"0.999": 70, "0.99": 70}


def run(arguments: Sequence[str]) -> Outcome:
    """Simulate months and outages."""
    if len(arguments) > 1 or not all(each.isdigit() and int(each) for each in arguments):
        raise UsageError("slo takes one number: of months for each service")
    seeds = range(int(arguments[0]) if arguments else SEEDS)
    figures = Figures()
    figures.tell("months of each service", len(seeds))
    for ratio in RATIOS:
        for rate in RATES:
            for clustered in (False, True):
                errors = "errors in clusters of five" if clustered else "independent errors"
                name = f"{float(ratio):.1%}, {rate} calls/h, {errors}"
                found = [pages(Service(ratio, rate, clustered), seed) for seed in seeds]
                figures.at_most(f"{name}: pages a month on target", statistics.mean(found), 1)
                half = Service(ratio, rate, clustered, budget_used=0.5)
                written = sum(tickets(half, seed) for seed in seeds)
                figures.equal(f"{name}: tickets at half the budget", written, 0)
    for ratio in RATIOS:
        told = sorted(
            outage_told_after(Service(ratio, 10), seed) / MINUTE for seed in range(OUTAGES)
        )
        name = f"{float(ratio):.1%}, outage of everything at 10 calls/h"
        median, p95 = statistics.median(told), told[int(OUTAGES * 0.95)]
        figures.at_most(
            f"{name}: told after, median", round(median, 1), MEDIAN_MINUTES[ratio], " min"
        )
        if ratio in P95_MINUTES:
            figures.at_most(f"{name}: told after, 95 %", round(p95, 1), P95_MINUTES[ratio], " min")
        else:
            figures.tell(f"{name}: told after, 95 %", f"{p95:.1f} min")
    return figures.outcome(
        "A service is simulated call by call for 30 days; each bad event asks the rules and the guard of the engine. "
        "Every begin of a tier that pages counts as a page, the first days, in which windows are not full, included."
    )


PROOF = Proof(
    word="slo",
    claim="Services on target page at most once a month, at half the budget nothing is written, and outages are told.",
    minutes=12,
    run=run,
    arguments="[MONTHS]",
)
