"""Control about itself, and what did not fit on this page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters.prometheus.families import counters, gauges
from sidecar.model import metrics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.metrics_core import Metric as Family

    from sidecar.model.page import Page
    from sidecar.model.sections.control import Control


def families(control: Control, page: Page) -> Iterator[Family]:
    """Yield what there is to tell."""
    yield from counters(metrics.CONTROL_CPU, [((), control.cpu_seconds)])
    yield from gauges(metrics.CONTROL_RESIDENT, [((), control.resident_bytes)])
    yield from gauges(metrics.CONTROL_LIFE, [((), control.life)])
    yield from gauges(metrics.CONTROL_SERIES_LEFT_OUT, [((), page.left_out)])
