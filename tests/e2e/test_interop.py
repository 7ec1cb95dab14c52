"""Other people's suites say the same direct and through Wayside: those of `make prove ARGS=interop` that are quick."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import pytest

from tests.interop.connect import CONNECT_QUICK, Connect
from tests.interop.ghz import Ghz
from tests.interop.grpc_go import GrpcGo
from tests.interop.h2spec import H2SPEC
from tests.interop.suite import Suite, judge
from tests.interop.verdicts import PASSED, Report
from tests.provision.parts import require

SUITES: tuple[Suite, ...] = (GrpcGo(), *H2SPEC, *CONNECT_QUICK, Ghz(seconds=5))


@pytest.mark.slow
@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_wayside_makes_no_difference(suite: Suite) -> None:
    """Every case ends as it does direct, and Wayside is well afterwards and has counted right."""
    for tool in suite.tools:
        require(tool)
    outcome = judge(suite)
    assert outcome.complaints == ()
    assert outcome.differing == []


@dataclass(frozen=True)
class Swapped:
    """A suite whose way through leads to another server: what a Wayside that alters answers would look like."""

    direct: Connect
    through: Connect
    name: str = "swapped"
    tools: tuple[str, ...] = ()

    def run(self, through: bool, only: Collection[str]) -> Report:
        return (self.through if through else self.direct).run(False, only)


def test_a_way_that_changes_answers_is_caught() -> None:
    """grpc-go's server fails four cases that the reference server passes: those are found, and no others."""
    grpc_go = CONNECT_QUICK[0]
    reference = replace(grpc_go, server="conformance-referenceserver")
    for tool in (*grpc_go.tools, *reference.tools):
        require(tool)
    outcome = judge(Swapped(grpc_go, reference))
    assert len(outcome.differing) == 4
    assert {each.through for each in outcome.differing} == {PASSED}
    assert all("cardinality violation" in each.direct for each in outcome.differing)
    assert not outcome.good
