"""The key `config`: {generation, valid, last_reload_successful, hash}."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from sidecar.model.sections.config import Config


def config_document(config: Config) -> dict[str, Any]:
    """Return this key."""
    return {
        "config": {
            "generation": config.generation,
            "valid": config.valid,
            "last_reload_successful": config.last_reload_successful,
            "hash": config.hash,
        }
    }
