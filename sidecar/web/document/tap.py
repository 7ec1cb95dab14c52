"""The key `tap`.

{connections: {protocol: n}, blind: {reason: n}, added_latency_seconds, cpu_seconds, resident_bytes, ...}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sidecar.model.grid import NANOS_PER_SECOND
from sidecar.web.document.distribution import distribution

if TYPE_CHECKING:
    from typing import Any

    from sidecar.model.sections.tap import Tap
    from sidecar.model.series import TapView


def tap_document(section: Tap) -> dict[str, Any]:
    """Return this key."""
    return {"tap": _tap(section.stats)}


def _tap(tap: TapView) -> dict[str, Any]:
    document: dict[str, Any] = {
        "connections": {count.label: count.value for count in tap.connections_by_protocol},
        "blind": {count.label: count.value for count in tap.blind},
        "upgraded": tap.upgraded,
        "http2_frames": {
            "client": {count.label: count.value for count in tap.client_frames},
            "server": {count.label: count.value for count in tap.server_frames},
        },
        "control_restarts": {count.label: count.value for count in tap.control_restarts},
        "cpu_seconds": tap.cpu_nanos / NANOS_PER_SECOND,
        "resident_bytes": tap.resident_bytes,
        "unsent_bytes": tap.unsent_bytes,
        "records_dropped": tap.records_dropped,
        "log_lines_dropped": tap.log_lines_dropped,
        "series_capped": tap.series_capped,
        "slo_models_capped": tap.slo_models_capped,
        "heads_truncated": tap.heads_truncated,
        "connections_cap": tap.connections_cap,
        "accept_pauses": tap.accept_pauses,
        "cut_connections": tap.cut_connections,
        "goaways_inserted": tap.goaways_inserted,
        "keeps_refused": tap.keeps_refused,
    }
    if tap.added_latency.count:
        document["added_latency_seconds"] = distribution(tap.added_latency)
    return document
