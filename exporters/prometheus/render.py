"""A snapshot as the bytes of /metrics, in the format that the scraper asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters.prometheus.negotiation import Format, choose
from exporters.prometheus.page import page_families
from exporters.prometheus.text import TextWriter
from sidecar.model.profiles import Profile

if TYPE_CHECKING:
    from sidecar.model.snapshot import Snapshot


class MetricsPage:
    """Renders at most once per tick and format, and only when asked."""

    def __init__(self) -> None:
        self._tick = -1
        self._pages: dict[Format, bytes] = {}
        self._text = TextWriter()

    def render(self, snapshot: Snapshot, accept: str) -> tuple[bytes, str]:
        """Return (body, content type) for an Accept header."""
        if snapshot.moment.tick != self._tick:
            self._tick = snapshot.moment.tick
            self._pages.clear()
        chosen, content_type = choose(accept)
        if chosen not in self._pages:
            self._pages[chosen] = self._written(snapshot, chosen)
        return self._pages[chosen], content_type

    def _written(self, snapshot: Snapshot, chosen: Format) -> bytes:
        families, epoch = page_families(snapshot), snapshot.moment.epoch_unix_nanos
        if chosen is Format.PROTOBUF:
            # Only where it is asked for: its messages cost memory.
            from exporters.prometheus import protobuf

            schema = snapshot.config.page.native_schema
            return protobuf.write(families, schema, epoch)
        if chosen is Format.TEXT:
            return self._text.write(families, openmetrics=False)
        dated = snapshot.config.page.profile is not Profile.SLO
        return self._text.write(
            families, openmetrics=True, epoch_unix_nanos=epoch if dated else None
        )
