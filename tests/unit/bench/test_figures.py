"""From rounds to verdicts: medians, paired ratios, what is added to the direct way, and what an aim makes of them."""

from __future__ import annotations

import pytest

from bench.aims import Aim, aims, reading
from bench.figures import Results, Round, Spread, cpu, p50, spread
from bench.instructions import Count, baselines
from bench.loads import Latency


def rounds(*values: tuple[float, float]) -> list[Round]:
    """Return rounds of these processor times and median latencies."""
    return [Round(cpu_us, 0.5, Latency(p50_us, 0.0, 0.0)) for cpu_us, p50_us in values]


def results() -> Results:
    """Return two contenders and the direct way; the second round was made on a slower machine."""
    return Results(
        rounds={
            ("busy", "direct"): rounds((0, 100), (0, 200), (0, 100)),
            ("busy", "haproxy-tcp"): rounds((1.5, 150), (3.5, 300), (1.5, 150)),
            ("busy", "wayside"): rounds((2.5, 160), (5.5, 310), (3.5, 170)),
        }
    )


def test_a_ratio_is_made_within_each_round() -> None:
    """Of 3/2, 6/4 and 4/2: what slows a round slows both."""
    assert results().ratio("busy", "wayside", "haproxy-tcp", cpu) == Spread(1.5, 1.5, 2.0)


def test_what_is_added_is_above_the_direct_way_of_the_same_round() -> None:
    assert results().added("busy", "wayside", p50) == 70
    assert results().added_ratio("busy", "wayside", "haproxy-tcp", p50) == Spread(1.2, 1.1, 1.4)


def test_there_is_no_ratio_to_what_added_nothing() -> None:
    some = results()
    some.rounds["busy", "haproxy-tcp"] = rounds((1, 150), (1, 200), (1, 150))
    assert some.added_ratio("busy", "wayside", "haproxy-tcp", p50) is None


def test_a_cell_with_a_failed_call_has_no_figure() -> None:
    some = results()
    some.failed["busy", "wayside"] = "of 100 calls: 99 succeeded"
    assert some.median("busy", "wayside", cpu) is None
    assert some.ratio("busy", "wayside", "haproxy-tcp", cpu) is None
    assert some.added("busy", "wayside", p50) is None


def test_no_values_have_no_spread() -> None:
    assert spread([]) is None


@pytest.mark.parametrize(
    ("measured", "verdict"),
    [
        (Spread(1.0, 0.9, 1.1), "met"),
        (Spread(1.2, 1.0, 1.4), "met (the limit lies inside the spread)"),
        (
            Spread(1.43, 1.2, 1.6),
            "**missed by 10 %** (the limit lies inside the spread); likely rain",
        ),
        (Spread(2.6, 2.0, 3.0), "**missed by 100 %**; likely rain"),
        (Spread(1.0, -0.1, 3.0), "cannot be told: the noise is larger than what is added"),
        (None, "not measured, or smaller than the noise"),
    ],
)
def test_a_verdict_is_about_the_median(measured: Spread | None, verdict: str) -> None:
    assert Aim("ratio", 1.3, measured, "rain").verdict() == verdict


def test_the_likely_reason_tells_the_count_of_this_run() -> None:
    some = results()
    assert f"{baselines()['unary']:,.0f} instructions a call" in reading(some, "busy")
    some.instructions = [Count("unary", 1234.4, 1000)]
    assert "1,234 instructions a call" in reading(some, "busy")
    some.rounds["busy", "wayside-relay"] = rounds((1.5, 1), (1.5, 1), (1.5, 1))
    assert "2.00 of 3.50 µs" in reading(some, "busy")


def test_every_aim_is_told_also_where_nothing_was_measured() -> None:
    told = {aim.text: aim.verdict() for aim in aims(Results())}
    assert len(told) == 9
    assert set(told.values()) == {"not measured, or smaller than the noise"}


def test_an_instruction_count_knows_its_aim() -> None:
    assert Count("unary", 3500, None).verdict() == "met"
    assert Count("stream", 1000, None).verdict() == "**missed by 100 %**"
