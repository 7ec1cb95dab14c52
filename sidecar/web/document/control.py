"""The key `control`: {cpu_seconds, resident_bytes, life}."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from sidecar.model.sections.control import Control


def control_document(control: Control) -> dict[str, Any]:
    """Return this key."""
    return {
        "control": {
            "cpu_seconds": control.cpu_seconds,
            "resident_bytes": control.resident_bytes,
            "life": control.life,
        }
    }
