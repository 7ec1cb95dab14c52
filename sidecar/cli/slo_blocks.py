"""The API's objectives for a person on call: a block for each, what fires first, then by what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sidecar.cli.figures import (
    COLUMNS,
    count,
    counted,
    cut,
    entry,
    percent,
    printable,
    significant,
    span,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sidecar.cli.figures import Paper

Document = dict[str, Any]

PAGE = "page"
# Less is the clock being disciplined, and not worth a line.
CLOCK_MOVED_SECONDS = 1.0
# A store that is a tick or two behind works.
BEHIND_SECONDS = 5.0


def blocks(document: Document, admin: str, paper: Paper) -> Iterator[str]:
    """Yield the lines about all objectives, with a head that says how many fire and where state is kept."""
    now = document["at_unix_nanos"]
    objectives = in_order(document["objectives"])
    firing = sum(any(tier["firing"] for tier in tiers_of(each)) for each in objectives)
    fires = f"{firing} of {len(objectives)} {'fires' if firing == 1 else 'fire'}"
    at = f"{printable(admin)} at {paper.clock(now, now)}"
    yield f"{at}: {(paper.loud(fires) if firing else fires) if objectives else 'no objectives'}"
    yield from _state(document)
    yield from _alerts(document, now, paper)
    if not objectives:
        yield "Write some under `slos:` of the configuration: see `wayside check --help`."
    for each in objectives:
        yield ""
        yield from block(each, now, paper)


def _alerts(document: Document, now: int, paper: Paper) -> Iterator[str]:
    """Yield a line for each Alertmanager, where there is any."""
    alerts = document.get("alerts")
    if not alerts:
        return
    firing = len(alerts["firing"])
    yield f"{firing} alert{'s' * (firing != 1)} told to:"
    for each in alerts["alertmanagers"]:
        last = each.get("last_success_unix_nanos")
        taken = f"last taken at {paper.clock(last, now)}" if last else "nothing taken yet"
        error = f"; {each['last_error']}" if "last_error" in each else ""
        yield cut(f"  {printable(each['url'])}: {taken}{printable(error)}", COLUMNS)


def in_order(objectives: list[Document]) -> list[Document]:
    """Return them by urgency: firing pages, firing tickets, then the least budget; what is not known comes last."""

    def urgency(objective: Document) -> tuple[int, float]:
        severities = {tier["severity"] for tier in tiers_of(objective) if tier["firing"]}
        rank = 0 if PAGE in severities else 1 if severities else 2
        return rank, objective.get("budget", {}).get("remaining_ratio", float("inf"))

    return sorted(objectives, key=urgency)


def tiers_of(objective: Document) -> list[Document]:
    """Return its tiers; none before the engine has looked."""
    return list(objective.get("tiers", []))


def block(objective: Document, now: int, paper: Paper) -> Iterator[str]:
    """Yield the lines about one objective."""
    yield title(objective, paper)
    yield from promise(objective, paper)
    yield from _tier_table(objective, now, paper)
    yield from _not_kept(objective)
    yield from _events(objective)


def title(objective: Document, paper: Paper) -> str:
    """Return its name, its model, and what fires."""
    of_model = f" of {objective['model']}" if objective.get("model") else ""
    firing = [tier["name"] for tier in tiers_of(objective) if tier["firing"]]
    name = printable(f"{objective['name']}{of_model}")
    if not firing:
        return cut(name, COLUMNS)
    fires = cut(f"FIRES: {', '.join(firing)}", 50)
    return f"{cut(name, COLUMNS - len(fires) - 2)}  {paper.loud(fires)}"


def promise(objective: Document, paper: Paper) -> Iterator[str]:
    """Yield what was promised, the state, and what is left of the budget."""
    match = objective["match"]
    globs = ", ".join(f"{name} {glob}" for name, glob in match.items()) or "every model"
    target, window = percent(objective["objective_ratio"]), objective["window"]
    yield from entry("promise", f"{target} of {globs}: {objective['promise']}, over {window}")
    yield from entry("state", objective["state"].replace("_", " "))
    yield from entry("budget", _budget(objective, paper))
    exhaustion = objective.get("exhaustion")
    if exhaustion and exhaustion["seconds"]:
        yield from entry("", _exhaustion(exhaustion))


def _budget(objective: Document, paper: Paper) -> str:
    window, retained = objective["window"], objective.get("retained")
    whole = retained in (None, window)
    if "budget" not in objective:
        return "not known yet" if whole else f"not known: of {window} only {retained} are kept"
    remaining = objective["budget"]["remaining_ratio"]
    of = f"of {window}" if whole else f"of the last {retained}"
    longest = objective["windows"][-1]
    if longest["covered_seconds"] < longest["seconds"]:
        # It is the budget of what came, and not the one of the whole window yet.
        of = f"of the {span(longest['covered_seconds'])} there is {of}"
    if remaining < 0:
        return f"{paper.bar(0)} overspent: {significant(1 - remaining)} budgets {of} are spent"
    return f"{paper.bar(remaining)} {percent(remaining)} left {of}"


def _exhaustion(exhaustion: Document) -> str:
    latest = exhaustion.get("latest_seconds")
    until = f"to {span(latest)}" if latest is not None else "or never"
    interval = f"95%: {span(exhaustion['soonest_seconds'])} {until}"
    return (
        f"spent in {span(exhaustion['seconds'])} at the rate of {exhaustion['window']} ({interval})"
    )


def burn_text(window: Document | None) -> str:
    """Write how fast a window burns; a dash where nothing happened in it, or it is not kept."""
    return significant(window["burn"]) if window and "burn" in window else "-"


def _tier_table(objective: Document, now: int, paper: Paper) -> Iterator[str]:
    """Yield each tier with the burn of its windows; the tier of a state only when it has something to say."""
    windows = {each["window"]: each for each in objective.get("windows", [])}
    shown = [
        each for each in tiers_of(objective) if "factor" in each or tier_words(each, now, paper)
    ]
    if not shown:
        return
    yield f"  {'tier':<16}{'fires above':>11}  {'long':>6} {'burn':>7}  {'short':>6} {'burn':>7}"
    for tier in shown:
        words = tier_words(tier, now, paper)
        name = cut(printable(tier["name"]), 16)
        if "factor" not in tier:
            yield f"  {name:<47}{' ' * 13}{_said(words, tier, paper)}".rstrip()
            continue
        long, short = (windows.get(tier[each]) for each in ("long", "short"))
        row = (
            f"  {name:<16}{significant(tier['factor']):>11}"
            f"  {tier['long']:>6} {burn_text(long):>7}  {tier['short']:>6} {burn_text(short):>7}"
        )
        yield f"{row}  {_said(words, tier, paper)}".rstrip()


def _said(words: str, tier: Document, paper: Paper) -> str:
    room = cut(words, COLUMNS - 62)
    return paper.loud(room) if tier["firing"] else room


def tier_words(tier: Document, now: int, paper: Paper) -> str:
    """Say what a tier does; empty when that is nothing."""
    if tier["firing"]:
        since = tier["since_unix_nanos"]
        age = span((now - since) / 1e9)
        return f"FIRES since {paper.clock(since, now)} ({age})"
    if tier["out_of_reach"]:
        return f"needs a state_dir: {tier['long']} are not kept"
    if tier.get("held_by") == "guard":
        return "burns; held: too few to be sure"
    if tier.get("held_by") == "soon":
        return "for less than a minute"
    if "fires_in_seconds" in tier:
        return f"fires in {span(tier['fires_in_seconds'])} at this rate"
    return ""


def _not_kept(objective: Document) -> Iterator[str]:
    """Say which windows tell of less than their length."""
    young = [
        f"{each['window']} has {span(each['covered_seconds'])}"
        for each in objective.get("windows", [])
        if each["covered_seconds"] < each["seconds"]
    ]
    if young:
        yield from entry("not full", ", ".join(young))
    if objective.get("retained") not in (None, objective["window"]):
        yield from entry(
            "windows", f"end at {objective['retained']}: without a state_dir no more is kept"
        )


def _events(objective: Document) -> Iterator[str]:
    events = objective["events"]
    judged = f"{count(events['good'])} good, {count(events['bad'])} bad since the start"
    reasons = [f"{name} {number:,}" for name, number in objective["excluded_by"].items() if number]
    yield from entry("events", judged)
    if events["excluded"]:
        yield from entry("excluded", f"{count(events['excluded'])}: {', '.join(reasons)}")


def _state(document: Document) -> Iterator[str]:
    """Say where state is kept, whether that works, and whether the clock was moved."""
    state = document.get("state")
    if state is None:
        return
    reason = f": {state['reason']}" if state.get("reason") else ""
    if state["home"] != "disk":
        text = (
            "in the tap's memory: windows end at 6h, a restart empties them; state_dir keeps them"
        )
    elif not state["up"]:
        text = f"NOT KEPT, a restart loses it{reason}"
    elif state["behind_seconds"] >= BEHIND_SECONDS:
        text = (
            f"in state_dir, whose disk is {counted(int(state['behind_seconds']), 'second')} behind"
        )
    else:
        text = "in state_dir"
    yield from entry("kept", text)
    if state.get("set_aside"):
        yield from entry("", f"a file that could not be used was set aside: {state['set_aside']}")
    if abs(moved := document["clock_moved_seconds"]) >= CLOCK_MOVED_SECONDS:
        way = "ahead" if moved > 0 else "back"
        yield from entry(
            "clock", f"was set {span(abs(moved))} {way}; windows go by what has elapsed"
        )
