"""One immutable snapshot as metric families, in a fixed order. Absent stays absent: nothing here invents a 0.

Presence at 0 is given where a first event must not be lost to `rate()`: objective events, and counters of the tap
itself, which exist from its start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters.prometheus.sections import config, control, objectives, server, store, tap, traffic
from sidecar.model.page import page_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.metrics_core import Metric as Family

    from sidecar.model.snapshot import Snapshot


class SnapshotCollector:
    """What prometheus_client asks for families; reads one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    def collect(self) -> Iterator[Family]:
        """Yield every family that has something to tell, section by section."""
        snapshot = self.snapshot
        page = page_of(snapshot.traffic, snapshot.server, snapshot.objectives)
        yield from traffic.families(snapshot.traffic, page)
        yield from server.families(snapshot.server)
        yield from objectives.families(snapshot.objectives, page)
        yield from store.families(snapshot.store)
        yield from config.families(snapshot.config, snapshot.moment)
        yield from tap.families(snapshot.tap, snapshot.moment)
        yield from control.families(snapshot.control, page)
