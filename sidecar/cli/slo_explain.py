"""Why a tier fires, or does not: each decision of one objective with its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sidecar.cli.figures import count, counted, entry, percent, significant, span
from sidecar.cli.slo_blocks import burn_text, promise, tier_words, tiers_of, title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sidecar.cli.figures import Paper

Document = dict[str, Any]


def explanation(objective: Document, now: int, paper: Paper) -> Iterator[str]:
    """Yield the lines about one objective."""
    yield title(objective, paper)
    yield from promise(objective, paper)
    if not tiers_of(objective):
        yield "  nothing has been looked at yet"
    windows = {each["window"]: each for each in objective.get("windows", [])}
    for tier in tiers_of(objective):
        yield ""
        yield f"{tier['name']} ({tier['severity']})"
        if "factor" in tier:
            yield from _of_windows(tier, windows, objective["guard"], now, paper)
        else:
            yield from _of_state(tier, objective, now, paper)


def _of_windows(
    tier: Document, windows: Document, guard: Document, now: int, paper: Paper
) -> Iterator[str]:
    threshold, factor = percent(tier["threshold_ratio"]), significant(tier["factor"])
    yield from entry(
        "rule", f"more than {threshold} bad, a burn above {factor}, in both windows; and the guard"
    )
    for name in ("long", "short"):
        yield from entry(name, _window(tier[name], windows.get(tier[name]), tier["factor"]))
    if long := windows.get(tier["long"]):
        yield from entry("guard", _guard(tier, long, windows, guard))
    yield from entry("so", _decision(tier, windows, now, paper))


def _window(name: str, window: Document | None, factor: float) -> str:
    """Write what lies in a window, and on which side of the factor that is."""
    if window is None:
        return f"{name}: not kept"
    made_of = f"{name} = {counted(window['slots'], 'slot')} of {window['slot']}"
    if window["covered_seconds"] < window["seconds"]:
        made_of += f", {span(window['covered_seconds'])} of it known"
    good, bad = window["good"], window["bad"]
    if "burn" not in window:
        return f"{made_of}: nothing happened"
    side = "above" if window["burn"] > factor else "not above"
    numbers = f"good {count(good)}, bad {count(bad)}, ratio {percent(bad / (good + bad))}"
    return f"{made_of}: {numbers}, burn {burn_text(window)}, {side} {significant(factor)}"


def _guard(tier: Document, long: Document, windows: Document, guard: Document) -> str:
    """Say whether enough went wrong for a share to be believed, and by which of its rules."""
    bad, minutes = long["bad"], long.get("bad_minutes")
    told = f"{count(bad)} bad"
    # What is held although there are enough is so near to the threshold that chance may have done it.
    held = tier.get("held_by") == "guard"
    enough_words = (
        "enough, but so near to the threshold that it may be chance" if held else "enough"
    )
    # A ticket can wait until there is enough of it.
    too_few = "too few" if tier["severity"] == "ticket" else _streak(windows, guard)
    if bad >= guard["many_bad"]:
        return f"{told}, {guard['many_bad']} or more, in however few minutes: {enough_words}"
    if bad >= guard["min_bad"]:
        enough = f"{told}, {guard['min_bad']} or more"
        if minutes is None:
            return f"{enough}; in how many minutes is not told, {guard['minutes']} are needed"
        where = f"in {minutes} different minutes" if minutes > 1 else "all in one minute"
        if minutes >= guard["minutes"]:
            return f"{enough}, {where}, {guard['minutes']} or more: {enough_words}"
        return f"{enough}, but {where}, fewer than {guard['minutes']}: {too_few}"
    return f"{told}, fewer than {guard['min_bad']}: {too_few}"


def _streak(windows: Document, guard: Document) -> str:
    """Say what becomes of few bad events: they are enough where nothing at all went well for hours."""
    length, least = guard["streak_seconds"], guard["streak_bad"]
    rule = f"{least} bad and no good one in {span(length)}"
    found = next((each for each in windows.values() if each["seconds"] == length), None)
    if found is not None and found["bad"] >= least and not found["good"]:
        return f"enough all the same, as at least {rule}"
    return f"too few; it would take {rule}"


def _decision(tier: Document, windows: Document, now: int, paper: Paper) -> str:
    if tier["firing"] or tier["out_of_reach"] or tier.get("held_by"):
        return tier_words(tier, now, paper)
    quiet = [
        f"{name} burns {burn_text(windows.get(name))}"
        for name in (tier["long"], tier["short"])
        if not windows.get(name, {}).get("burn", 0) > tier["factor"]
    ]
    soon = tier_words(tier, now, paper)
    return f"does not fire: {' and '.join(quiet) or 'held'}{f'; {soon}' if soon else ''}"


def _of_state(tier: Document, objective: Document, now: int, paper: Paper) -> Iterator[str]:
    rule = f"{tier['name']} for a minute, of an objective that had traffic within the hour"
    yield from entry("rule", rule)
    state = objective["state"].replace("_", " ")
    yield from entry("now", state)
    yield from entry("so", tier_words(tier, now, paper) or "does not fire")
