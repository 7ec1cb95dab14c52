"""When a page has arrived: acknowledged to its last byte, on a connection that stands. Real sockets: only they know."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from sidecar.net import http_server
from sidecar.net.http_server import Request, Response, Server
from tests.harness.running import START_SECONDS

PAGE, OTHER = "/page", "/other"
# More than a kernel takes for a client that does not read.
LARGE_BYTES = 20_000_000
NEVER_SECONDS = 1e6
RST_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass
class Site:
    """A page whose arrivals are noted, and another one."""

    size: int = 20_000
    arrived: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = Server(self.handle)

    def handle(self, request: Request) -> Response:
        """Answer; each query-less path is its own name."""
        if not request.path.startswith(PAGE):
            return Response(b"other")
        return Response(b"x" * self.size, delivered=lambda: self.arrived.append(request.path))


@asynccontextmanager
async def serving(site: Site) -> AsyncIterator[int]:
    """Serve on a free port; yields it."""
    listener = socket.create_server(("127.0.0.1", 0))
    await site.server.start(listener)
    try:
        yield listener.getsockname()[1]
    finally:
        site.server.close()
        await asyncio.sleep(0)


async def until(found: Callable[[], bool]) -> None:
    """Wait until a condition holds."""

    async def look() -> None:
        while not found():
            await asyncio.sleep(0.005)

    await asyncio.wait_for(look(), START_SECONDS)


def request(path: str, method: str = "GET", more: str = "") -> bytes:
    """One request."""
    return f"{method} {path} HTTP/1.1\r\nhost: x\r\n{more}\r\n".encode()


async def whole(port: int, data: bytes) -> bytes:
    """Send bytes on a connection of their own; return everything until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    answer = await asyncio.wait_for(reader.read(), START_SECONDS)
    writer.close()
    return answer


async def later(site: Site, port: int) -> None:
    """Let a page arrive that was asked for later than whatever there was."""
    await whole(port, request("/page/later", more="connection: close\r\n"))
    await until(lambda: "/page/later" in site.arrived)


async def unread(port: int, data: bytes) -> socket.socket:
    """A client with room for very little, that has asked and read the first bytes of the answer."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, ("127.0.0.1", port))
    await loop.sock_sendall(client, data)
    assert await loop.sock_recv(client, 8) == b"HTTP/1.1"
    return client


def test_on_a_connection_that_is_kept_each_page_arrives_once() -> None:
    site = Site()

    async def scenario() -> None:
        async with serving(site) as port:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            for count in (1, 2):
                writer.write(request(PAGE))
                await until(lambda count=count: len(site.arrived) == count)  # type: ignore[misc]
            writer.write(request("/page/a") + request("/page/b"))
            await until(lambda: site.arrived[2:] == ["/page/a", "/page/b"])
            writer.close()

    asyncio.run(scenario())


def test_a_connection_that_is_to_close_closes_after_its_page_has_arrived() -> None:
    site = Site()

    async def scenario() -> None:
        async with serving(site) as port:
            answer = await whole(port, request(PAGE, more="connection: close\r\n"))
            assert answer.endswith(b"x" * site.size)
            assert site.arrived == [PAGE]
            await whole(port, request(PAGE).replace(b"1.1", b"1.0"))
            assert site.arrived == [PAGE, PAGE]

    asyncio.run(scenario())


@pytest.mark.parametrize("asked", [request(PAGE, "HEAD"), request(OTHER), request(PAGE, "POST")])
def test_a_head_and_other_pages_are_no_page(asked: bytes) -> None:
    site = Site()

    async def scenario() -> None:
        async with serving(site) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(asked)
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), START_SECONDS)
            await later(site, port)
            writer.close()

    asyncio.run(scenario())
    assert site.arrived == ["/page/later"]


@pytest.mark.parametrize("size", [20_000, LARGE_BYTES])
def test_what_is_broken_off_has_not_arrived(size: int) -> None:
    """Whether the kernel had taken all of it for the client or not."""
    site = Site(size)

    async def scenario() -> None:
        async with serving(site) as port:
            client = await unread(port, request(PAGE))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_ON_CLOSE)
            client.close()
            site.size = 1
            await later(site, port)

    asyncio.run(scenario())
    assert site.arrived == ["/page/later"]


@pytest.mark.parametrize("more", ["", "connection: close\r\n"])
def test_what_a_slow_client_reads_arrives_with_its_last_byte(more: str) -> None:
    """The connection that is to close is held until then."""
    site = Site(size=100_000)

    async def scenario() -> None:
        async with serving(site) as port:
            client = await unread(port, request(PAGE, more=more))
            site.size = 1
            await later(site, port)
            assert site.arrived == ["/page/later"]
            loop, rest = asyncio.get_running_loop(), 100_000
            while rest > 0:
                rest -= len(await asyncio.wait_for(loop.sock_recv(client, 65_536), START_SECONDS))
            await until(lambda: site.arrived == ["/page/later", PAGE])
            client.close()

    asyncio.run(scenario())


def test_a_client_that_asks_and_leaves_has_nothing() -> None:
    """As a scraper does whose time is over before the page is made."""
    site = Site()

    async def scenario() -> None:
        async with serving(site) as port:
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(request(PAGE))
            await later(site, port)

    asyncio.run(scenario())
    assert site.arrived == ["/page/later"]


def test_a_client_that_reads_and_leaves_has_it() -> None:
    site = Site()

    async def scenario() -> None:
        async with serving(site) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request(PAGE))
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            await reader.readexactly(site.size)
            writer.close()
            await until(lambda: site.arrived == [PAGE])

    asyncio.run(scenario())


def test_who_never_reads_the_page_does_not_hold_its_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not even one that is to close when the page has arrived."""
    monkeypatch.setattr(http_server, "READ_TIMEOUT_SECONDS", NEVER_SECONDS)
    monkeypatch.setattr(http_server, "WRITE_TIMEOUT_SECONDS", 0.05)
    site = Site()

    async def scenario() -> None:
        async with serving(site) as port:
            client = await unread(port, request(PAGE, more="connection: close\r\n"))
            await until(lambda: not site.server.connections)
            client.close()

    asyncio.run(scenario())
    assert site.arrived == []
