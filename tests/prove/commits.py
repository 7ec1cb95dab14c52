"""A thousand processes that write state and are killed with -9: their file never holds half a tick."""

from __future__ import annotations

from collections.abc import Sequence
from tempfile import TemporaryDirectory

from tests.harness.killed_commits import killed
from tests.prove.proof import Figures, Outcome, Proof, UsageError

KILLS = 1_000
# Each over a file of its own, so that young files and old ones are hit.
FILES = 10
SEED = 12


def run(words: Sequence[str]) -> Outcome:
    """Kill writers of several files; the argument is how many in all."""
    if len(words) > 1 or not all(word.isdigit() and int(word) >= FILES for word in words):
        raise UsageError(f"commits takes the number of kills, {FILES} or more")
    each = int(words[0] if words else KILLS) // FILES
    figures, torn, ticks = Figures(), [], 0
    for number in range(FILES):
        with TemporaryDirectory() as folder:
            seen = killed(folder, each, SEED + number)
        torn += seen.torn
        ticks += seen.ticks
    figures.tell("kills", each * FILES)
    figures.tell("ticks that were kept", ticks)
    figures.none("files that did not hold the state of one tick, or lacked one that was kept", torn)
    return figures.outcome()


PROOF = Proof(
    word="commits",
    claim="kill -9 of whoever writes state, at any moment, leaves heads and slots of one tick, whole.",
    minutes=1.5,
    run=run,
    arguments="[KILLS]",
)
