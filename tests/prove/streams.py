"""How close first tokens and gaps of 64 streams at once are to the stamps of the server that sent them.

tests/e2e/test_streams.py shows that none is ever outside of what both ends of the way know. Here is how far each is
from the one stamp of the server, and how far its bounds are apart.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.e2e.stamped_streams import NAMES, STREAMS, Heard, waves
from tests.fakes.stamped import Ask, ask_chat, ask_infer, running_stamped
from tests.harness.quantiles import quantile
from tests.harness.wayside import running_wayside
from tests.prove.proof import Figures, Outcome, Proof

WAVES = 40
BAR_US = 1000
SHARES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
PROTOCOLS: tuple[tuple[str, Ask], ...] = (("events", ask_chat), ("gRPC", ask_infer))


def tell(figures: Figures, protocol: str, name: str, heard: list[Heard]) -> None:
    """Write the rows of one histogram; the last percent is told, and decides nothing: it is the machine's own."""
    what = f"{protocol}, {name.removesuffix('_seconds').replace('_', ' ')}"
    outside = [f"{each.us:.0f} us" for each in heard if not each.within_bounds]
    figures.none(f"{what}: outside of its bounds, of {len(heard)}", outside)
    for at, q in SHARES:
        off = quantile([each.off_us for each in heard], q)
        width = quantile([each.width_us for each in heard], q)
        row = f"{what}: off by, at {at}"
        if at == "p99":
            figures.tell(row, f"{off} us (bounds {width} us apart)")
        else:
            claimed = f"at most {BAR_US} us"
            figures.claim(row, f"{off} us (bounds {width} us apart)", claimed, off <= BAR_US)


def run(_: Sequence[str]) -> Outcome:
    """Make waves of streams, and compare."""
    figures = Figures()
    for protocol, ask in PROTOCOLS:
        with running_stamped() as upstream, running_wayside(upstream) as wayside:
            heard = waves(wayside, ask, WAVES)
        for name in NAMES:
            tell(figures, protocol, name, heard[name])
    return figures.outcome(f"{WAVES} waves of {STREAMS} streams over each protocol.")


PROOF = Proof(
    word="streams",
    claim=(
        f"First tokens and gaps of {STREAMS} streams at once are the server's own within a millisecond, at p50 and p95."
    ),
    minutes=2,
    run=run,
)
