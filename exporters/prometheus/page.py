"""One immutable snapshot as families, in a fixed order, as far as the profile in force shows them.

Absent stays absent: nothing here invents a 0. Presence at 0 is given where a first event must not be lost to `rate()`:
objective events, and counters of the tap itself, which exist from its start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters.prometheus.families import Family, gauges, lines
from exporters.prometheus.sections import (
    alerts,
    config,
    control,
    objectives,
    server,
    store,
    tap,
    traffic,
    traffic_by_model,
)
from sidecar.model.metrics import METRICS_LINES
from sidecar.model.model_page import model_page_of
from sidecar.model.objectives_page import objectives_page_of
from sidecar.model.page import page_of
from sidecar.model.profiles import Profile, shown_as

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sidecar.model.snapshot import Snapshot


def page_families(snapshot: Snapshot) -> list[Family]:
    """Return every family that has something to tell, and last how many lines they are."""
    profile = snapshot.config.page.profile
    shown = list(_shown(_sections(snapshot, profile), profile))
    size = lines(shown) + 1  # its own
    return [*shown, *_shown([gauges(METRICS_LINES, [((), size)])], profile)]


def _sections(snapshot: Snapshot, profile: Profile) -> Iterator[Family]:
    """Yield what each section tells."""
    promised = objectives_page_of(snapshot.objectives, profile)
    if profile is Profile.SLO:
        by_model = model_page_of(snapshot.traffic)
        left_out = by_model.left_out
        yield from traffic_by_model.families(by_model)
        yield from traffic.upstreams(snapshot.traffic)
    else:
        page = page_of(snapshot.traffic, snapshot.server, profile)
        left_out = page.left_out
        yield from traffic.families(snapshot.traffic, page)
        yield from server.families(snapshot.server)
    yield from objectives.families(snapshot.objectives, promised, snapshot.traffic)
    yield from alerts.families(snapshot.alertmanagers)
    yield from store.families(snapshot.store)
    yield from config.families(snapshot.config, snapshot.moment)
    yield from tap.families(snapshot.tap, snapshot.moment)
    yield from control.families(snapshot.control, left_out + promised.left_out)


def _shown(families: Iterable[Family], profile: Profile) -> Iterator[Family]:
    """Yield families of the profile that have a series; what the profile does not show is not looked at."""
    for metric, series in families:
        shown = shown_as(metric, profile)
        if shown is not None and (told := tuple(series)):
            yield Family(shown, told)
