"""Which URL shows what. Every page is made from the snapshot of the moment, and only when asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from exporters.prometheus.render import MetricsPage
from sidecar.net.http_server import Request, Response
from sidecar.web.document import snapshot_document

if TYPE_CHECKING:
    from collections.abc import Callable

    from sidecar.model.snapshot import Snapshot

_INDEX = """\
Wayside {version}

  /metrics           for Prometheus (OpenMetrics when asked for)
  /api/v1/snapshot   the same facts as JSON; `wayside tap dump` prints it for people

{states}"""


class Site:
    """Routes requests; holds the metrics page of the current tick and nothing else."""

    def __init__(self, current: Callable[[], Snapshot]) -> None:
        self._current = current
        self._metrics = MetricsPage()
        self._routes: dict[str, Callable[[Request], Response]] = {
            "/": self._index,
            "/metrics": self._metrics_page,
            "/api/v1/snapshot": self._snapshot,
        }

    def handle(self, request: Request) -> Response:
        """Answer a request."""
        route = self._routes.get(request.path)
        if route is None:
            known = ", ".join(self._routes)
            return Response(f"Nothing is at this address. Try {known}\n".encode(), status=404)
        return route(request)

    def _metrics_page(self, request: Request) -> Response:
        body, content_type = self._metrics.render(self._current(), request.accept)
        return Response(body, content_type)

    def _snapshot(self, request: Request) -> Response:
        body = json.dumps(snapshot_document(self._current()), indent=1)
        return Response(f"{body}\n".encode(), "application/json")

    def _index(self, request: Request) -> Response:
        snapshot = self._current()
        upstreams = [
            f"upstream {each.address}: {'up' if each.up else 'down'}" for each in snapshot.upstreams
        ]
        objectives = [
            f"objective {each.objective.name}: {each.state.value}" for each in snapshot.objectives
        ]
        draining = ["draining"] if snapshot.draining else []
        states = "".join(f"{line}\n" for line in [*upstreams, *objectives, *draining])
        return Response(_INDEX.format(version=snapshot.version, states=states).encode())
