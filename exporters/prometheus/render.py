"""A snapshot as the bytes of /metrics: OpenMetrics when the scraper asks for it, else the text format 0.0.4."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.exposition import choose_encoder

from exporters.prometheus.collector import SnapshotCollector

if TYPE_CHECKING:
    from sidecar.model.snapshot import Snapshot

# The two formats offered. What else an Accept header says (versions, escaping) decides nothing: our names are plain.
_OPENMETRICS = "application/openmetrics-text; version=1.0.0"
_TEXT = ""


class MetricsPage:
    """Renders at most once per tick and format, and only when asked."""

    def __init__(self) -> None:
        self._tick = -1
        self._pages: dict[str, tuple[bytes, str]] = {}

    def render(self, snapshot: Snapshot, accept: str) -> tuple[bytes, str]:
        """Return (body, content type) for an Accept header."""
        if snapshot.moment.tick != self._tick:
            self._tick = snapshot.moment.tick
            self._pages.clear()
        wanted = _OPENMETRICS if "application/openmetrics-text" in accept else _TEXT
        if wanted not in self._pages:
            encode, content_type = choose_encoder(wanted)
            self._pages[wanted] = encode(SnapshotCollector(snapshot)), content_type
        return self._pages[wanted]
