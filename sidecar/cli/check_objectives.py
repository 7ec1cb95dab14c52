"""What `wayside check` prints of each objective: the promise, its budget, and when its tiers would tell somebody."""

from __future__ import annotations

import itertools
import re
from fractions import Fraction
from typing import TYPE_CHECKING

from sidecar.model.detection import (
    detection_nanos,
    false_pages_a_month,
    outage_nanos,
    reset_nanos,
)
from sidecar.model.duration import NANOS_OF_UNIT, duration_text
from sidecar.model.indicator import (
    All,
    Available,
    FirstTokenBelow,
    LatencyBelow,
    LongestGapBelow,
    TokenTimeBelow,
    text_of,
)
from sidecar.model.tiers import Guard, budget_ratio, tiers_in_force

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sidecar.model.indicator import Indicator
    from sidecar.model.objective import Objective
    from sidecar.model.tiers import TierInForce

OUTAGES = (Fraction(1), Fraction(15, 100), Fraction(2, 100))
MODEL = (
    "False pages: errors that do not cluster, exactly at target (Poisson); of each page as many independent long\n"
    "windows as 30 days hold, the least number of bad events counted. Errors in clusters page more often;\n"
    "what the guard asks beyond that number (docs/objectives.md) makes them fewer, and is not reckoned with."
)
_RATE = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)/([smhd])\Z")
_NAME_WIDTH = 16
_FEW_PAGES = 0.001


def rate(text: str) -> Fraction:
    """Read `70/h` as events per nanosecond; raises ValueError."""
    found = _RATE.match(text)
    if not found or not Fraction(found[1]):
        raise ValueError(f"{text!r} is no rate")
    return Fraction(found[1]) / NANOS_OF_UNIT[found[2]]


def objective_lines(objective: Objective, events_per_nano: Fraction | None) -> Iterator[str]:
    """Yield the lines about one objective, at most 110 columns where its names are short."""
    yield f"{objective.name}: {promise(objective)}"
    yield f"  good    {words(objective.indicator)}"
    yield f"  budget  {budget(objective)}"
    tiers = tiers_in_force(objective.tiers, objective.ratio, objective.window_nanos)
    yield from _table(tiers)
    kept = {each.tier.name for each in tiers}
    for each in objective.tiers:
        if each.name not in kept:
            yield f"  {each.name} is left out: {duration_text(each.long_nanos)} is more than the period"
    if not tiers:
        return
    yield f"  guard   {_guard(objective)}"
    if events_per_nano is not None:
        yield from _forecast(objective, events_per_nano)


def promise(objective: Objective) -> str:
    """Say what is promised."""
    percent = f"{_decimal(1 - budget_ratio(objective.ratio))} %"
    names = f" {objective.model_glob}" if objective.model_glob else ""
    each = "each " if objective.per_model else ""
    whose = f" of {each}model{names}" if each or names else ""
    method = f" to {objective.method_glob}" if objective.method_glob else ""
    return f"{percent} of requests{whose}{method} in any {duration_text(objective.window_nanos)}"


def words(indicator: Indicator) -> str:
    """Say what makes a request good."""
    match indicator:
        case All(parts):
            return f"all of: {', '.join(words(part) for part in parts)}"
        case Available(give_up):
            return f"answered well (over HTTP given up after {duration_text(give_up)})"
        case LatencyBelow(threshold):
            return f"answered within {duration_text(threshold)}"
        case FirstTokenBelow():
            return f"first token within {text_of(indicator).partition(': ')[2]}"
        case TokenTimeBelow(threshold):
            return f"{duration_text(threshold)} a token or less"
        case LongestGapBelow(threshold):
            return f"no gap above {duration_text(threshold)}"


def budget(objective: Objective) -> str:
    """Say what may go wrong."""
    allowed = budget_ratio(objective.ratio)
    period = duration_text(objective.window_nanos)
    share = f"{allowed.numerator:,} bad in {allowed.denominator:,}"
    return f"{_decimal(allowed)} % of {period}: {share}; {_time(allowed * objective.window_nanos)} of full outage"


def _table(tiers: Sequence[TierInForce]) -> Iterator[str]:
    """Yield a line for each tier; none is a line as well."""
    if not tiers:
        yield "  no tiers: nobody is told"
        return
    width = min(max(_NAME_WIDTH // 2, *(len(each.tier.name) for each in tiers)), 40)
    columns = "".join(f"{f'{_decimal(share)} % bad':>18}" for share in OUTAGES)
    yield f"  {'tier':<{width}}  severity      burn above    windows{columns}"
    for each in tiers:
        windows = f"{duration_text(each.tier.long_nanos)}/{duration_text(each.tier.short_nanos)}"
        cells = "".join(f"{_cell(each, share):>18}" for share in OUTAGES)
        burn = f"{float(each.factor):.4g} ({float(each.threshold * 100):.3g}%)"
        yield f"  {each.tier.name:<{width}}  {each.tier.severity:<8} {burn:>15} {windows:>10}{cells}"


def _cell(tier: TierInForce, errors: Fraction) -> str:
    """Write after how long a tier fires, and for how long it goes on when the errors end."""
    detection, reset = detection_nanos(tier, errors), reset_nanos(tier, errors)
    if detection is None or reset is None:
        return "never"
    return f"{_time(detection)} / {_time(reset)}"


def _guard(objective: Objective) -> str:
    guard = Guard.within(objective.window_nanos, objective.min_bad)
    few = f"in {guard.minutes} different minutes if below {guard.many_bad}"
    streak = f"{guard.streak_bad} and nothing good in {duration_text(guard.streak_nanos)}"
    return f"{guard.min_bad} bad in the long window, {few}; pages: or {streak}"


def _forecast(objective: Objective, events_per_nano: Fraction) -> Iterator[str]:
    told = outage_nanos(objective, events_per_nano)
    if told is None:
        yield "  expect  no page: no tier is of that severity"
        return
    pages = false_pages_a_month(objective, events_per_nano)
    often = f"{pages:,.0f}" if pages >= 10 else f"{pages:.2g}"
    often = f"fewer than {_FEW_PAGES:g}" if pages < _FEW_PAGES else often
    each = " of a model at that rate" if objective.per_model else ""
    yield f"  expect  {often} false pages a month{each}; a full outage is told after {_time(told)}"


def _time(nanos: Fraction) -> str:
    """Write a time in two units, or in three digits where it is below a minute."""
    seconds = nanos / NANOS_OF_UNIT["s"]
    if seconds < 1:
        return f"{float(seconds * 1000):.3g}ms"
    if round(seconds, 1) < 60:
        return f"{float(round(seconds, 1)):g}s"
    units = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)]
    for (unit, size), (part, smaller) in itertools.pairwise(units):
        # Rounded to the smaller unit first: 59 minutes and 59.9 seconds are an hour.
        whole = round(seconds / smaller) * smaller
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size}{unit}{rest}{part}" if rest else f"{whole // size}{unit}"
    raise AssertionError(seconds)


def _decimal(share: Fraction) -> str:
    """Write a share in percent, with as many digits as it has; every share here is a decimal."""
    from decimal import Decimal

    return format((Decimal(share.numerator * 100) / Decimal(share.denominator)).normalize(), "f")
