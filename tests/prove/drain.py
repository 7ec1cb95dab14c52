"""Fifty restarts of Wayside under a constant load: no call fails."""

from __future__ import annotations

from collections.abc import Sequence

from tests.e2e.restarts import CALLS_OF_A_LIFE, CALLS_PER_SECOND, restarts
from tests.prove.proof import Figures, Outcome, Proof

RESTARTS = 50
LEAST_RATE = 0.9
"""Of the rate asked for: the client is one of Python's, which has a bad moment at times."""


def run(_: Sequence[str]) -> Outcome:
    """Restart two Waysides in turn."""
    seen, figures = restarts(RESTARTS), Figures()
    calls = sum(seen.ended.values())
    figures.tell("restarts", RESTARTS)
    figures.tell("took", f"{seen.seconds:.0f} s")
    figures.tell("calls", calls)
    least = RESTARTS * CALLS_OF_A_LIFE
    figures.at_least("of them counted by a Wayside before it was told to end", seen.counted, least)
    rate = round(seen.ended["OK"] / seen.seconds)
    figures.at_least("calls answered", rate, LEAST_RATE * CALLS_PER_SECOND, " a second")
    figures.equal("calls that failed", calls - seen.ended["OK"], 0)
    figures.none("what failed or was cut", seen.complaints)
    return figures.outcome()


PROOF = Proof(
    word="drain",
    claim=f"Wayside is restarted {RESTARTS} times at {CALLS_PER_SECOND} calls a second, and no call fails.",
    minutes=0.9,
    run=run,
)
