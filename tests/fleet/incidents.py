"""What goes wrong in a fleet, and who is told: one replica, all replicas, and the end of it."""

from __future__ import annotations

import re

from tests.fleet.alerts_seen import (
    NOTHING,
    PAGE,
    TICKET,
    firing,
    pages,
    resolved_pages,
    tickets,
    told,
)
from tests.fleet.fleet import Fleet
from tests.fleet.notifications import ON_CALL, RESOLVED, TICKETS
from tests.fleet.report import Report, clock

BAD_RATIO = 0.08
BAD_SLOT = 3
# The long sums of the rules stand on a grid of 5 minutes; the second point of it is there for a replica that began
# shortly before the first. A minute for the evaluation, half of one until Alertmanager tells.
TICKET_SECONDS = 2 * 300 + 60 + 60
WORST = re.compile(r"\b(chat-\d+-\d+) \d+(?=, )")
INHIBITED_SECONDS = 60.0
"""How long Alertmanager may take to hold back what a page speaks for."""


def healthy(fleet: Fleet, report: Report, seconds: float) -> None:
    """Nothing is wrong, and nobody is told anything."""
    report.note(f"ten replicas answer {fleet.clients.calls_per_second:g} calls a second")
    report.hold(seconds)
    report.expect("healthy: alerts that fire", NOTHING, ", ".join(firing(fleet)) or NOTHING)
    report.expect("healthy: pages and tickets", NOTHING, in_all(fleet))
    failed = fleet.clients.count() - fleet.clients.count("OK")
    report.expect("healthy: calls that failed", 0, failed)


def one_bad(fleet: Fleet, report: Report, settled_seconds: float) -> None:
    """A new replica fails a share of its calls: a ticket that names it, and for so long no second one, and no page."""
    report.note(f"a new replica comes, whose server fails {BAD_RATIO:.0%} of its calls")
    (bad,) = fleet.replace([BAD_SLOT], BAD_RATIO)
    after = report.wait(lambda: told(fleet, TICKETS), TICKET_SECONDS)
    seen = tickets(fleet) + (f", after {clock(after)}" if after else "")
    report.expect("one replica bad: ticket", TICKET, seen, tickets(fleet) == TICKET)
    report.hold(settled_seconds)
    named = [alert for each in told(fleet, TICKETS) for alert in each.alerts]
    worst = [pod for alert in named for pod in WORST.findall(alert.description)]
    report.expect("one replica bad: whom the ticket names", bad.pod, ", ".join(worst) or NOTHING)
    report.expect("one replica bad: tickets", 1, len(told(fleet, TICKETS)))
    report.expect("one replica bad: pages", NOTHING, pages(fleet))


def all_bad(fleet: Fleet, report: Report, at_most_seconds: float) -> None:
    """Every call fails, until somebody was paged: one page, for which the ticket is silent."""
    report.note("every server fails every call")
    before = tickets(fleet)
    fleet.fail(1)
    after = report.wait(lambda: told(fleet, ON_CALL), at_most_seconds)
    seen = pages(fleet) + (f", after {clock(after)}" if after else "")
    report.expect("all bad: page", PAGE, seen, pages(fleet) == PAGE)
    report.wait(fleet.monitoring.alertmanager.inhibited, INHIBITED_SECONDS)
    held = ", ".join(sorted(fleet.monitoring.alertmanager.inhibited())) or NOTHING
    report.expect("all bad: held back by the page", TICKET.split()[0], held)
    report.expect("all bad: more tickets", before, tickets(fleet))
    report.note("every server is well again")
    fleet.fail(0)


def healed(fleet: Fleet, report: Report, at_most_seconds: float) -> None:
    """The page's tier clears within its short window."""
    after = report.wait(lambda: PAGE not in firing(fleet), at_most_seconds)
    seen = f"after {clock(after)}" if after else "not yet"
    report.expect(
        "healed: the page's tier clears",
        f"within {clock(at_most_seconds)}",
        seen,
        after is not None,
    )


def resolved(fleet: Fleet, report: Report, at_most_seconds: float) -> None:
    """Whoever was paged is told that it is over, once, and was told nothing else."""
    report.wait(lambda: told(fleet, ON_CALL, RESOLVED), at_most_seconds)
    report.expect("healed: told that it is over", PAGE, resolved_pages(fleet))
    report.expect("in all: pages", PAGE, pages(fleet))
    report.expect("in all: tickets", TICKET, tickets(fleet))


def in_all(fleet: Fleet) -> str:
    """Say what anybody was told."""
    return "; ".join(each for each in (pages(fleet), tickets(fleet)) if each != NOTHING) or NOTHING
