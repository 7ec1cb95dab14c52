"""A model server that is away for a minute: how soon that is noticed, and who is told what meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

from tests.e2e.outage import outage
from tests.prove.proof import Figures, Outcome, Proof

RESETS, EVERY_SECONDS = 120, 0.5
LEAST_DOWN_SECONDS = 60.0
MOST_NOTICED_SECONDS = 6.0
"""An upstream that is up is dialled every 5 s where nobody calls."""
MOST_RECOVERED_SECONDS = 2.0
"""One that is down, twice a second."""


def run(_: Sequence[str]) -> Outcome:
    """Take it away for a minute, with a client twice a second."""
    seen, figures = outage(RESETS, EVERY_SECONDS), Figures()
    figures.at_least("away for", round(seen.down_seconds, 1), LEAST_DOWN_SECONDS, " s")
    figures.at_most("noticed after", round(seen.noticed_seconds, 2), MOST_NOTICED_SECONDS, " s")
    figures.at_most(
        "its return noticed after", round(seen.recovered_seconds, 2), MOST_RECOVERED_SECONDS, " s"
    )
    figures.tell("clients meanwhile, and as many who say nothing", seen.resets)
    figures.none("not reset, not told, or miscounted", seen.complaints)
    return figures.outcome()


PROOF = Proof(
    word="upstream",
    claim=(
        "A model server that is away for a minute: it is noticed without a call, every client is reset and counted, "
        "and all is well by itself when it is back."
    ),
    minutes=1.2,
    run=run,
    parts=("h2load", "nghttpd"),
)
