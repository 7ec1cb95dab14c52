"""One GET against every kind of server: the body, or why there is none."""

from __future__ import annotations

import asyncio

import pytest

from sidecar.model.server_metrics import PollFailure
from sidecar.net import http_client
from sidecar.net.http_client import MAX_BODY_BYTES, FetchError, Peer, fetch, post
from tests.fakes.metrics_server import MetricsServer, serving_metrics
from tests.harness.ports import free_ports
from tests.harness.running import START_SECONDS

PAGE = "depth 3\n" * 5000


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing but what a test is about be given up for its time."""
    monkeypatch.setattr(http_client, "TIMEOUT_SECONDS", START_SECONDS)


def fetched(address: str, target: str = "/metrics") -> bytes:
    """Fetch a page whole."""
    pieces: list[bytes] = []
    host, _, port = address.rpartition(":")
    asyncio.run(fetch(host, int(port), target, pieces.append))
    return b"".join(pieces)


def refusal(address: str) -> FetchError:
    """Fetch what cannot be fetched."""
    with pytest.raises(FetchError) as caught:
        fetched(address)
    assert str(caught.value)
    return caught.value


@pytest.mark.parametrize("manner", ["good", "chunked", "until_close"])
def test_a_page_comes_whole_however_it_is_framed(manner: str) -> None:
    with serving_metrics(PAGE, manner) as server:
        assert fetched(server.address, "/stats?format=prometheus") == PAGE.encode()
        (head,) = server.asked
    lines = head.lower().split(b"\r\n")
    assert lines[0] == b"get /stats?format=prometheus http/1.1"
    assert f"host: {server.address}".encode() in lines
    assert b"accept-encoding: identity" in lines
    assert b"connection: close" in lines


@pytest.mark.parametrize(
    ("manner", "failure"),
    [
        ("missing", PollFailure.STATUS),
        ("moved", PollFailure.STATUS),
        ("short", PollFailure.MALFORMED),
        ("garbage", PollFailure.MALFORMED),
        ("compressed", PollFailure.MALFORMED),
        ("reset", PollFailure.UNREACHABLE),
        ("huge", PollFailure.TOO_LARGE),
    ],
)
def test_what_is_no_page_has_its_reason(manner: str, failure: PollFailure) -> None:
    with serving_metrics(PAGE, manner) as server:
        assert refusal(server.address).failure is failure


@pytest.mark.parametrize("manner", ["silent", "trickling"])
def test_an_answer_that_does_not_end_is_given_up(
    manner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_client, "TIMEOUT_SECONDS", 0.2)
    with serving_metrics(PAGE, manner) as server:
        assert refusal(server.address).failure is PollFailure.TIMEOUT


def test_a_port_nobody_listens_on_is_unreachable() -> None:
    assert refusal(f"127.0.0.1:{free_ports(1)[0]}").failure is PollFailure.UNREACHABLE


@pytest.mark.parametrize("host", ["nothing.invalid", "a..b", "x" * 300])
def test_a_name_nobody_has_is_unreachable(host: str) -> None:
    assert refusal(f"{host}:80").failure is PollFailure.UNREACHABLE


def test_of_a_page_too_large_no_more_than_the_bound_is_taken() -> None:
    taken = 0

    def take(piece: bytes) -> None:
        nonlocal taken
        taken += len(piece)

    async def run(server: MetricsServer) -> None:
        await fetch("127.0.0.1", int(server.address.rpartition(":")[2]), "/", take)

    with serving_metrics(PAGE, "huge") as server, pytest.raises(FetchError):
        asyncio.run(run(server))
    assert MAX_BODY_BYTES - http_client.READ_BYTES < taken <= MAX_BODY_BYTES


def test_what_the_taker_raises_ends_the_fetch() -> None:
    def refuse(_: bytes) -> None:
        raise KeyError("enough")

    with serving_metrics(PAGE) as server, pytest.raises(KeyError):
        asyncio.run(fetch("127.0.0.1", int(server.address.rpartition(":")[2]), "/", refuse))


def posted(address: str, body: bytes) -> int:
    """Post a body and return the status."""
    host, _, port = address.rpartition(":")
    headers = (("content-type", "application/json"),)
    return asyncio.run(post(Peer(host, int(port)), "/api/v2/alerts", body, headers)).status


@pytest.mark.parametrize(("manner", "status"), [("good", 200), ("missing", 404), ("moved", 302)])
@pytest.mark.parametrize("body", [b"", b"[{}]"])
def test_a_post_tells_the_status_whatever_it_is(manner: str, status: int, body: bytes) -> None:
    with serving_metrics(PAGE, manner) as server:
        assert posted(server.address, body) == status
        (head,) = server.asked
    assert head.startswith(b"POST /api/v2/alerts HTTP/1.1\r\n")
    assert b"content-type: application/json\r\n" in head
    assert b"content-length: %d\r\n" % len(body) in head


def test_a_post_without_an_answer_has_its_reason() -> None:
    with serving_metrics(PAGE, "reset") as server, pytest.raises(FetchError) as caught:
        posted(server.address, b"[{}]")
    assert caught.value.failure is PollFailure.UNREACHABLE
