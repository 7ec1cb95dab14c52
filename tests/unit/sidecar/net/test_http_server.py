"""The admin server against real sockets: routes, keep-alive, and every bound."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

import pytest

from exporters.prometheus.render import MetricsPage
from sidecar.net import http_server
from sidecar.net.http_server import MAX_CONNECTIONS, MAX_HEAD_BYTES, Request, Response, Server
from sidecar.web.pages import Pages
from tests.fakes.facts import snapshot
from tests.fakes.published import published, watched
from tests.harness.running import START_SECONDS

NEVER_SECONDS = 1e6


def site() -> Callable[[Request], Response]:
    """The real pages over one moment."""
    moment = published(snapshot(), objectives=[watched("fast")])
    return Pages(lambda: moment, MetricsPage().render).handle


@asynccontextmanager
async def serving(server: Server) -> AsyncIterator[int]:
    """Serve on a free port; yields it."""
    listener = socket.create_server(("127.0.0.1", 0))
    await server.start(listener)
    try:
        yield listener.getsockname()[1]
    finally:
        server.close()
        await asyncio.sleep(0)


async def exchange(port: int, data: bytes) -> bytes:
    """Send bytes, return everything until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    answer = await asyncio.wait_for(reader.read(), START_SECONDS)
    writer.close()
    await writer.wait_closed()
    return answer


def run(
    scenario: Callable[[int], Coroutine[None, None, None]], handle: Callable[[Request], Response]
) -> None:
    """Run a scenario against a server."""

    async def whole() -> None:
        async with serving(Server(handle)) as port:
            await scenario(port)

    asyncio.run(whole())


def request(path: str, method: str = "GET", more: str = "connection: close\r\n") -> bytes:
    """One request."""
    return f"{method} {path} HTTP/1.1\r\nhost: x\r\n{more}\r\n".encode()


@pytest.mark.parametrize(
    ("data", "status", "text"),
    [
        (request("/"), 200, b"objective fast: ok"),
        (request("/metrics"), 200, b"wayside_calls_total{"),
        (request("/metrics?name=x"), 200, b"wayside_calls_total{"),
        (request("/api/v1/snapshot"), 200, b'"objectives"'),
        (request("/nowhere"), 404, b"Try /, /metrics, /api/v1/snapshot"),
        (request("/metrics", "POST", "connection: close\r\ncontent-length: 0\r\n"), 405, b"Only GET and HEAD"),
        (request("/metrics", "DELETE"), 405, b"allow: GET, HEAD"),
        (b"nonsense\r\n\r\n", 400, b"no request this server understands"),
        (b"GET / HTTP/1.1\r\nhost: x\r\n" + b"a: b\r\n" * MAX_HEAD_BYTES, 431, b"no request"),
    ],
)  # fmt: skip
def test_what_is_asked_is_answered(data: bytes, status: int, text: bytes) -> None:
    async def scenario(port: int) -> None:
        answer = await exchange(port, data)
        assert answer.startswith(b"HTTP/1.1 %d" % status)
        assert text in answer

    run(scenario, site())


def test_head_has_the_length_and_no_body() -> None:
    async def scenario(port: int) -> None:
        head, _, body = (await exchange(port, request("/metrics", "HEAD"))).partition(b"\r\n\r\n")
        assert b"content-length: " in head
        assert body == b""

    run(scenario, site())


PROTOBUF = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
)


def test_who_takes_gzip_gets_the_same_page_in_gzip() -> None:
    async def scenario(port: int) -> None:
        for accept in ("text/plain", "application/openmetrics-text", PROTOBUF):
            plain, zipped = [
                await exchange(
                    port,
                    request("/metrics", more=f"accept: {accept}\r\n{more}connection: close\r\n"),
                )
                for more in ("", "accept-encoding: deflate, gzip;q=0.5\r\n")
            ]
            head, _, body = zipped.partition(b"\r\n\r\n")
            assert b"content-encoding: gzip" in head
            assert b"content-length: %d\r\n" % len(body) in head
            assert b"content-type: " + accept.split(";")[0].encode() in head
            plain_head, _, plain_body = plain.partition(b"\r\n\r\n")
            assert gzip.decompress(body) == plain_body
            assert b"content-encoding" not in plain_head
            assert len(body) < len(plain_body) / 2

    run(scenario, site())


def test_what_fits_a_packet_is_sent_as_it_is() -> None:
    async def scenario(port: int) -> None:
        answer = await exchange(
            port, request("/", more="accept-encoding: gzip\r\nconnection: close\r\n")
        )
        assert b"content-encoding" not in answer
        assert b"objective fast: ok" in answer

    run(scenario, site())


