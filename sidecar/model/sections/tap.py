"""The tap about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sidecar.model.series import BlindCauseView, TapView


@dataclass(frozen=True, slots=True)
class Tap:
    """Its own counts, whether it is on its way out, and why it does not see."""

    stats: TapView
    draining: bool
    blind_causes: Sequence[BlindCauseView] = ()  # those that were met last, the newest last
