"""What whoever is called reads: the keys of the rules' annotations, in their spirit, of this host alone."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, NamedTuple

from sidecar.model.duration import MINUTE, SECOND, duration_text
from sidecar.model.indicator import text_of
from sidecar.model.objective import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sidecar.model.sections.config import Config
    from sidecar.model.sections.objectives import Burn, ObjectiveReading, TierReading

# Names of users are bounded, their number is not.
MAX_NAMES = 5


class Words(NamedTuple):
    """What is said of an alert."""

    summary: str
    description: str


def burn(reading: ObjectiveReading, tier: TierReading) -> Words:
    """Say what burns, how fast, since when, what is left, and when it will be gone."""
    objective, now = reading.objective, reading.burn
    assert now is not None
    rates = {each.nanos: each.burn for each in now.windows}
    long, short = (_rate(rates.get(each)) for each in (tier.long_nanos, tier.short_nanos))
    model = reading.model if objective.per_model else objective.model_glob or "any"
    windows = duration_text(tier.long_nanos), duration_text(tier.short_nanos)
    return Words(
        f"{objective.name} burns its budget at {long} times what it may",
        f"What burns: {objective.name}, {text_of(objective.indicator)}.\n"
        f"How fast: {long} over {windows[0]}, {short} over {windows[1]}; told above {tier.factor:.4g} in both.\n"
        f"Since: {_moment(tier.since_unix_nanos)}.\n"
        f"Budget left: {_left(now)} of {duration_text(objective.window_nanos)}; at this rate gone in {_gone(now)}.\n"
        f"Model: {model}.\n"
        f"See `wayside slo explain {objective.name}` there.",
    )


def state(of: State, readings: Sequence[ObjectiveReading], since_unix_nanos: int) -> Words:
    """Say what a state means, and which objectives see it."""
    means = {
        State.STALLED: "Requests are open, and none has completed for ten seconds, or for five times the usual.",
        State.UNREACHABLE: "The model server's port refuses. Refused connections are no events: no budget burns.",
    }
    return Words(
        f"The model server is {of.value}",
        f"{means[of]}\nSince: {_moment(since_unix_nanos)}.\n"
        f"Objectives: {_names(readings)}; see `wayside slo` there.",
    )


def blind(readings: Sequence[ObjectiveReading]) -> Words:
    """Say that what passes is not read."""
    return Words(
        "More than 1 % of the connections are not read",
        "What passes there unread is in no objective: what is counted no longer speaks for the traffic.\n"
        f"Objectives: {_names(readings)}; see /api/v1/blind there.",
    )


def config(of: Config) -> Words:
    """Say that not all of the configuration is in force."""
    why = "an edit could not be adopted" if of.valid else "a part was left out at the start"
    return Words(
        "A part of the configuration is not in force",
        f"Of it {why}: `wayside check` says which line. Traffic is not touched.",
    )


def _rate(burning: float | None) -> str:
    return "unknown" if burning is None else f"{burning:.3g}"


def _moment(unix_nanos: int) -> str:
    if not unix_nanos:
        return "now"
    moment = datetime.fromtimestamp(unix_nanos // SECOND, timezone.utc)
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _left(now: Burn) -> str:
    return "unknown" if now.budget_remaining is None else f"{now.budget_remaining * 100:.4g}%"


def _gone(now: Burn) -> str:
    """Say when nothing is left, in whole minutes."""
    if now.exhaustion is None:
        return "a time that nobody can tell"
    return duration_text(now.exhaustion.nanos // MINUTE * MINUTE)


def _names(readings: Sequence[ObjectiveReading]) -> str:
    found = list(dict.fromkeys(each.objective.name for each in readings))
    more = f" and {len(found) - MAX_NAMES} more" if len(found) > MAX_NAMES else ""
    return ", ".join(found[:MAX_NAMES]) + more
