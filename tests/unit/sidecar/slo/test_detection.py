"""When tiers fire and clear: the closed form of continuous windows, found by the engine's slots.

Detection is threshold / error ratio x long window, reset is short window x (1 - threshold / error ratio): The Site
Reliability Workbook, chapter 5. Guards are off here: they are for few events, and these are many.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import pytest

from sidecar.model.duration import DAY, HOUR, MINUTE
from sidecar.model.tiers import (
    DEFAULT_PERIOD_NANOS,
    DEFAULT_TIERS,
    Guard,
    TierInForce,
    tiers_in_force,
)
from sidecar.model.windows import RINGS
from sidecar.slo.tier_judge import Rule, Verdict, judge
from sidecar.slo.windows import Windows
from tests.fakes.promises import SECOND, START

PER_NANO = 1000
TICK = SECOND
OFF = Guard(min_bad=0, minutes=0, many_bad=0, ticket_sigmas=0.0)
LENGTHS = {nanos for tier in DEFAULT_TIERS for nanos in (tier.long_nanos, tier.short_nanos)}
# Errors begin in the middle of slots.
BEGIN = START + 4 * DAY + 1_234 * SECOND


def steps(now: int, until: int, fine: list[int], coarse: int) -> Iterator[int]:
    """Moments of ticks: coarse ones within which no slot ends, and each second around those that matter."""
    while now < until:
        # The last moment of a slot, so that what came in it is told in it.
        moment = (now + 1) // coarse * coarse + coarse - 1
        if any(-3 * coarse <= at - now <= 3 * coarse for at in fine):
            moment = now + TICK
        now = min(moment, until)
        yield now


def tell(windows: Windows, at: int, errors: Fraction) -> None:
    """The events since the last tick."""
    count = PER_NANO * (at - windows.now)
    bad = int(count * errors)
    windows.advance(at)
    windows.add(count - bad, bad)


def fires(windows: Windows, one: TierInForce) -> bool:
    """Whether a tier does now."""
    long, short = windows.sums(one.tier.long_nanos), windows.sums(one.tier.short_nanos)
    return judge(Rule.of(one), OFF, long, short, long) is Verdict.FIRES


def changes(
    windows: Windows, until: int, errors: Fraction, tiers: list[TierInForce], expected: list[int]
) -> dict[str, int]:
    """Go on until then; return when each tier first was another than at the beginning."""
    before = {one: fires(windows, one) for one in tiers}
    found: dict[str, int] = {}
    for at in steps(windows.now, until, expected, RINGS[0].slot_nanos):
        tell(windows, at, errors)
        for one in tiers:
            if one.tier.name not in found and fires(windows, one) != before[one]:
                found[one.tier.name] = at
    return found


@pytest.mark.parametrize("ratio", ["0.999", "0.99", "0.95"])
@pytest.mark.parametrize("share", ["1", "0.15", "0.05", "0.02", "0.01", "0.005", "0.002"])
def test_detection_and_reset_are_those_of_the_closed_form(ratio: str, share: str) -> None:
    errors = Fraction(share)
    tiers = list(tiers_in_force(DEFAULT_TIERS, ratio, DEFAULT_PERIOD_NANOS))
    windows = Windows(LENGTHS, DEFAULT_PERIOD_NANOS, START)
    for back, coarse in ((6 * HOUR, 5 * MINUTE), (HOUR, MINUTE), (0, 10 * SECOND)):
        for at in steps(windows.now, BEGIN - back, [], coarse):
            tell(windows, at, Fraction(0))

    fire = {one.tier.name: one for one in tiers if one.threshold < errors}
    detection = {
        name: round(one.threshold / errors * one.tier.long_nanos) for name, one in fire.items()
    }
    # Those that never fire have seen nothing but errors by then.
    end = BEGIN + max(detection.values(), default=3 * DAY) + 6 * HOUR
    found = changes(windows, end, errors, tiers, [BEGIN + at for at in detection.values()])
    assert found.keys() == fire.keys()
    for name, nanos in detection.items():
        assert abs(found[name] - BEGIN - nanos) <= TICK, name

    reset = {
        name: round((1 - one.threshold / errors) * one.tier.short_nanos)
        for name, one in fire.items()
    }
    still = [one for one in tiers if fires(windows, one)]
    assert {one.tier.name for one in still} == fire.keys()
    cleared = changes(
        windows, end + 6 * HOUR + MINUTE, Fraction(0), still, [end + at for at in reset.values()]
    )
    for name, nanos in reset.items():
        slot = next(
            size.slot_nanos for size in RINGS if size.span_nanos >= fire[name].tier.short_nanos
        )
        assert abs(cleared[name] - end - nanos) <= slot + TICK, name


def test_an_objective_that_no_outage_can_reach_at_the_usual_factor_is_clamped() -> None:
    for ratio in ("0.9", "0.5", "0.1"):
        for one in tiers_in_force(DEFAULT_TIERS, ratio, DEFAULT_PERIOD_NANOS):
            assert one.factor >= 1, "never inside the budget"
            assert one.threshold < 1, "an outage of everything fires it"
            assert one.threshold >= 1 - Fraction(ratio)


def test_the_factors_are_those_of_the_workbook_and_never_inside_the_budget() -> None:
    def factors(days: int) -> list[float]:
        return [float(one.factor) for one in tiers_in_force(DEFAULT_TIERS, "0.999", days * DAY)]

    assert factors(30) == [14.4, 6, 3, 1]
    assert factors(28) == pytest.approx([13.44, 5.6, 2.8, 1])
    assert factors(7) == pytest.approx([3.36, 1.4, 1, 1])
    assert factors(1) == [1, 1, 1], "the one of three days has no place in a day"
