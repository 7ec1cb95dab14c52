"""Which configuration is in force."""

from __future__ import annotations

from dataclasses import dataclass, field

from sidecar.model.profiles import PageSettings


@dataclass(frozen=True, slots=True)
class Config:
    """The policy in force, and whether the files still say the same."""

    generation: int
    valid: bool  # nothing was left out of the policy in force
    last_reload_successful: bool
    hash: str
    page: PageSettings = field(default_factory=PageSettings)
