"""The tap about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sidecar.model.series import TapView


@dataclass(frozen=True, slots=True)
class Tap:
    """Its own counts, and whether it is on its way out."""

    stats: TapView
    draining: bool
