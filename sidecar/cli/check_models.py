"""Which models a running Wayside has seen, and which of them each objective is about."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sidecar.model.glob import matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sidecar.model.objective import Objective

# What calls are counted under whose model is not known: no name to be matched.
UNKNOWN = "unknown"
_SHOWN = 8


def running_models(admin: str) -> list[str]:
    """Ask for the models there are, sorted. Raises OSError, or ValueError for what is no answer of Wayside."""
    from sidecar.cli.admin_api import fetch

    document = json.loads(fetch(admin, "/api/v1/snapshot"))
    if not isinstance(document, dict):
        raise ValueError("its answer is no snapshot")
    return models_in(document)


def models_in(snapshot: dict[str, Any]) -> list[str]:
    """Return the names in a snapshot: of calls, of what is in flight, and of the server's own page."""
    names = set(snapshot.get("server", {}).get("models", []))
    for key in ("calls", "timings", "in_flight"):
        names |= {each.get("model", "") for each in snapshot.get(key, [])}
    return sorted(names - {"", UNKNOWN})


def model_lines(objectives: Iterable[Objective], models: list[str], admin: str) -> Iterator[str]:
    """Yield which models each objective is about; one that is about none is a warning."""
    yield f"models at {admin}: {_names(models) or 'none yet'}"
    for objective in objectives:
        found = [name for name in models if matches(objective.model_glob, name)]
        if found or not models:
            yield f"  {objective.name}: {_names(found) or 'none yet'}"
        else:
            yield f"  {objective.name}: warning: {objective.model_glob!r} matches none of them"


def _names(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
