"""The key `objectives`.

[{name, id, spec_hash, objective_ratio, good, model, method, state, events: {good, bad, excluded},
  excluded_by: {reason: events}, counted_model}], each reason that there can be, from 0; of an objective that is
counted by model one for each, and counted_model says which. How the budgets burn is in /api/v1/slo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from sidecar.model.sections.objectives import ObjectiveReading, Objectives


def objectives_document(objectives: Objectives) -> dict[str, Any]:
    """Return this key."""
    return {"objectives": [_objective(reading) for reading in objectives.readings]}


def _objective(reading: ObjectiveReading) -> dict[str, Any]:
    objective, counted = reading.objective, reading.events
    document = {
        "name": objective.name,
        "id": objective.id,
        "spec_hash": objective.spec_hash,
        "objective_ratio": objective.ratio,
        "good": objective.indicator.kind,
        "model": objective.model_glob,
        "method": objective.method_glob,
        "state": reading.state.value,
        "events": {"good": counted.good, "bad": counted.bad, "excluded": counted.excluded},
        "excluded_by": dict(counted.excluded_by),
    }
    return {**document, "counted_model": reading.model} if reading.model else document
