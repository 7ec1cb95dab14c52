"""The whole document of /api/v1/snapshot.

Before the keys of the sections, each described in its file: version, tap_version, epoch_unix_nanos, at_unix_nanos,
uptime_seconds, sequence, draining.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sidecar.model.grid import NANOS_PER_SECOND
from sidecar.web.document.config import config_document
from sidecar.web.document.control import control_document
from sidecar.web.document.objectives import objectives_document
from sidecar.web.document.records import records_document
from sidecar.web.document.server import server_document
from sidecar.web.document.tap import tap_document
from sidecar.web.document.traffic import traffic_document

if TYPE_CHECKING:
    from typing import Any

    from sidecar.model.snapshot import Snapshot


def snapshot_document(snapshot: Snapshot) -> dict[str, Any]:
    """Return the whole document."""
    moment = snapshot.moment
    return {
        "version": moment.version,
        "tap_version": moment.tap_version,
        "epoch_unix_nanos": moment.epoch_unix_nanos,
        "at_unix_nanos": moment.at_unix_nanos,
        "uptime_seconds": moment.uptime_nanos / NANOS_PER_SECOND,
        "sequence": moment.sequence,
        "draining": snapshot.tap.draining,
        **config_document(snapshot.config),
        **traffic_document(snapshot.traffic, moment),
        **objectives_document(snapshot.objectives),
        **tap_document(snapshot.tap),
        **control_document(snapshot.control),
        **records_document(snapshot.traffic),
        **server_document(snapshot.server),
    }
