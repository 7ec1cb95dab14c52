"""make interop: every suite, direct and through Wayside; exit status 1 where Wayside makes a difference.

usage: python -m tests.interop
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from tests.interop.connect import CONNECT_FULL
from tests.interop.ghz import Ghz
from tests.interop.grpc_go import GrpcGo
from tests.interop.h2spec import H2SPEC
from tests.interop.suite import Suite, judge
from tests.interop.verdicts import Outcome, SuiteError, passes
from tests.provision import parts

SUITES: tuple[Suite, ...] = (GrpcGo(), *H2SPEC, *CONNECT_FULL, Ghz(seconds=10))
COLUMNS = "| {:33} | {:>6} | {:>13} | {:>14} | {:>9} | {:>7} |"


def missing_tools(suites: Sequence[Suite]) -> list[str]:
    """Tell which parts are not there, each with what to do about it."""
    wanted = dict.fromkeys(tool for suite in suites for tool in suite.tools)
    reasons = parts.failures()
    return [
        f"{tool} is missing: {reasons.get(tool, f'python -m tests.provision {tool}')}"
        for tool in wanted
        if parts.find(tool) is None
    ]


def row(outcome: Outcome, seconds: float) -> str:
    """Write the line of a suite."""
    return COLUMNS.format(
        outcome.suite,
        len(outcome.direct),
        passes(outcome.direct),
        passes(outcome.through),
        len(outcome.differing),
        f"{seconds:.0f} s",
    )


def details(outcome: Outcome) -> list[str]:
    """Write what needs to be said beside the line of a suite."""
    return [
        *(f"DIFFERS {each.case}: {each.direct!r}, {each.through!r}" for each in outcome.differing),
        *(f"WRONG {complaint}" for complaint in outcome.complaints),
        *(
            f"wavers (agreed when run again) {each.case}: {each.direct!r}, {each.through!r}"
            for each in outcome.wavering
        ),
    ]


def main() -> int:
    """Run every suite and print the table as it grows."""
    if missing := missing_tools(SUITES):
        print("\n".join(missing), file=sys.stderr)
        return 2
    print(COLUMNS.format("suite", "cases", "pass direct", "pass through", "differing", "took"))
    print(COLUMNS.format("---", "---:", "---:", "---:", "---:", "---:"))
    good = True
    notes: list[str] = []
    for suite in SUITES:
        begun = time.monotonic()
        try:
            outcome = judge(suite)
        except SuiteError as error:
            good = False
            notes.append(f"{suite.name}: FAILED {error}")
            continue
        print(row(outcome, time.monotonic() - begun), flush=True)
        good = good and outcome.good
        notes += (f"{suite.name}: {line}" for line in details(outcome))
    print("\n".join(["", *notes]) if notes else "", end="\n" if notes else "")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
