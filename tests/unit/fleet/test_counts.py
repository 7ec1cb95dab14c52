"""Those who count in a fleet: servers, clients, the proxy between Prometheus and the pages; and the comparison."""

from __future__ import annotations

import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.fleet.clients import OK, Clients
from tests.fleet.event_counts import EventCounts
from tests.fleet.scrapes import recorded_scrapes
from tests.fleet.server import FailingShare, received
from tests.harness.running import running, wait_until

PAGE = "\n".join(
    f'wayside_slo_events_total{{slo="answers",outcome="{outcome}"}} {value}'
    for outcome, value in (("good", 7), ("bad", 2), ("excluded", 1))
)


class Door:
    """What answers /readyz and /metrics as a replica does, and how it answers is told."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.ready = True
        self.page = PAGE


@pytest.fixture
def door() -> Iterator[Door]:
    """A probe that is ready, and a page."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            probed = self.path == "/readyz"
            self.send_response(503 if probed and not made.ready else 200)
            self.send_header("content-type", "text/plain")
            self.end_headers()
            self.wfile.write(b"" if probed else made.page.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        made = Door(f"127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield made
        server.shutdown()
        thread.join()


def test_a_share_fails_until_another_line_comes() -> None:
    fault = FailingShare()
    assert not fault.fails("any", 0.0)
    fault.become("failing 0.08")
    assert (fault.fails("any", 0.07), fault.fails("other", 0.09)) == (True, False)
    fault.become("well")
    assert not fault.fails("any", 0.0)


def test_clients_count_as_the_server_does_and_leave_a_replica_that_is_not_ready(door: Door) -> None:
    with (
        running([sys.executable, "-m", "tests.fleet.server", "1"], listens=True) as server,
        Clients(500).calling() as clients,
    ):
        clients.know("one", server.first_line(), door.address)
        wait_until(lambda: clients.ready() == {"one"})
        assert clients.count() == 0
        clients.resume()
        wait_until(lambda: clients.count(OK, "one") >= 5)
        server.tell("failing 1")
        wait_until(lambda: clients.count("INTERNAL: simulated failure of the accelerator") >= 5)
        clients.pause()
        made = clients.count()
        assert made == sum(clients.ended.values()) == clients.count(pod="one")
        door.ready = False
        wait_until(lambda: clients.ready() == set())
        clients.resume()
        assert clients.count(pod="another") == clients.dropped == 0
        server.stop()
        assert received(server.text()) == (made, made)


def test_a_server_that_said_nothing_is_not_taken_for_one_that_received_nothing() -> None:
    with pytest.raises(ValueError, match="did not say"):
        received("127.0.0.1:1\nserving\n")


def test_the_page_that_prometheus_has_is_kept(door: Door) -> None:
    with recorded_scrapes() as scrapes:
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({"http": f"http://{scrapes.address}"})
        )
        with opener.open(f"http://{door.address}/metrics", timeout=60) as answer:
            assert answer.read().decode() == PAGE
        assert scrapes.events(door.address) == {"good": 7, "bad": 2, "excluded": 1}
        door.page = PAGE.replace(" 7", " 9")
        opener.open(f"http://{door.address}/metrics", timeout=60).close()
        assert scrapes.events(door.address) == {"good": 9, "bad": 2, "excluded": 1}
        assert scrapes.events("127.0.0.1:1") == {"good": 0, "bad": 0, "excluded": 0}
        with pytest.raises(urllib.error.HTTPError, match="502"):
            opener.open("http://127.0.0.1:1/metrics", timeout=60)


def test_what_differs_is_named_by_pod_and_outcome() -> None:
    said = {"good": 7.0, "bad": 2.0, "excluded": 0.0}
    clients = {"one": {"good": 8.0, "bad": 2.0}, "two": {"good": 7.0, "bad": 2.0}}
    seen = EventCounts(clients, {"one": said, "two": said}, {"one": {**said, "bad": 1.0}})
    assert seen.differing() == [
        "one, bad: 1.0 for 2",
        *(f"two, {outcome}: None for {value:g}" for outcome, value in said.items()),
    ]
    assert seen.total(seen.clients, ["one", "two"], "good") == 15
    assert seen.total(seen.prometheus, ["one", "two"], "good") == 7
