"""What control needs to know beyond the tap's part of the policy: the JSON in Policy.control_settings.

Written by the policy compiler, read by control, opaque to the tap. JSON, so that control needs nothing else to read it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from sidecar.model.snapshot import WatchedObjective

DEFAULT_TICK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ControlSettings:
    """Settings of the control process, of one policy generation."""

    tick_seconds: float = DEFAULT_TICK_SECONDS
    log_format: str = "human"
    watch: tuple[str, ...] = ()  # absolute paths, links not resolved: a link swap must be seen
    hash_salt: str = ""  # what beside the files' contents is in Policy.config_hash
    reload_argv: tuple[str, ...] = ()  # prints a serialized Policy; empty: nothing to reload
    objectives: tuple[WatchedObjective, ...] = ()

    def to_json(self) -> bytes:
        """Return what Policy.control_settings carries."""
        return json.dumps(asdict(self), separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, data: bytes) -> ControlSettings:
        """Read what the compiler wrote; raises ValueError. Empty data means defaults."""
        if not data:
            return cls()
        try:
            raw = json.loads(data)
            return cls(
                tick_seconds=float(raw["tick_seconds"]),
                log_format=raw["log_format"],
                watch=tuple(raw["watch"]),
                hash_salt=raw["hash_salt"],
                reload_argv=tuple(raw["reload_argv"]),
                objectives=tuple(WatchedObjective(**each) for each in raw["objectives"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"control settings are not this build's: {error!r}") from error
