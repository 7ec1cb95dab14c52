"""What Alertmanager told: a webhook for each receiver of its configuration, which keeps every notification."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.harness.ports import free_ports

FIRING, RESOLVED = "firing", "resolved"
ON_CALL, TICKETS = "on-call", "tickets"
"""The receivers of examples/fleet/alertmanager.yaml."""


@dataclass(frozen=True)
class Told:
    """One alert of a notification."""

    name: str
    status: str
    labels: Mapping[str, str]
    description: str

    @property
    def title(self) -> str:
        """Say which alert it is, and of its tiers which."""
        return f"{self.name} {self.labels.get('tier', '')}".strip()


@dataclass(frozen=True)
class Notification:
    """What one receiver was told at once."""

    receiver: str
    status: str
    group: Mapping[str, str]
    alerts: tuple[Told, ...]
    at_seconds: float
    """By the wall clock."""

    @property
    def firing(self) -> list[str]:
        """Return the titles of its alerts that fire."""
        return [each.title for each in self.alerts if each.status == FIRING]


def parsed(receiver: str, body: bytes, at_seconds: float) -> Notification:
    """Read what Alertmanager posts to a webhook (version 4 of its payload)."""
    document: dict[str, Any] = json.loads(body)
    if document["version"] != "4":
        raise ValueError(f"a payload of version {document['version']!r}, and this reads 4")
    alerts = tuple(
        Told(
            each["labels"]["alertname"],
            each["status"],
            each["labels"],
            each["annotations"].get("description", ""),
        )
        for each in document["alerts"]
    )
    return Notification(receiver, document["status"], document["groupLabels"], alerts, at_seconds)


@dataclass
class Notifications:
    """All of them, the oldest first."""

    address: str
    received: list[Notification] = field(default_factory=list)

    def url(self, receiver: str) -> str:
        """Return where a receiver is told."""
        return f"http://{self.address}/{receiver}"

    def of(self, receiver: str, status: str) -> list[Notification]:
        """Return what one was told, of one status."""
        return [
            each
            for each in list(self.received)
            if (each.receiver, each.status) == (receiver, status)
        ]


@contextlib.contextmanager
def received_notifications() -> Iterator[Notifications]:
    """Serve the webhooks until the block ends."""
    (port,) = free_ports(1)
    notifications = Notifications(f"127.0.0.1:{port}")

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            notifications.received.append(parsed(self.path[1:], body, time.time()))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Webhook) as server:
        thread = threading.Thread(target=server.serve_forever, name="notifications")
        thread.start()
        try:
            yield notifications
        finally:
            server.shutdown()
            thread.join()
