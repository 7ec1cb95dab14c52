"""Other people's suites say the same direct and through Wayside: the part of `make interop` that takes little time."""

from __future__ import annotations

import pytest

from tests.interop.connect import CONNECT_QUICK
from tests.interop.ghz import Ghz
from tests.interop.grpc_go import GrpcGo
from tests.interop.h2spec import H2SPEC
from tests.interop.suite import Suite, judge
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
