"""Polling: what is known after each poll, what is not, and what the log says of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from sidecar.model.server_metrics import (
    MetricsEndpoint,
    Number,
    NumberSource,
    PollFailure,
    ServerPage,
    ServerReading,
)
from sidecar.net import http_client
from sidecar.runtime.log import StderrLog
from sidecar.sources import server_page
from sidecar.sources.server_page import ServerPagePoller
from tests.fakes.metrics_server import MetricsServer, serving_metrics
from tests.harness.running import START_SECONDS

PAGE = "depth 3\nitems {items}\nruns {runs}\n"
ACME = ServerPage(
    "acme",
    (
        NumberSource(Number.QUEUE_DEPTH, "depth", model="model"),
        NumberSource(Number.EXECUTED_BATCH_SIZE, "items", per="runs", model="model"),
    ),
)
FOR_EVER = 1e9
BATCH = Number.EXECUTED_BATCH_SIZE


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing but what a test is about be given up for its time."""
    for module in (http_client, server_page):
        monkeypatch.setattr(module, "TIMEOUT_SECONDS", FOR_EVER)


class Heard(StderrLog):
    """Keeps what the log was told."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, str, dict[str, object]]] = []

    def _write(self, level: str, message: str, fields: dict[str, object]) -> None:
        self.lines.append((level, message, fields))


class Polled:
    """A poller in a loop that runs while a test waits for something."""

    def __init__(self, loop: asyncio.AbstractEventLoop, server: MetricsServer) -> None:
        self.loop = loop
        self.server = server
        self.log = Heard()
        self.metrics = ServerPagePoller(self.log)
        host, _, port = server.address.rpartition(":")
        self.endpoint = MetricsEndpoint(host, int(port), "/metrics", 0.02, (ACME,))

    def follow(self, endpoint: MetricsEndpoint | None) -> None:
        """As a tick does."""

        async def run() -> None:
            self.metrics.follow(endpoint)

        self.loop.run_until_complete(run())

    def reading(self) -> ServerReading | None:
        """As a tick does."""

        async def run() -> ServerReading | None:
            return self.metrics.reading()

        return self.loop.run_until_complete(run())

    def polls(self, more: int = 1) -> ServerReading:
        """Wait for polls that began after now, and return what is known then."""
        began = len(self.server.asked)
        self.until(lambda: len(self.server.asked) > began + more)
        reading = self.reading()
        assert reading is not None
        return reading

    def until(self, found: Callable[[], bool]) -> None:
        """Let the loop run until a condition holds."""

        async def run() -> None:
            while not found():
                await asyncio.sleep(0.005)

        self.loop.run_until_complete(asyncio.wait_for(run(), START_SECONDS))

    def failed(self, failure: PollFailure, times: int = 1) -> ServerReading:
        """Wait until polls have failed so."""

        def found() -> bool:
            reading = self.metrics.reading()
            return reading is not None and reading.failed_polls[failure] >= times

        self.until(found)
        reading = self.reading()
        assert reading is not None
        return reading


@contextmanager
def polling(page: str = PAGE.format(items=0, runs=0), manner: str = "good") -> Iterator[Polled]:
    loop = asyncio.new_event_loop()
    with serving_metrics(page, manner) as server:
        polled = Polled(loop, server)
        try:
            polled.follow(polled.endpoint)
            yield polled
        finally:
            polled.follow(None)
            loop.run_until_complete(asyncio.sleep(0))
            loop.close()


def test_without_an_endpoint_and_before_the_first_poll_nothing_is_known() -> None:
    with polling(manner="silent") as polled:
        assert polled.reading() is None
        polled.follow(None)
        assert polled.reading() is None


def test_what_the_page_says_is_known() -> None:
    with polling() as polled:
        reading = polled.polls()
        assert (reading.up, reading.server) == (True, "acme")
        assert reading.numbers == {Number.QUEUE_DEPTH: {"": 3}}
        assert set(reading.failed_polls.values()) == {0}
        assert len(polled.log.lines) == 1
        level, _, fields = polled.log.lines[0]
        assert (level, fields["server"]) == ("info", "acme")
        assert fields["numbers"] == "queue_depth executed_batch_size"


@pytest.mark.parametrize(
    ("manner", "failure"),
    [
        ("missing", PollFailure.STATUS),
        ("reset", PollFailure.UNREACHABLE),
        ("garbage", PollFailure.MALFORMED),
        ("huge", PollFailure.TOO_LARGE),
    ],
)
def test_after_a_failed_poll_nothing_is_known_and_the_log_says_so_once(
    manner: str, failure: PollFailure
) -> None:
    with polling() as polled:
        polled.polls()
        polled.server.manner = manner
        reading = polled.failed(failure, times=3)
        assert reading == ServerReading(up=False, failed_polls=reading.failed_polls)
        warnings = [fields for level, _, fields in polled.log.lines if level == "warning"]
        assert [fields["reason"] for fields in warnings] == [failure.value]
        assert warnings[0]["url"] == polled.server.url
        polled.server.manner = "good"
        polled.until(lambda: bool((now := polled.metrics.reading()) and now.up))
        assert polled.log.lines[-1][0] == "info"


def test_a_page_of_somebody_else_is_told_as_unmapped() -> None:
    with polling(page="<html>404</html>\n") as polled:
        assert not polled.failed(PollFailure.UNMAPPED).up


def test_a_server_that_hangs_is_given_up_and_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "TIMEOUT_SECONDS", 0.05)
    with polling(manner="silent") as polled:
        assert not polled.failed(PollFailure.TIMEOUT, times=2).up


def test_a_name_that_is_gone_is_absent_and_said_once() -> None:
    with polling() as polled:
        polled.polls()
        polled.server.page = b"items 8\nruns 2\n"
        reading = polled.polls(2)
        assert reading.up
        assert Number.QUEUE_DEPTH not in reading.numbers
        warnings = [fields for level, _, fields in polled.log.lines if level == "warning"]
        assert [fields["gone"] for fields in warnings] == ["queue_depth"]


def batches(polled: Polled, pages: list[tuple[int, int]]) -> list[float]:
    """Show pages one after the other and collect the means that are known meanwhile, each once in a row."""
    seen: list[float] = []

    def look() -> None:
        reading = polled.metrics.reading()
        value = reading.numbers.get(BATCH, {}).get("") if reading else None
        if value is not None and (not seen or seen[-1] != value):
            seen.append(value)

    for items, runs in pages:
        polled.server.page = PAGE.format(items=items, runs=runs).encode()
        began = len(polled.server.asked)

        def done(began: int = began) -> bool:
            look()
            return len(polled.server.asked) > began + 2

        polled.until(done)
    return seen


def test_a_mean_is_of_one_interval_through_a_restart_of_the_server() -> None:
    with polling(PAGE.format(items=100, runs=50)) as polled:
        polled.polls()
        # 8 runs of 5, nothing, then a restart whose counters are small, then 2 runs of 3.
        assert batches(polled, [(140, 58), (140, 58), (9, 1), (15, 3)]) == [5, 3]


def test_no_mean_spans_a_failed_poll() -> None:
    with polling(PAGE.format(items=100, runs=50)) as polled:
        polled.polls()
        polled.server.manner = "missing"
        polled.failed(PollFailure.STATUS)
        polled.server.page = PAGE.format(items=900, runs=51).encode()
        polled.server.manner = "good"
        polled.until(lambda: bool((now := polled.metrics.reading()) and now.up))
        assert batches(polled, [(900, 51)]) == []


def test_another_endpoint_is_followed_and_forgets_what_was_known() -> None:
    with polling() as polled, serving_metrics("depth 7\n") as other:
        polled.polls()
        port = int(other.address.rpartition(":")[2])
        polled.follow(replace(polled.endpoint, port=port))
        assert polled.reading() is None
        polled.until(lambda: polled.metrics.reading() is not None)
        reading = polled.reading()
        assert reading is not None
        assert reading.numbers == {Number.QUEUE_DEPTH: {"": 7}}
        asked = len(polled.server.asked)
        began = len(other.asked)
        polled.until(lambda: len(other.asked) > began + 2)
        assert len(polled.server.asked) == asked, "the first one is asked no more"


def test_the_same_endpoint_again_changes_nothing() -> None:
    with polling() as polled:
        polled.polls()
        polled.follow(replace(polled.endpoint))
        assert polled.reading() is not None


def test_what_is_old_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the task to hang or die, its last page would not stand for ever."""
    with polling() as polled:
        polled.polls()
        polled.metrics.stop()
        assert (polled.reading() or ServerReading(False, {})).up
        monkeypatch.setattr(server_page, "TIMEOUT_SECONDS", 0)
        polled.until(lambda: not (polled.metrics.reading() or ServerReading(True, {})).up)
        reading = polled.reading()
        assert reading is not None
        assert (reading.up, reading.numbers) == (False, {})
