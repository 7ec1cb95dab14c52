"""A difference is seen whatever its kind, and a run without cases is an error."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import pytest

from tests.interop.suite import REPEATS, judge
from tests.interop.verdicts import (
    ABSENT,
    PASSED,
    SKIPPED,
    Difference,
    Report,
    SuiteError,
    Verdicts,
    compare,
    failed,
    passes,
)


@pytest.mark.parametrize(
    ("direct", "through"),
    [
        (PASSED, failed("why")),
        (failed("why"), PASSED),
        (failed("why"), failed("another reason")),
        (SKIPPED, PASSED),
    ],
)
def test_a_flipped_verdict_is_a_difference(direct: str, through: str) -> None:
    assert compare({"a": PASSED, "b": direct}, {"a": PASSED, "b": through}) == [
        Difference("b", direct, through)
    ]


def test_a_case_that_only_one_way_ran_is_a_difference() -> None:
    assert compare({"a": PASSED}, {"b": PASSED}) == [
        Difference("a", PASSED, ABSENT),
        Difference("b", ABSENT, PASSED),
    ]


def test_the_same_failure_is_no_difference() -> None:
    both = {"a": failed("why\n"), "b": failed("why")}
    assert compare(both, dict(both)) == []
    assert passes(both) == 0


@pytest.mark.parametrize("through", [{}, {"a": PASSED}])
def test_no_cases_is_an_error(through: Verdicts) -> None:
    with pytest.raises(SuiteError, match="no cases"):
        compare({}, through)


@dataclass
class Scripted:
    """A suite of two cases, of which the second fails through Wayside in the first so many runs."""

    failures: int
    complaint: str = ""
    name: str = "scripted"
    tools: tuple[str, ...] = ()
    asked: list[Collection[str]] = field(default_factory=list)

    def run(self, through: bool, only: Collection[str]) -> Report:
        if not through:
            return Report({"a": PASSED, "b": PASSED})
        self.asked.append(only)
        verdict = failed("why") if len(self.asked) <= self.failures else PASSED
        return Report({"a": PASSED, "b": verdict}, (self.complaint,) if self.complaint else ())


def test_a_case_that_differs_each_time_is_a_difference() -> None:
    suite = Scripted(failures=1 + REPEATS)
    outcome = judge(suite)
    assert outcome.differing == [Difference("b", PASSED, failed("why"))]
    assert not outcome.good
    assert suite.asked == [(), *[{"b"}] * REPEATS]


def test_a_case_that_agrees_when_run_again_is_told_and_no_difference() -> None:
    outcome = judge(Scripted(failures=REPEATS))
    assert outcome.differing == []
    assert [each.case for each in outcome.wavering] == ["b"]
    assert outcome.good


def test_a_complaint_spoils_a_suite_whose_cases_agree() -> None:
    assert not judge(Scripted(failures=0, complaint="counted one too many")).good
