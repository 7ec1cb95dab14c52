"""20,000 requests to a real Triton, direct and through Wayside: the same answers, and every one counted."""

from __future__ import annotations

from collections.abc import Sequence

from tests.e2e.triton import running_triton
from tests.e2e.triton_counts import CONNECTIONS, compare
from tests.prove.proof import Figures, Outcome, Proof

UNARY, STREAMED = 1200, 30
"""On each connection; the latter on each of two streams, one after the other."""
LEAST_REQUESTS = 20_000


def run(_: Sequence[str]) -> Outcome:
    """Make all requests on both ways."""
    figures = Figures()
    with running_triton() as triton:
        seen = compare(triton, UNARY, STREAMED)
    figures.at_least("requests each way", seen.requests, LEAST_REQUESTS)
    figures.tell("connections", CONNECTIONS)
    figures.tell("requests of a model that fails", seen.failing)
    figures.none("answers that differ, or counts", seen.complaints)
    return figures.outcome()


PROOF = Proof(
    word="triton",
    claim=(
        f"{LEAST_REQUESTS:,} requests of Triton's own client get the same answers through Wayside as without it, "
        "and each is counted by model, code, outcome and shape."
    ),
    minutes=0.5,
    run=run,
    parts=("triton", "ss"),
)
