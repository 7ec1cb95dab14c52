"""Control killed, stopped and leaking under 2,000 calls a second: what it costs clients, scrapers and probes."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from tests.e2e.leak import leak, leaked
from tests.e2e.ordeal import CALLS_PER_SECOND, Ordeal, hang, hung, killed, ordeal
from tests.harness.waves import Waves
from tests.prove.proof import Figures, Outcome, Proof

KILLING_SECONDS = 60.0
SHORTEST_LIFE_SECONDS, LONGEST_LIFE_SECONDS = 0.3, 6.0
LEAST_KILLS = 12
HANGING_SECONDS = 30.0
MOST_NOTICED_SECONDS = 20.0
"""15 s without a pull, and what it takes to see that and to end it."""
LEAKING_SECONDS = 30.0
# 96 MiB for control, what it leaks between two looks, and the tap: well below the 200 MB at which the kernel would act.
MOST_PEAK_MB = 130
LEAST_ENDS = 3
LEAST_RATE = 0.9
"""Of the rate that is asked of the client: the rest is its own start, once a second."""


def tell_calls(figures: Figures, what: str, calls: Waves) -> None:
    """Add the load."""
    figures.tell(f"{what}: calls", calls.succeeded)
    figures.equal(f"{what}: calls that failed", calls.failed, 0)
    rate = round(calls.succeeded / calls.seconds)
    figures.at_least(f"{what}: calls answered", rate, LEAST_RATE * CALLS_PER_SECOND, " a second")


def tell_pages(figures: Figures, what: str, run: Ordeal) -> None:
    """Add what scrapers and probers saw."""
    figures.tell(f"{what}: scrapes answered", len(run.scrapes.answers))
    figures.equal(f"{what}: scrapes refused", len(run.scrapes.refused), 0)
    figures.at_most(f"{what}: scrapes cut by a death", len(run.scrapes.broken), run.deaths())
    figures.tell(f"{what}: slowest scrape", f"{run.scrapes.slowest_seconds:.1f} s")
    for name, probe in (("/livez", run.live), ("/readyz", run.ready)):
        rate = round(len(probe.answers) / run.calls.seconds, 1)
        figures.at_least(f"{what}: {name} answered", rate, 1, " a second")
        slowest = round(probe.slowest_seconds * 1000)
        figures.tell(f"{what}: slowest {name}", f"{slowest} ms")


def kills(figures: Figures) -> None:
    """-9 at random intervals for a minute."""
    rng = random.Random(7)
    with ordeal() as run:
        until = time.monotonic() + KILLING_SECONDS
        while time.monotonic() < until:
            time.sleep(rng.uniform(SHORTEST_LIFE_SECONDS, LONGEST_LIFE_SECONDS))
            run.kill()
    figures.at_least(f"kills in {KILLING_SECONDS:g} s", run.kills, LEAST_KILLS)
    figures.equal("kills: restarts counted", run.restarts("exited"), run.kills)
    tell_calls(figures, "kills", run.calls)
    tell_pages(figures, "kills", run)
    figures.none("kills: what was noticed, or miscounted", killed(run))


def stops(figures: Figures) -> None:
    """SIGSTOP, and what of it is left half a minute later."""
    with ordeal() as run:
        began = time.monotonic()
        seen = hang(run)
        time.sleep(max(0.0, began + HANGING_SECONDS - time.monotonic()))
    figures.at_most(
        "hang: ended after", round(seen.since_stop_seconds, 1), MOST_NOTICED_SECONDS, " s"
    )
    figures.equal("hang: restarts counted", run.restarts("hung"), 1)
    tell_calls(figures, "hang", run.calls)
    tell_pages(figures, "hang", run)
    figures.none("hang: what was noticed, or miscounted", hung(run, seen))


def leaks(figures: Figures) -> None:
    """40 MB a second in a container of 200 MB."""
    with leak() as run:
        time.sleep(LEAKING_SECONDS)
    figures.at_least("leak: times ended for memory", run.ended, LEAST_ENDS)
    figures.at_most("leak: peak", round(run.peak_bytes / 1e6), MOST_PEAK_MB, " MB")
    figures.equal("leak: times the container's limit was hit", run.limit_hits, 0)
    figures.equal("leak: OOM kills", run.oom_kills, 0)
    tell_calls(figures, "leak", run.calls)
    figures.none("leak: what was noticed, or miscounted", leaked(run))


def run(_: Sequence[str]) -> Outcome:
    """Kill, stop, leak."""
    figures = Figures()
    for part in (kills, stops, leaks):
        part(figures)
    return figures.outcome()


PROOF = Proof(
    word="survival",
    claim=(
        f"Control can be killed for a minute, hang, or leak, at {CALLS_PER_SECOND:,} calls a second: "
        "no call or probe fails, no scrape is refused, every call is counted."
    ),
    minutes=2.5,
    run=run,
    parts=("h2load", "nghttpd"),
)
