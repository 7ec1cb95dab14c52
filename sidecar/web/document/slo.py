"""/api/v1/slo: what was promised, what is left of each budget, how fast it burns, and what fires.

at_unix_nanos         when all of this was so
clock_moved_seconds   by how much the wall clock has moved against what has elapsed since control started
state                 {home: disk | tap, up, reason, set_aside, behind_seconds}: where windows outlive a restart, and
                      whether that works; `reason` why not, `set_aside` the file that could not be used
alerts                what is sent to Alertmanagers, where there are any: see alerts.py
objectives            [...], in the order of the configuration; of an objective counted by model one for each:
  name, id, spec_hash
  model               of an objective counted by model
  promise             in the words of the configuration, e.g. `latency_below: 100ms`
  match               {model, method}: globs, each where there is one
  objective_ratio     target share of good events, a decimal string; window, window_seconds: the period it is about
  state               ok | no_traffic | stalled | unreachable | no_telemetry
  events              {good, bad, excluded}, since the tap started; excluded_by: {reason: events}
  guard               {min_bad, many_bad, minutes, streak_bad, streak_seconds, page_sigmas, ticket_sigmas}: see
                      docs/objectives.md
  windows             [{window, seconds, covered_seconds, slot, slots, good, bad, bad_minutes, burn}], shortest first:
                      what lies in each, and how much of it there is; `slots` of the length `slot` make it up; without
                      `burn` where nothing happened
  tiers               [{name, severity, long, short, factor, threshold_ratio, firing, since_unix_nanos, held_by,
                      out_of_reach, fires_in_seconds}]: fires while the burn is above `factor`, the share of bad events
                      above `threshold_ratio`, in both windows. The tier of a state has none of these four.
                      `held_by`: it burns and does not fire, as the bad events are too few (guard) or as the state is
                      younger than a minute (soon). `out_of_reach`: its long window is not kept
  budget              {remaining_ratio, exhausted}: 1 = untouched, below 0 = overspent
  exhaustion          {seconds, soonest_seconds, latest_seconds, window}: when the budget is spent at the rate of this
                      window, with the 95 % interval of that rate; without `latest_seconds` where perhaps never
  retained, retained_seconds   the longest window that is kept
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from sidecar.model.duration import duration_text
from sidecar.model.grid import NANOS_PER_SECOND
from sidecar.model.indicator import text_of
from sidecar.model.tiers import Guard, budget_ratio
from sidecar.model.windows import RINGS
from sidecar.web.document.alerts import alerts_document

if TYPE_CHECKING:
    from typing import Any

    from sidecar.model.objective import Objective
    from sidecar.model.sections.objectives import (
        Burn,
        Exhaustion,
        ObjectiveReading,
        TierReading,
        WindowReading,
    )
    from sidecar.model.sections.store import StoreReading
    from sidecar.model.snapshot import Snapshot


def slo_document(snapshot: Snapshot) -> dict[str, Any]:
    """Return the whole document."""
    objectives = snapshot.objectives
    return {
        "at_unix_nanos": snapshot.moment.at_unix_nanos,
        "clock_moved_seconds": objectives.clock_moved_nanos / NANOS_PER_SECOND,
        **({"state": _state(snapshot.store)} if snapshot.store else {}),
        **alerts_document(snapshot),
        "objectives": [_objective(reading) for reading in objectives.readings],
    }


def _state(store: StoreReading) -> dict[str, Any]:
    told = {"reason": store.reason, "set_aside": store.set_aside}
    return {
        "home": store.home,
        "up": store.up,
        **{name: text for name, text in told.items() if text},
        "behind_seconds": store.behind_seconds,
    }


def _objective(reading: ObjectiveReading) -> dict[str, Any]:
    objective, counted = reading.objective, reading.events
    globs = {"model": objective.model_glob, "method": objective.method_glob}
    return {
        "name": objective.name,
        "id": objective.id,
        "spec_hash": objective.spec_hash,
        **({"model": reading.model} if reading.model else {}),
        "promise": text_of(objective.indicator),
        "match": {name: glob for name, glob in globs.items() if glob},
        "objective_ratio": objective.ratio,
        "window": duration_text(objective.window_nanos),
        "window_seconds": objective.window_nanos / NANOS_PER_SECOND,
        "state": reading.state.value,
        "events": {"good": counted.good, "bad": counted.bad, "excluded": counted.excluded},
        "excluded_by": dict(counted.excluded_by),
        "guard": _guard(objective, reading.burn),
        **(_burn(reading.burn, objective) if reading.burn else {}),
    }


def _guard(objective: Objective, burn: Burn | None) -> dict[str, Any]:
    guard = Guard.within(burn.retained_nanos if burn else objective.window_nanos, objective.min_bad)
    return {
        "min_bad": guard.min_bad,
        "many_bad": guard.many_bad,
        "minutes": guard.minutes,
        "streak_bad": guard.streak_bad,
        "page_sigmas": guard.page_sigmas,
        "ticket_sigmas": guard.ticket_sigmas,
        "streak_seconds": guard.streak_nanos / NANOS_PER_SECOND,
    }


def _burn(burn: Burn, objective: Objective) -> dict[str, Any]:
    document: dict[str, Any] = {
        "windows": [_window(each) for each in burn.windows],
        "tiers": [_tier(each, budget_ratio(objective.ratio)) for each in burn.tiers],
        "retained": duration_text(burn.retained_nanos),
        "retained_seconds": burn.retained_nanos / NANOS_PER_SECOND,
    }
    if burn.budget_remaining is not None:
        remaining = burn.budget_remaining
        document["budget"] = {"remaining_ratio": remaining, "exhausted": remaining <= 0}
    if burn.exhaustion is not None:
        document["exhaustion"] = _exhaustion(burn.exhaustion)
    return document


def _window(window: WindowReading) -> dict[str, Any]:
    # A window is read off the finest ring that is long enough.
    slot_nanos = next(ring.slot_nanos for ring in RINGS if window.nanos <= ring.span_nanos)
    document: dict[str, Any] = {
        "window": duration_text(window.nanos),
        "seconds": window.nanos / NANOS_PER_SECOND,
        "covered_seconds": window.covered_nanos / NANOS_PER_SECOND,
        "slot": duration_text(slot_nanos),
        "slots": -(-window.nanos // slot_nanos),
        "good": window.good,
        "bad": window.bad,
    }
    if window.bad_minutes is not None:
        document["bad_minutes"] = window.bad_minutes
    if window.burn is not None:
        document["burn"] = window.burn
    return document


def _tier(tier: TierReading, allowed: Fraction) -> dict[str, Any]:
    document: dict[str, Any] = {"name": tier.name, "severity": tier.severity}
    if tier.short_nanos:
        document |= {
            "long": duration_text(tier.long_nanos),
            "short": duration_text(tier.short_nanos),
            "factor": tier.factor,
            "threshold_ratio": tier.factor * float(allowed),
        }
    document["firing"] = tier.firing
    if tier.firing:
        document["since_unix_nanos"] = tier.since_unix_nanos
    if tier.held_by:
        document["held_by"] = tier.held_by
    document["out_of_reach"] = tier.out_of_reach
    if tier.fires_in_nanos is not None:
        document["fires_in_seconds"] = tier.fires_in_nanos / NANOS_PER_SECOND
    return document


def _exhaustion(exhaustion: Exhaustion) -> dict[str, Any]:
    document: dict[str, Any] = {
        "seconds": exhaustion.nanos / NANOS_PER_SECOND,
        "soonest_seconds": exhaustion.soonest_nanos / NANOS_PER_SECOND,
        "window": duration_text(exhaustion.window_nanos),
    }
    if exhaustion.latest_nanos is not None:
        document["latest_seconds"] = exhaustion.latest_nanos / NANOS_PER_SECOND
    return document
