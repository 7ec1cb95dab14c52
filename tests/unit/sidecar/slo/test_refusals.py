"""Refused clients: those who ask now tell that the server is gone, and nobody who once did."""

from __future__ import annotations

import pytest

from sidecar.slo.refusals import AGAIN_NANOS, ONCE_NANOS, Refusals
from sidecar.tapclient import tap_pb2 as pb
from tests.fakes.facts import SECOND, upstream

NOW = 1_000 * SECOND


def of_two(refused: int = 0, up: bool = False) -> list[pb.Upstream]:
    """A port that is open, and another."""
    other = upstream(up)
    other.listener, other.refused = "0.0.0.0:8000", refused
    return [upstream(), other]


def test_nothing_that_can_be_dialled_is_unreachable_whoever_asks() -> None:
    assert Refusals().unreachable([upstream(False)], NOW)
    assert not Refusals().unreachable([upstream()], NOW)
    assert not Refusals().unreachable([], NOW)


def test_a_closed_port_that_nobody_calls_may_stay_closed() -> None:
    assert not Refusals().unreachable(of_two(), NOW)


def test_one_that_clients_ask_for_is_unreachable_until_it_is_open() -> None:
    refusals = Refusals()
    assert refusals.unreachable(of_two(1), NOW)
    assert not refusals.unreachable(of_two(1, up=True), NOW + SECOND)


def test_who_asked_once_is_forgotten_before_anybody_is_told() -> None:
    refusals = Refusals()
    refusals.unreachable(of_two(), NOW)
    assert refusals.unreachable(of_two(1), NOW + SECOND)
    assert refusals.unreachable(of_two(1), NOW + ONCE_NANOS)
    assert not refusals.unreachable(of_two(1), NOW + SECOND + ONCE_NANOS)


def test_who_asks_again_and_again_is_heard_all_the_time() -> None:
    refusals = Refusals()
    refusals.unreachable(of_two(), NOW)
    refusals.unreachable(of_two(1), NOW)
    for count, second in enumerate(range(20, 2_000, 144), start=2):
        at = NOW + second * SECOND
        assert refusals.unreachable(of_two(count), at)
        assert refusals.unreachable(of_two(count), at + 143 * SECOND)
    assert not refusals.unreachable(of_two(count), at + AGAIN_NANOS)


@pytest.mark.parametrize("refused", [0, 5])
def test_another_life_of_the_tap_counts_anew(refused: int) -> None:
    refusals = Refusals()
    refusals.unreachable(of_two(5), NOW)
    assert refusals.unreachable(of_two(refused), SECOND) is bool(refused)
