"""Files by which Alertmanagers let us in. They are read when something is sent; here is said what would be found."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sidecar.config.objectives import Alerts
    from sidecar.model.problem import Problem
    from sidecar.text.document import Document, Path


def delivery_file_problems(alerts: Alerts, document: Document) -> list[Problem]:
    """Say which files cannot be used now; they may come later."""
    problems = []
    for at, alertmanager in enumerate(alerts.alertmanagers):
        for where, path, is_secret in alertmanager.files():
            if what := _unusable(path, is_secret):
                hint = "Until it can be, this Alertmanager is told nothing."
                place: Path = ("alerts", "alertmanagers", at, *where)
                problems.append(document.problem(place, f"{path!r} {what}", hint))
    return problems


def _unusable(path: str, is_secret: bool) -> str:
    """Say what is wrong with a file; empty where nothing is."""
    try:
        # Whoever opens a named pipe waits for its writer; nobody is to wait here.
        with open(
            path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)
        ) as handle:
            is_empty = not handle.read(4096).strip()
    except (OSError, ValueError) as error:  # ValueError: of a name that no file can have
        return f"cannot be read: {error.strerror if isinstance(error, OSError) else error}"
    if not is_empty:
        return ""
    return "is empty: write the secret into it" if is_secret else "is empty"
