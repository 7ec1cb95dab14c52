"""Three days of one objective, minute by minute: incidents of every speed, a quiet night, and what the engine says."""

from __future__ import annotations

import random
from dataclasses import dataclass

from sidecar.model.duration import HOUR, MINUTE
from sidecar.model.indicator import Available
from sidecar.model.objective import Objective
from tests.fakes.promises import SECOND, START, Ticker

MINUTES = 3 * 24 * 60
PODS = ("a", "b", "c")
# From the end of which hour on: (requests a minute, share of them that is bad).
_HOURS = (
    (10.0, 80, 0.0),
    (10.05, 800, 0.5),  # three minutes: so many that a ticket asks no more
    (14.0, 80, 0.0002),
    (14.2, 100, 0.15),
    (16.0, 80, 0.0002),
    (19.0, 60, 0.02),
    (24.0, 80, 0.0002),
    (50.0, 60, 0.004),
    (52.0, 80, 0.0002),
    (52.4, 100, 1.0),
    (54.0, 80, 0.0002),
    (55.0, 0, 0.0),  # idle
    (59.0, 0.1, 0.0),  # six an hour
    (61.0, 0.1, 1.0),  # and each of them fails
    (
        72.0,
        0.01,
        1.0,
    ),  # one in 100 minutes, which fails: fewer in six hours than the guard asks for
)
# A request that is repeated four times within a minute.
_RETRIED = (55 * 60 + 33, 57 * 60 + 30)
# One that is answered, right after one that was not, and in the middle of a step of the grid.
_ANSWERED = 4202


@dataclass(frozen=True)
class Minute:
    """What happened within a minute, by pod: (good, bad)."""

    by_pod: tuple[tuple[int, int], ...]

    @property
    def good(self) -> int:
        """Good events of all pods."""
        return sum(good for good, _ in self.by_pod)

    @property
    def bad(self) -> int:
        """Bad events of all pods."""
        return sum(bad for _, bad in self.by_pod)


def days(seed: int) -> list[Minute]:
    """The events of each minute."""
    draws = random.Random(seed)
    return [_minute(at, draws) for at in range(MINUTES)]


def _minute(at: int, draws: random.Random) -> Minute:
    requests, share = next((rate, bad) for end, rate, bad in _HOURS if at < end * 60)
    count = int(requests) if requests >= 1 or requests == 0 else int(at % round(1 / requests) == 0)
    if at in _RETRIED:
        count, share = 5, 1.0
    if at == _ANSWERED:
        count, share = 1, 0.0
    found = [[0, 0] for _ in PODS]
    for _ in range(count):
        found[draws.randrange(len(PODS))][draws.random() < share] += 1
    return Minute(tuple((good, bad) for good, bad in found))


@dataclass(frozen=True)
class Said:
    """What the engine says at the end of a minute."""

    firing: frozenset[str]
    good: dict[int, float]  # by length of the window, in nanoseconds
    bad: dict[int, float]


def engine_says(objective: Objective, minutes: list[Minute]) -> list[Said]:
    """Feed it the same events, each told a second before its minute ends; what it says from minute 0 on."""
    ticker = Ticker([objective])
    ticker.tick(START)
    said = [Said(frozenset(), {}, {})]
    for at, each in enumerate(minutes):
        ticker.tick(START + (at + 1) * MINUTE - SECOND, each.good, each.bad)
        burn = ticker.tick(START + (at + 1) * MINUTE).readings[0].burn
        assert burn is not None
        said.append(
            Said(
                frozenset(tier.name for tier in burn.tiers if tier.firing),
                {window.nanos: window.good for window in burn.windows},
                {window.nanos: window.bad for window in burn.windows},
            )
        )
    return said


def counters(minutes: list[Minute], pod: int, outcome: int) -> list[int]:
    """What a pod's counter shows at each minute; a pod that was restarted begins anew, a day after the other."""
    value, shown = 0, [0]
    for at, each in enumerate(minutes):
        if at % (24 * 60) == 60 * (pod + 1):
            value = 0
        value += each.by_pod[pod][outcome]
        shown.append(value)
    return shown


ANSWERS = Objective("answers", Available(), "0.999")
# A window of more than an hour is told by increases of five minutes: by then it is what the engine said.
GRID_MINUTES = 5


def lag_minutes(nanos: int) -> int:
    """How far behind the engine a window may be."""
    return 0 if nanos <= HOUR else GRID_MINUTES
