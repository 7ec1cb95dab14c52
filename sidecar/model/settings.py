"""What control needs to know beyond the tap's part of the policy: the JSON in Policy.control_settings.

Written by the policy compiler, read by control, opaque to the tap. JSON, so that control needs nothing else to read it.
"""

from __future__ import annotations

import enum
import json
from dataclasses import asdict, dataclass, field

from sidecar.model.delivery import AlertDelivery
from sidecar.model.objective import Objective
from sidecar.model.profiles import PageSettings, Profile
from sidecar.model.server_metrics import MetricsEndpoint

DEFAULT_TICK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ControlSettings:
    """Settings of the control process, of one policy generation."""

    tick_seconds: float = DEFAULT_TICK_SECONDS
    log_format: str = "human"
    # Absolute paths and patterns of files, links not resolved: a link swap must be seen.
    watch: tuple[str, ...] = ()
    hash_salt: str = ""  # what beside the files' contents is in Policy.config_hash
    reload_argv: tuple[str, ...] = ()  # prints a serialized Policy; empty: nothing to reload
    objectives: tuple[Objective, ...] = ()
    server_metrics: MetricsEndpoint | None = (
        None  # the model server's own page; None: not asked for
    )
    state_dir: str = ""  # absolute; where state outlives the tap; empty: the tap keeps it
    page: PageSettings = field(default_factory=PageSettings)  # of /metrics
    alerts: AlertDelivery = field(default_factory=AlertDelivery)  # where they go

    def to_json(self) -> bytes:
        """Return what Policy.control_settings carries."""
        plain = asdict(self) | {"objectives": [each.to_json() for each in self.objectives]}
        return json.dumps(plain, separators=(",", ":"), default=_enum_value).encode()

    @classmethod
    def from_json(cls, data: bytes) -> ControlSettings:
        """Read what the compiler wrote; raises ValueError. Empty data means defaults."""
        if not data:
            return cls()
        try:
            raw = json.loads(data)
            endpoint = raw["server_metrics"]
            return cls(
                tick_seconds=float(raw["tick_seconds"]),
                log_format=raw["log_format"],
                watch=tuple(raw["watch"]),
                hash_salt=raw["hash_salt"],
                reload_argv=tuple(raw["reload_argv"]),
                objectives=tuple(map(Objective.from_json, raw["objectives"])),
                server_metrics=MetricsEndpoint.from_json(endpoint) if endpoint else None,
                state_dir=raw["state_dir"],
                page=PageSettings(Profile(raw["page"]["profile"]), raw["page"]["native_schema"]),
                alerts=AlertDelivery.from_json(raw["alerts"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"control settings are not this build's: {error!r}") from error


def _enum_value(value: object) -> object:
    """Write an enumeration as what it stands for."""
    if isinstance(value, enum.Enum):
        return value.value
    raise TypeError(f"{value!r} has no place in JSON")
