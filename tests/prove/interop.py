"""Other people's suites, each direct and through Wayside: where Wayside makes a difference."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tests.interop.connect import CONNECT_FULL
from tests.interop.ghz import Ghz
from tests.interop.grpc_go import GrpcGo
from tests.interop.h2spec import H2SPEC
from tests.interop.suite import Suite, judge
from tests.interop.verdicts import Outcome as Verdicts
from tests.interop.verdicts import SuiteError, passes
from tests.prove.proof import Outcome, Proof

SUITES: tuple[Suite, ...] = (GrpcGo(), *H2SPEC, *CONNECT_FULL, Ghz(seconds=10))
COLUMNS = "| {} | {} | {} | {} | {} | {} |"
HEAD = (
    COLUMNS.format("suite", "cases", "pass direct", "pass through", "differing", "took"),
    "|---|--:|--:|--:|--:|--:|",
)


def row(verdicts: Verdicts, seconds: float) -> str:
    """Write the line of a suite."""
    return COLUMNS.format(
        verdicts.suite,
        len(verdicts.direct),
        passes(verdicts.direct),
        passes(verdicts.through),
        len(verdicts.differing),
        f"{seconds:.0f} s",
    )


def wrong(verdicts: Verdicts) -> list[str]:
    """Say what must not be."""
    return [
        *(
            f"{verdicts.suite}: {each.case} differs: {each.direct!r}, {each.through!r}"
            for each in verdicts.differing
        ),
        *(f"{verdicts.suite}: {complaint}" for complaint in verdicts.complaints),
    ]


def run(_: Sequence[str]) -> Outcome:
    """Run every suite; the table grows as it goes."""
    lines, wavering, failures = list(HEAD), [], []
    print("\n".join(HEAD))
    for suite in SUITES:
        begun = time.monotonic()
        try:
            verdicts = judge(suite)
        except SuiteError as error:
            failures.append(f"{suite.name}: {error}")
            continue
        lines.append(row(verdicts, time.monotonic() - begun))
        print(lines[-1], flush=True)
        failures += wrong(verdicts)
        wavering += [
            f"- {verdicts.suite}: {each.case} wavers (agreed when run again): {each.direct!r}, {each.through!r}"
            for each in verdicts.wavering
        ]
    return Outcome("\n".join([*lines, "", *wavering]).rstrip(), tuple(failures))


PROOF = Proof(
    word="interop",
    claim="Other people's suites say the same of a server with Wayside before it as without.",
    minutes=15,
    run=run,
    parts=tuple(dict.fromkeys(tool for suite in SUITES for tool in suite.tools)),
)
