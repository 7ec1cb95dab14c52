"""Wayside before a real Triton, called by Triton's own client: the same answers as without it, each one counted.

`make prove ARGS="triton"` is the same for ten times as many requests.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.triton import Triton, running_triton
from tests.e2e.triton_counts import CONNECTIONS, FAIL_EVERY, call, compare
from tests.harness.wayside import running_wayside

UNARY = FAIL_EVERY
STREAMED = 12


@pytest.fixture(scope="module")
def triton() -> Iterator[Triton]:
    """One server for all tests of this file."""
    with running_triton() as server:
        yield server


@pytest.mark.proves("oip", "triton", "live")
def test_answers_are_the_same_and_every_request_is_counted(triton: Triton) -> None:
    """2,000 requests on 16 connections, unary and streamed: equal results, equal counts, by model and outcome."""
    seen = compare(triton, UNARY, STREAMED)
    assert seen.complaints == []
    assert seen.failing == CONNECTIONS, "a count of failures was compared, too"


def test_errors_of_triton_have_their_names(triton: Triton) -> None:
    """A model that fails is INTERNAL and a server error; the stream that follows it is as good as ever."""
    with running_wayside(triton.grpc_address) as wayside:
        call(triton, wayside.address, UNARY, 2)
        wayside.wait_for_total(CONNECTIONS, "calls", code="INTERNAL")
        assert wayside.total("calls", code="INTERNAL", model="failing", outcome="ok") == 0
        assert wayside.snapshot()["tap"]["blind"] == {}

        def words() -> list[str]:
            records = wayside.snapshot()["records"]
            return [record["message"] for record in records if record["code"] == "INTERNAL"]

        wayside.running.wait_for(lambda: len(words()) == CONNECTIONS)
        assert set(words()) == {"this model always fails"}
