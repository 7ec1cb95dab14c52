"""Tiers that make no sense for the objective they are for: those that can never fire, or fire inside the budget."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING

from sidecar.config.fault import Fault
from sidecar.model.duration import duration_text
from sidecar.model.objective import STATE_TIERS
from sidecar.model.tiers import budget_ratio

if TYPE_CHECKING:
    from fractions import Fraction

    from sidecar.config.objectives import Slo, TierPart
    from sidecar.config.prune import Pruned
    from sidecar.config.schema import Root
    from sidecar.config.written import Written
    from sidecar.model.tiers import Tier
    from sidecar.text.document import Path


def own_tier_faults(slos: list[Slo]) -> list[Fault]:
    """Find them among the tiers that objectives have for themselves."""
    faults = []
    for at, slo in enumerate(slos):
        around: Path = ("slos", at, "alerts")
        faults += tier_name_faults(slo.alerts.tiers, around)
        for index, each in enumerate(slo.alerts.tiers or []):
            fault = _fault(each.tier(), slo, (*around, "tiers", index), "")
            faults += [fault] if fault else []
    return faults


def tier_name_faults(tiers: list[TierPart] | None, around: Path) -> list[Fault]:
    """Find the second of two tiers of one name, and those named as the tier of a state."""
    faults = []
    seen: dict[str, int] = {}
    for at, each in enumerate(tiers or []):
        if each.name in {state.value for state in STATE_TIERS}:
            what = f"{each.name!r} is the name of the tier of that state, which every objective has"
            hint = "Names become labels: choose another."
            faults.append(Fault((*around, "tiers", at, "name"), what, hint))
        if each.name in seen:
            what = f"{each.name!r} is already the name of tiers[{seen[each.name]}]"
            hint = "Names become labels: choose another."
            faults.append(Fault((*around, "tiers", at, "name"), what, hint))
        seen.setdefault(each.name, at)
    return faults


def shared_tier_faults(root: Root, pruned: Pruned, written: Written) -> list[Fault]:
    """Find them among the tiers of all objectives: one fault each, at the first objective that it does not suit.

    Nothing is left out for it. The others need that tier, and in force it is clamped for each (model/tiers).
    """
    faults = []
    slos = [(at, slo) for at, slo in enumerate(root.slos) if slo.alerts.tiers is None]
    for index, each in enumerate(root.alerts.tiers or []):
        path: Path = ("alerts", "tiers", index)
        for at, slo in slos:
            where = written.words(pruned.original(("slos", at)), seen_from=("alerts",))
            fault = _fault(each.tier(), slo, path, f" for {slo.name!r}, {where}")
            if fault:
                hint = f"{fault.hint} Or give that objective alerts of its own."
                faults.append(Fault(pruned.original(fault.path), fault.what, hint))
                break
    return faults


def _fault(tier: Tier, slo: Slo, path: Path, of: str) -> Fault | None:
    """Return what is wrong with a tier for an objective."""
    period = duration_text(slo.window)
    if tier.long_nanos > slo.window:
        what = f"can never fire{of}: it looks back over more than the period of {period}"
        return Fault((*path, "long"), what, f"Use a long window of at most {period}.")
    factor = tier.factor(slo.window)
    threshold = factor * _allowed(slo)
    if factor < 1:
        what = f"fires inside the budget{of}: that is a burn of {float(factor):.3g} over {period}"
        least = _percent(_share(tier, slo.window) / factor, ROUND_CEILING)
        return Fault((*path, "budget"), what, f"Use at least {least}%, which is a burn of 1.")
    if threshold >= 1:
        what = f"can never fire{of}: {_percent(threshold)} % of events would have to be bad"
        most = _percent(_share(tier, slo.window) / threshold, ROUND_FLOOR)
        return Fault((*path, "budget"), what, f"Use less than {most}%, or a longer window.")
    return None


def _allowed(slo: Slo) -> Fraction:
    return budget_ratio(format(slo.objective, "f"))


def _share(tier: Tier, period_nanos: int) -> Fraction:
    """Return the share of the budget that a tier is about."""
    return tier.factor(period_nanos) * tier.long_nanos / period_nanos


def _percent(share: Fraction, rounding: str = ROUND_HALF_EVEN) -> str:
    """Write a share in percent with four digits."""
    context = Context(prec=4, rounding=rounding)
    percent = context.divide(Decimal(share.numerator * 100), Decimal(share.denominator))
    return format(percent.normalize(), "f")
