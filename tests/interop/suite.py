"""Running a suite both ways.

The two runs go side by side, each against a server of its own: neither meets a calmer machine than the other. A case
that differs is run again, on both sides, before it counts as a difference: some cases race with their own deadline.
"""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from tests.interop.verdicts import Difference, Outcome, Report, compare

# A case that differs is asked again so often, both ways. Some of h2spec's race with the server's own close and end one
# way or the other, direct as well; what Wayside changes stays changed.
REPEATS = 5
EVERY_CASE: Collection[str] = ()


class Suite(Protocol):
    """A suite that somebody else wrote."""

    @property
    def name(self) -> str:
        """What the table calls it: the suite, and the server it talks to."""

    @property
    def tools(self) -> tuple[str, ...]:
        """The parts it needs."""

    def run(self, through: bool, only: Collection[str]) -> Report:
        """Run the cases named, or every case, against a fresh server: direct, or through a fresh Wayside."""


def run_both(suite: Suite, only: Collection[str]) -> tuple[Report, Report]:
    """Run a suite direct and through Wayside, side by side."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        direct = pool.submit(suite.run, False, only)
        through = pool.submit(suite.run, True, only)
        return direct.result(), through.result()


def judge(suite: Suite) -> Outcome:
    """Run a suite both ways and say where Wayside made a difference."""
    direct, through = run_both(suite, EVERY_CASE)
    first = differing = compare(direct.verdicts, through.verdicts)
    complaints = direct.complaints + through.complaints
    for _ in range(REPEATS):
        if not differing:
            break
        cases = {each.case for each in differing}
        again = run_both(suite, cases)
        complaints += again[1].complaints
        differing = [
            each for each in compare(again[0].verdicts, again[1].verdicts) if each.case in cases
        ]
    return Outcome(
        suite.name,
        direct.verdicts,
        through.verdicts,
        differing,
        wavering=without(first, differing),
        complaints=complaints,
    )


def without(all_of_them: list[Difference], some: list[Difference]) -> list[Difference]:
    """Leave out the cases that are in another list."""
    cases = {each.case for each in some}
    return [each for each in all_of_them if each.case not in cases]
