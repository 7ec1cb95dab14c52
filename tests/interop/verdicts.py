"""What a suite said of each of its cases, and where two runs of it differ.

A failure is compared with its reason: a case that fails direct must fail in the same way through Wayside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

PASSED = "passed"
SKIPPED = "skipped"
ABSENT = "not run"

# Case: PASSED, SKIPPED, or `failed(reason)`.
Verdicts = Mapping[str, str]


class SuiteError(Exception):
    """A suite could not be run, or its report could not be understood: it has no verdicts."""


@dataclass(frozen=True)
class Report:
    """One run of a suite: its verdicts, and what was wrong with Wayside's own account of it."""

    verdicts: Verdicts
    complaints: tuple[str, ...] = ()


@dataclass(frozen=True)
class Difference:
    """A case of which the two runs do not say the same."""

    case: str
    direct: str
    through: str


@dataclass(frozen=True)
class Outcome:
    """What running a suite both ways came to."""

    suite: str
    direct: Verdicts
    through: Verdicts
    differing: list[Difference]
    # Cases that differed once and then agreed when both sides were asked again.
    wavering: list[Difference] = field(default_factory=list)
    complaints: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Tell whether Wayside made no difference, and counted what there was to count."""
        return not self.differing and not self.complaints


def failed(reason: str) -> str:
    """Make the verdict of a case that failed."""
    return f"failed: {reason.strip()}"


def passes(verdicts: Verdicts) -> int:
    """Count the cases that passed."""
    return sum(verdict == PASSED for verdict in verdicts.values())


def compare(direct: Verdicts, through: Verdicts) -> list[Difference]:
    """Return the cases whose verdicts are not equal; raises SuiteError where there is nothing to compare."""
    if not direct:
        raise SuiteError("no cases were run")
    return [
        Difference(case, *both)
        for case in {**direct, **through}
        if (both := (direct.get(case, ABSENT), through.get(case, ABSENT))) and both[0] != both[1]
    ]
