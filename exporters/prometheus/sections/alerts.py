"""What became of alerts at each Alertmanager, from 0 on; nothing where alerts go nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters.prometheus.families import counters, gauges
from sidecar.model import metrics

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exporters.prometheus.families import Family
    from sidecar.model.sections.alerts import AlertmanagerReading


def families(alertmanagers: Sequence[AlertmanagerReading]) -> Iterator[Family]:
    """Yield what there is to tell."""
    yield counters(metrics.ALERTMANAGER_SENT, (((e.url,), e.sent) for e in alertmanagers))
    yield counters(metrics.ALERTMANAGER_ERRORS, (((e.url,), e.errors) for e in alertmanagers))
    yield counters(metrics.ALERTMANAGER_DROPPED, (((e.url,), e.dropped) for e in alertmanagers))
    yield gauges(metrics.ALERTMANAGER_QUEUE, (((e.url,), e.queued) for e in alertmanagers))
    successes = (
        ((each.url,), each.last_success_unix_nanos / 1e9)
        for each in alertmanagers
        if each.last_success_unix_nanos
    )
    yield gauges(metrics.ALERTMANAGER_LAST_SUCCESS, successes)
