"""What each replica said when it was scraped: a proxy between Prometheus and the replicas, which keeps the last page.

Asking a replica for its page beside Prometheus would not do: with `final_scrape` a replica that drains stays until it
was scraped once, and ends then, whoever it was that asked.
"""

from __future__ import annotations

import contextlib
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.harness.ports import free_ports
from tests.harness.samples import metric

SCRAPE_SECONDS = 4.0
"""Less than the time between two scrapes, which Prometheus waits."""
GOOD, BAD, EXCLUDED = "good", "bad", "excluded"
OUTCOMES = (GOOD, BAD, EXCLUDED)


@dataclass
class Scrapes:
    """The last page of each target."""

    address: str
    pages: dict[str, str] = field(default_factory=dict)
    """By host:port."""

    def events(self, target: str) -> dict[str, float]:
        """Return the events that a target told last, by outcome; none where it was never scraped."""
        page = self.pages.get(target)
        if page is None:
            return dict.fromkeys(OUTCOMES, 0.0)
        return {
            outcome: metric(page, "wayside_slo_events_total", outcome=outcome)
            for outcome in OUTCOMES
        }


@contextlib.contextmanager
def recorded_scrapes() -> Iterator[Scrapes]:
    """Serve as `proxy_url` of a scrape until the block ends."""
    (port,) = free_ports(1)
    scrapes = Scrapes(f"127.0.0.1:{port}")

    class Relay(BaseHTTPRequestHandler):
        """Fetches what the request line names in whole, as a proxy does (RFC 9112, 3.2.2)."""

        def do_GET(self) -> None:
            try:
                with urllib.request.urlopen(self.path, timeout=SCRAPE_SECONDS) as answer:
                    status, kind, body = (
                        answer.status,
                        answer.headers["content-type"],
                        answer.read(),
                    )
            except OSError as error:
                self.send_error(502, explain=str(error))
                return
            # Kept before it is passed on: nothing that Prometheus has is missing here.
            scrapes.pages[self.path.split("/")[2]] = body.decode()
            with contextlib.suppress(OSError):
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Relay) as server:
        thread = threading.Thread(target=server.serve_forever, name="scrapes")
        thread.start()
        try:
            yield scrapes
        finally:
            server.shutdown()
            thread.join()
