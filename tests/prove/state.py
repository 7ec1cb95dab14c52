"""Twenty kills of control: what the tap keeps for it is there each time, and gone with the tap."""

from __future__ import annotations

from collections.abc import Sequence

from tests.e2e.lives import life, lives_over
from tests.fakes.silent import silent_server
from tests.harness.wayside import running_wayside
from tests.prove.proof import Figures, Outcome, Proof

KILLS = 20
QUICK = "control: {tick: 100ms}\n"


def run(_: Sequence[str]) -> Outcome:
    """Kill control again and again, then start another tap."""
    figures = Figures()
    with silent_server() as upstream:
        with running_wayside(upstream, config=QUICK) as wayside:
            lives = lives_over(wayside, KILLS)
        with running_wayside(upstream, config=QUICK) as another:
            afterwards = life(another)
    figures.tell("kills", KILLS)
    figures.equal("lives, as each counted itself", lives, list(range(1, KILLS + 2)))
    figures.equal("the first life under another tap", afterwards, 1)
    return figures.outcome()


PROOF = Proof(
    word="state",
    claim="What control has the tap keep survives twenty kills of control, and not a restart of the tap.",
    minutes=0.6,
    run=run,
)
