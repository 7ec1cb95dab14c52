"""Which URL shows what. Every page is made from the snapshot of the moment, and only when asked for."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from sidecar.net.http_server import Request, Response
from sidecar.web.document.blind import blind_document
from sidecar.web.document.slo import slo_document
from sidecar.web.document.snapshot import snapshot_document

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from sidecar.model.sections.objectives import ObjectiveReading
    from sidecar.model.snapshot import Snapshot

_INDEX = """\
Wayside {version}

  /metrics           for Prometheus: text, OpenMetrics, or protobuf with native histograms, as asked for
  /api/v1/snapshot   the same facts as JSON; `wayside tap dump` prints it for people
  /api/v1/slo        objectives: what is left of each budget, how fast it burns, what fires; `wayside slo` prints it
  /api/v1/blind      connections that are forwarded and not read, and why

{states}"""


class Pages:
    """Routes requests."""

    def __init__(
        self,
        current: Callable[[], Snapshot],
        metrics: Callable[[Snapshot, str], tuple[bytes, str]],
        scraped: Callable[[int], None] = lambda sequence: None,
    ) -> None:
        """`metrics` renders a snapshot for an Accept header, as (body, content type).

        `scraped` is told of which snapshot, by its sequence number, somebody has such a page.
        """
        self._current = current
        self._metrics = metrics
        self._scraped = scraped
        self._routes: dict[str, Callable[[Request], Response]] = {
            "/": self._index_page,
            "/metrics": self._metrics_page,
            "/api/v1/snapshot": self._snapshot_page,
            "/api/v1/slo": self._slo_page,
            "/api/v1/blind": self._blind_page,
        }

    def handle(self, request: Request) -> Response:
        """Answer a request."""
        route = self._routes.get(request.path)
        if route is None:
            known = ", ".join(self._routes)
            return Response(f"Nothing is at this address. Try {known}\n".encode(), status=404)
        return route(request)

    def _metrics_page(self, request: Request) -> Response:
        snapshot = self._current()
        body, content_type = self._metrics(snapshot, request.accept)
        scraped = partial(self._scraped, snapshot.moment.sequence)
        return Response(body, content_type, delivered=scraped)

    def _snapshot_page(self, _: Request) -> Response:
        return _json(snapshot_document(self._current()))

    def _slo_page(self, _: Request) -> Response:
        return _json(slo_document(self._current()))

    def _blind_page(self, _: Request) -> Response:
        return _json(blind_document(self._current().tap))

    def _index_page(self, _: Request) -> Response:
        snapshot = self._current()
        lines = [
            f"upstream {each.address}: {'up' if each.up else 'down'}"
            for each in snapshot.traffic.upstreams
        ]
        lines += [_objective_line(each) for each in snapshot.objectives.readings]
        lines += ["draining"] if snapshot.tap.draining else []
        states = "".join(f"{line}\n" for line in lines)
        return Response(_INDEX.format(version=snapshot.moment.version, states=states).encode())


def _objective_line(reading: ObjectiveReading) -> str:
    """Say which state an objective is in, and what fires."""
    name = reading.objective.name
    firing = [each.name for each in reading.burn.tiers if each.firing] if reading.burn else []
    fires = f", {', '.join(firing)} firing" if firing else ""
    return f"objective {name}{f' of {reading.model}' if reading.model else ''}: {reading.state.value}{fires}"


def _json(document: dict[str, Any]) -> Response:
    return Response(f"{json.dumps(document, indent=1)}\n".encode(), "application/json")
