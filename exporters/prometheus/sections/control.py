"""Control about itself, and what did not fit on this page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters.prometheus.families import counters, gauges
from sidecar.model import metrics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exporters.prometheus.families import Family
    from sidecar.model.sections.control import Control


def families(control: Control, left_out: int) -> Iterator[Family]:
    """Yield what there is to tell."""
    yield counters(metrics.CONTROL_CPU, [((), control.cpu_seconds)])
    yield gauges(metrics.CONTROL_RESIDENT, [((), control.resident_bytes)])
    yield gauges(metrics.CONTROL_LIFE, [((), control.life)])
    yield gauges(metrics.CONTROL_SERIES_LEFT_OUT, [((), left_out)])
