"""The tap about itself: what it carried, what it could not read, every bound that was reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters.prometheus.families import counters, gauges, histograms, labelled
from sidecar.model import metrics
from sidecar.model.grid import NANOS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exporters.prometheus.families import Family
    from sidecar.model.sections.moment import Moment
    from sidecar.model.sections.tap import Tap
    from sidecar.model.series import TapView


def families(section: Tap, moment: Moment) -> Iterator[Family]:
    """Yield what there is to tell."""
    tap = section.stats
    start_seconds = moment.epoch_unix_nanos / NANOS_PER_SECOND
    yield gauges(metrics.TAP_START_TIME, [((), start_seconds)])
    yield counters(metrics.TAP_CONNECTIONS, labelled(tap.connections_by_protocol))
    yield counters(metrics.TAP_BLIND, labelled(tap.blind))
    yield counters(metrics.TAP_UPGRADED, [((), tap.upgraded)])
    senders = (("client", tap.client_frames), ("server", tap.server_frames))
    frames = [((sender, each.label), each.value) for sender, sent in senders for each in sent]
    yield counters(metrics.TAP_FRAMES, frames)
    yield histograms(metrics.TAP_ADDED_LATENCY, [((), tap.added_latency, None, None)])
    yield counters(metrics.TAP_CPU, [((), tap.cpu_nanos / NANOS_PER_SECOND)])
    yield gauges(metrics.TAP_RESIDENT, [((), tap.resident_bytes)])
    yield gauges(metrics.TAP_UNSENT, [((), tap.unsent_bytes)])
    if tap.HasField("throttled_nanos"):  # not every cgroup tells
        yield counters(metrics.TAP_THROTTLED, [((), tap.throttled_nanos / NANOS_PER_SECOND)])
    yield gauges(metrics.TAP_DRAINING, [((), float(section.draining))])
    yield gauges(metrics.TAP_CONNECTIONS_CAP, [((), tap.connections_cap)])
    yield from _losses(tap)


def _losses(tap: TapView) -> Iterator[Family]:
    """Every bound that was reached and every thing dropped or inserted."""
    yield counters(metrics.TAP_ACCEPT_PAUSES, [((), tap.accept_pauses)])
    yield counters(metrics.TAP_RECORDS_DROPPED, [((), tap.records_dropped)])
    yield counters(metrics.TAP_LOG_DROPPED, [((), tap.log_lines_dropped)])
    yield counters(metrics.TAP_SERIES_CAPPED, [((), tap.series_capped)])
    yield counters(metrics.TAP_SLO_MODELS_CAPPED, [((), tap.slo_models_capped)])
    yield counters(metrics.TAP_HEADS_TRUNCATED, [((), tap.heads_truncated)])
    yield counters(metrics.TAP_CONTROL_RESTARTS, labelled(tap.control_restarts))
    yield counters(metrics.TAP_KEEPS_REFUSED, [((), tap.keeps_refused)])
    yield counters(metrics.TAP_CUT, [((), tap.cut_connections)])
    yield counters(metrics.TAP_GOAWAYS, [((), tap.goaways_inserted)])
