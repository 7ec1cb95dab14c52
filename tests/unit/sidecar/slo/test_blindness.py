"""The share of connections not read is of late, and of the whole life only where little is new."""

from __future__ import annotations

from sidecar.slo.blindness import MAX_MOMENTS, Blindness
from sidecar.tapclient import tap_pb2 as pb
from tests.fakes.facts import SECOND, tap_stats


def test_no_connections_are_not_blind() -> None:
    assert Blindness().ratio(pb.TapStats(), SECOND) == 0.0


def test_with_few_new_connections_the_whole_life_speaks() -> None:
    blindness = Blindness()
    assert blindness.ratio(tap_stats(5, 100), SECOND) == 0.05
    assert blindness.ratio(tap_stats(5, 119), 2 * SECOND) == 5 / 119


def test_a_burst_of_blind_connections_is_seen_beside_a_long_good_life() -> None:
    blindness = Blindness()
    blindness.ratio(tap_stats(0, 1_000_000), SECOND)
    assert blindness.ratio(tap_stats(50, 1_000_100), 2 * SECOND) == 0.5


def test_what_was_blind_is_forgotten_after_five_minutes_of_good_connections() -> None:
    blindness = Blindness()
    blindness.ratio(tap_stats(0, 0), SECOND)
    ratios = [
        blindness.ratio(tap_stats(100, 100 + tick), (2 + tick) * SECOND) for tick in range(400)
    ]
    assert ratios[0] == 1.0
    assert ratios[200] == 100 / 300
    assert ratios[-1] == 0.0


def test_another_life_of_the_tap_starts_anew() -> None:
    blindness = Blindness()
    blindness.ratio(tap_stats(0, 1_000), 900 * SECOND)
    assert blindness.ratio(tap_stats(1, 10), SECOND) == 0.1


def test_what_is_kept_is_bounded_and_ticks_may_be_fast() -> None:
    blindness = Blindness()
    for tick in range(5_000):
        blindness.ratio(tap_stats(0, tick), tick * SECOND // 10)
    assert len(blindness._moments) <= MAX_MOMENTS
    span = blindness._moments[-1][0] - blindness._moments[0][0]
    assert 290 * SECOND < span <= 300 * SECOND


def test_websockets_are_neither_blind_nor_read() -> None:
    assert Blindness().ratio(tap_stats(40, 100, upgraded=40), SECOND) == 0.0
    assert Blindness().ratio(tap_stats(43, 100, upgraded=40), SECOND) == 3 / 60
    assert Blindness().ratio(tap_stats(7, 7, upgraded=7), SECOND) == 0.0, "there is nothing else"


def test_websockets_of_late_leave_the_share_of_what_is_new() -> None:
    blindness = Blindness()
    blindness.ratio(tap_stats(1_000, 10_000, upgraded=1_000), SECOND)
    later = tap_stats(1_502, 10_600, upgraded=1_500)
    assert blindness.ratio(later, 2 * SECOND) == 2 / 100
