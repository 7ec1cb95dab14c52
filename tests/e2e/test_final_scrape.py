"""A process that ends is read a last time: what counts as a read, what does not, and what is waited for at either end.

The order of an end, and its clock, have tests of their own in the tap. Here are real sockets: whether a page has
arrived is what only the kernel knows.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import struct
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace

import grpc
import pytest

from tests.e2e.door import ANSWER_SECONDS, END_SECONDS, new_door
from tests.fakes.oip import running_oip
from tests.harness.running import accepts
from tests.harness.samples import metric
from tests.harness.wayside import HTTP_SECONDS, Wayside, running_wayside

pytestmark = pytest.mark.e2e

LONG = "10m"
"""Longer than any of this takes on any machine; nothing waits for so long unless it fails."""
FAST_TICKS = "control: {tick: 100ms}\n"
UNARY, BIDI = "/test.Echo/Unary", "/test.Echo/Bidi"
FRESH_TICKS = 3
RST_ON_CLOSE = struct.pack("ii", 1, 0)


@contextlib.contextmanager
def waiting_for(final_scrape: str, *flags: str) -> Iterator[Wayside]:
    """Run Wayside with calls behind it, that waits so long for a last read."""
    flags = (f"--final-scrape={final_scrape}", f"--drain={LONG}", *flags)
    with (
        running_oip() as (upstream, _),
        running_wayside(upstream, config=FAST_TICKS, flags=flags) as wayside,
    ):
        call(wayside)
        wayside.wait_for_total(1, "calls")
        yield wayside


def call(wayside: Wayside, count: int = 1) -> None:
    """Make some calls on a connection of their own."""
    with grpc.insecure_channel(wayside.address) as channel:
        echo: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(UNARY)
        for _ in range(count):
            echo(b"x", wait_for_ready=True, timeout=ANSWER_SECONDS)


def end(wayside: Wayside) -> None:
    """Ask the process to end."""
    wayside.running.process.send_signal(signal.SIGTERM)


def ended(wayside: Wayside) -> int:
    """Wait for the end; return the status."""
    return wayside.running.process.wait(END_SECONDS)


def is_waiting(wayside: Wayside) -> bool:
    """Say whether the log tells that the calls are over."""
    return "waiting for a last read of /metrics, at most" in wayside.running.text()


def wait_for_ticks(wayside: Wayside, count: int = FRESH_TICKS) -> None:
    """Wait until control has published so many more snapshots."""
    seen = wayside.snapshot()["sequence"]
    wayside.running.wait_for(lambda: wayside.snapshot()["sequence"] >= seen + count)


def post_drain(wayside: Wayside) -> int:
    """Ask to drain; returns when that is over."""
    url = f"http://{wayside.health}/drain"
    with urllib.request.urlopen(urllib.request.Request(url, b""), timeout=ANSWER_SECONDS) as answer:
        return int(answer.status)


def readiness(wayside: Wayside) -> tuple[int, str]:
    """Ask /readyz; return the status and the words."""
    try:
        return 200, wayside.get(wayside.health, "/readyz").decode().strip()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode().strip()


def scrape(wayside: Wayside, **headers: str) -> str:
    """Read a page as a scraper that says so of its connection."""
    client = http.client.HTTPConnection(wayside.admin, timeout=HTTP_SECONDS)
    with contextlib.closing(client):
        client.request("GET", "/metrics", headers=headers)
        with client.getresponse() as answer:
            return answer.read().decode()


def scrape_to_the_end(wayside: Wayside, read: Callable[[], str]) -> str:
    """Read page after page until the process has ended; return the last."""
    pages = []
    while wayside.running.process.poll() is None:
        # Whoever comes too late is refused, or reset.
        with contextlib.suppress(OSError, http.client.HTTPException):
            pages.append(read())
    return pages[-1]


def head(wayside: Wayside) -> None:
    """Ask for the head of the page alone."""
    client = http.client.HTTPConnection(wayside.admin, timeout=HTTP_SECONDS)
    with contextlib.closing(client):
        client.request("HEAD", "/metrics")
        assert client.getresponse().status == 200


def another_page(wayside: Wayside) -> None:
    """Read what tells as much, and is not scraped."""
    assert wayside.snapshot()["calls"]
    assert wayside.get(wayside.admin, "/")


def broken_off(wayside: Wayside) -> None:
    """Begin to read a page, with room for a part of it, and hang up."""
    host, _, port = wayside.admin.rpartition(":")
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # the kernel's least: 2 KiB
        client.connect((host, int(port)))
        client.sendall(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
        assert client.recv(8) == b"HTTP/1.1"
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_ON_CLOSE)


def gave_up_before(wayside: Wayside) -> None:
    """Ask for a page, and be gone before it comes, as a scraper whose time is over."""
    (control,) = wayside.controls()
    host, _, port = wayside.admin.rpartition(":")
    os.kill(control, signal.SIGSTOP)
    try:
        with socket.create_connection((host, int(port))) as client:
            client.sendall(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
    finally:
        os.kill(control, signal.SIGCONT)


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
def test_the_page_that_ends_the_wait_holds_the_very_last_call(connection: str) -> None:
    """A stream is open when the end is asked for; the page that lets the process go tells of it, as ended well."""
    over = threading.Event()

    def words() -> Iterator[bytes]:
        yield b"x"
        over.wait(ANSWER_SECONDS)

    with waiting_for(LONG) as wayside:
        with grpc.insecure_channel(wayside.address) as channel:
            both: grpc.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(BIDI)
            answers = both(words())
            assert next(answers) == b"x"
            end(wayside)
            wayside.running.wait_for(lambda: not accepts(wayside.address))
            assert metric(scrape(wayside), "wayside_calls_total") == 1, "the stream is still open"
            assert "calls are over" not in wayside.running.text()
            over.set()
            assert list(answers) == []
        page = scrape_to_the_end(wayside, lambda: scrape(wayside, connection=connection))
        assert ended(wayside) == 0
        assert "scraped a last time after" in wayside.running.text()
    assert metric(page, "wayside_calls_total", code="OK") == 2
    assert metric(page, "wayside_tap_draining") == 1


def test_one_connection_that_is_kept_is_enough() -> None:
    """As Prometheus scrapes: request after request on one connection that was open before."""
    with waiting_for(LONG) as wayside:
        client = http.client.HTTPConnection(wayside.admin, timeout=HTTP_SECONDS)

        def read() -> str:
            client.request("GET", "/metrics")
            with client.getresponse() as answer:
                return answer.read().decode()

        with contextlib.closing(client):
            read()
            kept = client.sock
            end(wayside)
            page = scrape_to_the_end(wayside, read)
            assert kept is not None
        assert ended(wayside) == 0
        assert "scraped a last time after" in wayside.running.text()
        assert metric(page, "wayside_calls_total") == 1


@pytest.mark.parametrize("look", [head, another_page, broken_off, gave_up_before])
def test_what_is_no_whole_page_ends_nothing(look: Callable[[Wayside], None]) -> None:
    """Nor does /drain wait for it: the model container may end while the process stays."""
    with waiting_for(LONG) as wayside:
        end(wayside)
        wayside.running.wait_for(lambda: is_waiting(wayside))
        assert post_drain(wayside) == 200
        wait_for_ticks(wayside)
        look(wayside)
        wait_for_ticks(wayside)
        assert wayside.running.process.poll() is None
        assert "scraped a last time" not in wayside.running.text()
        scrape(wayside)
        assert ended(wayside) == 0
        assert "scraped a last time after" in wayside.running.text()


def test_nobody_is_waited_for_for_ever() -> None:
    with waiting_for("1s") as wayside:
        end(wayside)
        assert ended(wayside) == 0
        lost = "nobody read /metrics within 1 s: what happened since the last scrape is lost to it"
        assert lost in wayside.running.text()


def test_a_second_signal_skips_the_wait() -> None:
    with waiting_for(LONG) as wayside:
        end(wayside)
        wayside.running.wait_for(lambda: is_waiting(wayside))
        end(wayside)
        assert ended(wayside) == 0
        assert "a second signal: not waiting" in wayside.running.text()


def test_a_read_between_the_drain_and_the_signal_counts() -> None:
    """As in Kubernetes: preStop drains, the scraper comes by, SIGTERM finds nothing left to wait for."""
    with waiting_for(LONG) as wayside:
        assert post_drain(wayside) == 200
        wait_for_ticks(wayside)
        assert metric(scrape(wayside), "wayside_calls_total") == 1
        assert wayside.running.process.poll() is None, "/drain alone ends nothing"
        end(wayside)
        assert ended(wayside) == 0
        assert "lost" not in wayside.running.text()


def test_a_control_that_dies_meanwhile_is_waited_for() -> None:
    with waiting_for(LONG) as wayside:
        end(wayside)
        wayside.running.wait_for(lambda: is_waiting(wayside))
        (control,) = wayside.controls()
        os.kill(control, signal.SIGKILL)
        page = scrape_to_the_end(wayside, lambda: scrape(wayside))
        assert ended(wayside) == 0
        assert "scraped a last time after" in wayside.running.text()
        assert metric(page, "wayside_calls_total") == 1


def test_without_an_admin_address_nothing_is_waited_for() -> None:
    door = replace(new_door(), admin="off")
    flags = ("--drain-delay=0s", f"--final-scrape={LONG}", f"--first-scrape={LONG}")
    with running_oip() as (upstream, _), door.open(upstream, *flags) as running:
        assert "drain.final_scrape: has no effect: admin is off" in running.text()
        running.wait_for(lambda: door.status("/readyz") == 200)
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(END_SECONDS) == 0


def test_ready_comes_with_the_first_scrape_and_stays() -> None:
    """A probe, another page and the head of this one are no scrape; one that was counts for every life of control."""
    flags = (f"--first-scrape={LONG}",)
    with (
        running_oip() as (upstream, _),
        running_wayside(upstream, config=FAST_TICKS, flags=flags, ready=False) as wayside,
    ):
        wayside.running.wait_for(lambda: readiness(wayside) == (503, "not scraped yet"))
        head(wayside)
        wait_for_ticks(wayside)
        assert readiness(wayside) == (503, "not scraped yet")
        scrape(wayside)
        wayside.running.wait_for(lambda: readiness(wayside) == (200, "ready"))
        (control,) = wayside.controls()
        os.kill(control, signal.SIGKILL)
        wait_for_ticks(wayside, 1)
        assert readiness(wayside) == (200, "ready")


def test_ready_comes_without_a_scrape_when_its_time_is_over() -> None:
    with (
        running_oip() as (upstream, _),
        running_wayside(upstream, flags=("--first-scrape=1s",)) as wayside,
    ):
        assert readiness(wayside) == (200, "ready")
