"""Objectives whose budgets burn, as the engine tells of them, without an engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sidecar.model.duration import DAY, HOUR, MINUTE
from sidecar.model.objective import Objective, State
from sidecar.model.sections.objectives import (
    Burn,
    Events,
    Exhaustion,
    ObjectiveReading,
    Objectives,
    TierReading,
    WindowReading,
)
from sidecar.model.sections.store import StoreReading
from sidecar.model.snapshot import Snapshot
from sidecar.model.tiers import DEFAULT_TIERS, budget_ratio, tiers_in_force
from tests.fakes import facts
from tests.fakes.published import published, watched

AT_UNIX_NANOS = 1_760_000_100_000_000_000  # 2025-10-09 08:55:00 UTC, the moment of facts.snapshot
REASONS = (
    "client_error", "cancelled", "unread", "deadline", "untimed", "one_piece", "client_slow", "no_tokens", "no_length",
)  # fmt: skip
WINDOWS = (5 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, DAY, 3 * DAY, 30 * DAY)
KEPT_WITHOUT_DISK = 6 * HOUR


def window(
    nanos: int, good: float, bad: float, ratio: str = "0.999", covered: int | None = None
) -> WindowReading:
    """Return what lies in one window; each bad event in a minute of its own."""
    total = good + bad
    burn = bad / total / float(budget_ratio(ratio)) if total else None
    known = nanos if covered is None else min(covered, nanos)
    return WindowReading(nanos, known, good, bad, burn, min(int(bad), nanos // MINUTE))


def tiers(
    firing: Mapping[str, int] | None = None,
    kept: int = 30 * DAY,
    ratio: str = "0.999",
    fires_in: Mapping[str, int] | None = None,
    held_by: Mapping[str, str] | None = None,
) -> tuple[TierReading, ...]:
    """Return the usual tiers and those of the states; `firing` says since when."""
    since = firing or {}
    usual = tuple(
        TierReading(
            *(each.tier.name, each.tier.severity, each.tier.long_nanos, each.tier.short_nanos),
            factor=float(each.factor),
            firing=each.tier.name in since,
            since_unix_nanos=since.get(each.tier.name, 0),
            held_by=(held_by or {}).get(each.tier.name, ""),
            out_of_reach=each.tier.long_nanos > kept,
            fires_in_nanos=(fires_in or {}).get(each.tier.name),
        )
        for each in tiers_in_force(DEFAULT_TIERS, ratio, 30 * DAY)
    )
    states = tuple(
        TierReading(name, "page", MINUTE, 0, 0.0, name in since, since.get(name, 0))
        for name in ("unreachable", "stalled")
    )
    return usual + states


def quiet() -> Burn:
    """Return a budget that hardly burns: one bad event in 10,000, for the whole period."""
    windows = tuple(window(each, 9_999, 1) for each in WINDOWS)
    return Burn(windows, tiers(), 0.9, None, 30 * DAY)


def on_fire() -> Burn:
    """Return one of which page-fast fires for twelve minutes and page-slow will."""
    bad = (300, 120, 150, 90, 40, 20, 5, 8)  # of 10,000
    windows = tuple(
        window(each, 10_000 - each_bad, each_bad)
        for each, each_bad in zip(WINDOWS, bad, strict=True)
    )
    firing = {"page-fast": AT_UNIX_NANOS - 12 * MINUTE}
    left = Exhaustion(2 * HOUR, 100 * MINUTE, 160 * MINUTE, HOUR)
    return Burn(windows, tiers(firing, fires_in={"page-slow": 8 * MINUTE}), 0.214, left, 30 * DAY)


def young() -> Burn:
    """Return one without a disk, two hours old, whose first bad events the guard holds back."""
    age = 2 * HOUR
    windows = tuple(
        window(each, 70, 4, covered=age) for each in WINDOWS if each <= KEPT_WITHOUT_DISK
    )
    return Burn(
        windows,
        tiers(kept=KEPT_WITHOUT_DISK, held_by={"page-fast": "guard", "page-slow": "guard"}),
        None,
        None,
        KEPT_WITHOUT_DISK,
    )


def reading(
    name: str, burn: Burn | None, model: str = "", state: State = State.OK, excluded: int = 0
) -> ObjectiveReading:
    """Return a reading with events, excluded ones by every reason there is."""
    objective = replace(watched(name), per_model=bool(model), model_glob="" if model else "bert")
    by = tuple((reason, excluded if at < 2 else 0) for at, reason in enumerate(REASONS))
    return ObjectiveReading(objective, state, Events(9_000, 50, 2 * excluded, by), model, burn)


def told(
    readings: Sequence[ObjectiveReading], store: StoreReading | None = None, clock_moved: int = 0
) -> Snapshot:
    """Publish readings in an ordinary moment."""
    return replace(
        published(facts.snapshot()),
        objectives=Objectives(tuple(readings), clock_moved),
        store=store or StoreReading("disk"),
    )


def named(objectives: Sequence[Objective], burn: Burn) -> Objectives:
    """Return the section in which all of these burn alike, with every reason of exclusion."""
    events = Events(1, 0, 0, tuple((reason, 0) for reason in REASONS))
    return Objectives(
        tuple(ObjectiveReading(each, State.OK, events, "", burn) for each in objectives)
    )
