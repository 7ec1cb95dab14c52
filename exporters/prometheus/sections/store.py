"""Where state is kept, and whether that works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters.prometheus.families import gauges, infos
from sidecar.model import metrics
from sidecar.model.sections.store import DISK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exporters.prometheus.families import Family
    from sidecar.model.sections.store import StoreReading


def families(store: StoreReading | None) -> Iterator[Family]:
    """Yield what there is to tell."""
    if store is None:
        return
    if store.home == DISK:
        yield gauges(metrics.STATE_STORE_UP, [((), float(store.up))])
    yield infos(metrics.STATE_SET_ASIDE, [(store.set_aside,)] if store.set_aside else [])
