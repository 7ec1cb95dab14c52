"""What each way of ending counts as, asked of the tap, which decides: `wayside-tap outcomes`.

It answers in lines of words with tabs between: `way`, `outcome` and `reason` of a table each, in the order to be shown.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import NamedTuple

from sidecar.cli.launch import LaunchError, find_tap

# It answers in microseconds; a minute is for a machine that has none to spare.
ANSWER_SECONDS = 60.0


# The kinds of objectives of which it tells, in its order.
INDICATORS = (
    "available",
    "latency_below",
    "first_token_below",
    "token_time_below",
    "longest_gap_below",
)


class Way(NamedTuple):
    """One way for a call to end."""

    when: str
    code: str  # or several, with commas between
    ended_by: str
    outcome: str


class Meaning(NamedTuple):
    """What an outcome is in the histograms, and to each kind of objective."""

    outcome: str
    histograms: str  # ok | failed | none
    available: str  # good | bad | excluded
    latency_below: str
    first_token_below: str
    token_time_below: str
    longest_gap_below: str


class Reason(NamedTuple):
    """Why an event is excluded."""

    word: str
    meaning: str


@dataclass(frozen=True, slots=True)
class OutcomeTable:
    """All that is decided."""

    ways: tuple[Way, ...]
    outcomes: tuple[Meaning, ...]
    reasons: tuple[Reason, ...]


def ask_tap() -> OutcomeTable:
    """Return the table of the tap that would run. Raises LaunchError."""
    try:
        done = subprocess.run(
            [find_tap(), "outcomes"],
            capture_output=True,
            text=True,
            timeout=ANSWER_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LaunchError(f"wayside-tap did not tell its outcomes: {error}") from error
    if done.returncode != 0:
        raise LaunchError(f"wayside-tap did not tell its outcomes: {done.stderr.strip()}")
    return parse_table(done.stdout)


def parse_table(text: str) -> OutcomeTable:
    """Read what the tap says. Raises LaunchError where it is of another version."""
    ways: list[Way] = []
    outcomes: list[Meaning] = []
    reasons: list[Reason] = []
    for line in text.splitlines():
        match line.split("\t"):
            case ["way", when, code, ended_by, outcome]:
                ways.append(Way(when, code, ended_by, outcome))
            case ["outcome", outcome, histograms, *events] if len(events) == len(INDICATORS):
                outcomes.append(Meaning(outcome, histograms, *events))
            case ["reason", word, meaning]:
                reasons.append(Reason(word, meaning))
            case _:
                raise LaunchError(f"wayside-tap is of another version: {line!r}")
    if not (ways and outcomes and reasons):
        raise LaunchError("wayside-tap is of another version: it told no outcomes")
    return OutcomeTable(tuple(ways), tuple(outcomes), tuple(reasons))