def test_head_in_gzip_has_the_length_that_get_would_have() -> None:
    async def scenario(port: int) -> None:
        more = f"accept: {PROTOBUF}\r\naccept-encoding: gzip\r\nconnection: close\r\n"
        head, _, nothing = (await exchange(port, request("/metrics", "HEAD", more))).partition(
            b"\r\n\r\n"
        )
        whole, _, body = (await exchange(port, request("/metrics", "GET", more))).partition(
            b"\r\n\r\n"
        )
        assert nothing == b""
        assert b"content-length: %d\r\n" % len(body) in head
        assert b"content-type: application/vnd.google.protobuf" in head
        assert whole.split(b"\r\n") == head.split(b"\r\n")

    run(scenario, site())


def test_a_header_in_several_lines_is_one_list() -> None:
    async def scenario(port: int) -> None:
        more = "accept: text/plain;q=0.1\r\naccept: application/openmetrics-text\r\nconnection: close\r\n"
        answer = await exchange(port, request("/metrics", more=more))
        assert b"content-type: application/openmetrics-text; version=1.0.0" in answer

    run(scenario, site())


def test_a_scraper_keeps_its_connection_and_may_pipeline() -> None:
    async def scenario(port: int) -> None:
        two = request("/", more="") + request("/nowhere", more="connection: close\r\n")
        answer = await exchange(port, two)
        assert answer.count(b"HTTP/1.1 200") == 1
        assert answer.count(b"HTTP/1.1 404") == 1

    run(scenario, site())


def test_a_body_ends_its_connection() -> None:
    async def scenario(port: int) -> None:
        data = request("/", more="content-length: 5\r\n") + b"12345" + request("/")
        answer = await exchange(port, data)
        assert answer.count(b"HTTP/1.1") == 1

    run(scenario, site())


def test_a_fault_in_a_page_is_an_answer_and_costs_nobody_else() -> None:
    def broken(_: Request) -> Response:
        raise RuntimeError("no page today")

    async def scenario(port: int) -> None:
        answer = await exchange(port, request("/"))
        assert answer.startswith(b"HTTP/1.1 500")
        assert b"no page today" in answer

    run(scenario, broken)


def test_connections_above_the_cap_are_told_so() -> None:
    async def scenario(port: int) -> None:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(MAX_CONNECTIONS)]
        answer = await exchange(port, request("/"))
        assert answer.startswith(b"HTTP/1.1 503")
        assert answer.endswith(b"Too many open connections.\n")
        for _, writer in held:
            writer.close()
            await writer.wait_closed()
        await until(lambda: exchange_ok(port))

    async def exchange_ok(port: int) -> bool:
        return (await exchange(port, request("/"))).startswith(b"HTTP/1.1 200")

    run(scenario, site())


async def until(check: Callable[[], Coroutine[None, None, bool]]) -> None:
    """Wait for something that follows soon."""

    async def wait() -> None:
        while not await check():
            await asyncio.sleep(0.01)

    await asyncio.wait_for(wait(), START_SECONDS)


def only_timer(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let one of the timers ring soon, and the others never: none does another's work."""
    for each in ("READ_TIMEOUT_SECONDS", "IDLE_TIMEOUT_SECONDS", "WRITE_TIMEOUT_SECONDS"):
        monkeypatch.setattr(http_server, each, 0.05 if each == name else NEVER_SECONDS)


def test_a_head_that_never_ends_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    only_timer(monkeypatch, "READ_TIMEOUT_SECONDS")

    async def scenario(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HT")
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(reader.readexactly(1), START_SECONDS)
        writer.close()

    run(scenario, site())


def test_an_idle_connection_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    only_timer(monkeypatch, "IDLE_TIMEOUT_SECONDS")

    async def scenario(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request("/", more=""))
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200")
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(reader.readexactly(1_000_000), START_SECONDS)
        writer.close()

    run(scenario, site())


def test_an_answer_nobody_reads_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    only_timer(monkeypatch, "WRITE_TIMEOUT_SECONDS")
    answered: list[str] = []

    def large(found: Request) -> Response:
        answered.append(found.path)
        return Response(b"x" * 20_000_000)

    server = Server(large)

    async def is_dropped() -> bool:
        """Ask the server: a client that reads to find out would read the answer."""
        return bool(answered) and not server.connections

    async def scenario() -> None:
        async with serving(server) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
            writer.write(request("/", more="") * 5)
            await until(is_dropped)
            with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                await asyncio.wait_for(reader.readexactly(100_000_000), START_SECONDS)
            writer.close()

    asyncio.run(scenario())
    assert len(answered) == 1
