"""grpcio's calls give the same results direct and through Wayside, and Wayside counts what their client did.

Each function that makes calls takes an address and returns what the client saw. It runs twice, direct and through
Wayside; the two must be equal, and what Wayside counted meanwhile must be what the client saw.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator

import grpc
import pytest

from tests.e2e.grpc_calls import (
    BIDI,
    CLIENT_STREAM,
    INFER,
    SERVER_STREAM,
    STREAM_INFER,
    UNARY,
    Seen,
    connected,
    inference,
)
from tests.e2e.grpc_cases import CASES, Case, codes, headers_of_64_kib
from tests.e2e.grpc_counted import CATALOGUE, Counts, Difference, config, expected
from tests.e2e.grpc_deadlines import deadlines_that_pass, prompt
from tests.e2e.grpc_frames import CONTINUATION, recording
from tests.e2e.grpc_network import PING_BYTES, Connection, connections_to
from tests.fakes.oip import running_oip
from tests.harness.ports import free_ports
from tests.harness.running import wait_until
from tests.harness.wayside import Wayside, running_wayside

CONNECTIONS = 200
PINGS = 2  # grpcio sends them a second apart at the most often
AGED_CONNECTIONS = 5
STREAMED, BATCH, FAIL_EVERY = 600, 50, 60
COMPRESSIBLE = bytes(1_000_000)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The server of all tests that need no particular one."""
    with running_oip() as (address, _):
        yield address


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Wayside's configuration."""
    file = tmp_path_factory.mktemp("catalogue") / "echo.yaml"
    file.write_text(CATALOGUE)
    return config(str(file))


@pytest.fixture(scope="module")
def wayside(server: str, settings: str) -> Iterator[Wayside]:
    """Wayside before it."""
    with running_wayside(server, config=settings) as running:
        yield running


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_a_case(case: Case, server: str, wayside: Wayside) -> None:
    """Direct and through Wayside are the same, and each call was counted as what it was."""
    direct = case(server)
    difference = Difference(wayside)
    through = case(wayside.address)
    assert through == direct
    assert difference.after(through) == expected(through)


def test_deadlines_that_pass(server: str, settings: str) -> None:
    """Each attempt has a Wayside of its own: what one leaves behind that was not prompt is nobody's."""

    def through() -> None:
        with running_wayside(server, config=settings) as wayside:
            difference = Difference(wayside)
            calls = deadlines_that_pass(wayside.address)
            assert calls == direct
            assert difference.after(calls) == expected(calls)

    direct = prompt(lambda: deadlines_that_pass(server))
    prompt(through)


def test_headers_in_continuation_frames(settings: str) -> None:
    """The same case where both ends keep to the smallest largest frame; by default grpcio's take 4 MiB."""
    small = {"http2.max_frame_size": 16_384, "http2.bdp_probe": 0}
    words = [f"grpc.{name}={number}" for name, number in small.items()]
    with (
        running_oip("127.0.0.1:0", *words) as (server, _),
        running_wayside(server, config=settings) as wayside,
    ):
        with recording(server) as recorder:
            direct = headers_of_64_kib(recorder.address, **small)
        assert all(types[CONTINUATION] > 0 for types in recorder.frames())
        difference = Difference(wayside)
        with recording(wayside.address) as recorder:
            through = headers_of_64_kib(recorder.address, **small)
        assert all(types[CONTINUATION] > 0 for types in recorder.frames())
        assert through == direct
        assert difference.after(through) == expected(through)


def compressed(address: str) -> list[Seen]:
    """Make calls of all kinds with each compression, each way and both ways."""
    calls = []
    with connected(address) as client:
        for method in (UNARY, SERVER_STREAM, CLIENT_STREAM, BIDI):
            kind = "stream_stream" if method == CLIENT_STREAM else ""
            for there in grpc.Compression:
                for back in grpc.Compression:
                    metadata = [("x-compression", str(back.value))]
                    how = {"kind": kind, "metadata": metadata, "compression": there}
                    calls.append(client.call(method, COMPRESSIBLE, **how))
        for there in grpc.Compression:
            call = client.start(INFER, inference("squeezed"), compression=there)
            calls.append(call.seen(model="squeezed"))
    assert codes(calls) == {"OK"}
    return calls


def total(counts: Counts, field: str, method: str = "") -> int:
    """Add up one field."""
    return sum(at for key, at in counts.items() if key[-1] == field and method in key[0])


def without_bytes(counts: Counts) -> Counts:
    """Leave out the numbers of bytes."""
    return Counter({key: at for key, at in counts.items() if "bytes" not in key[-1]})


def test_compression(server: str, wayside: Wayside) -> None:
    """Compressed messages pass, count as messages, and count with the length they have on the wire."""
    direct = compressed(server)
    difference = Difference(wayside)
    through = compressed(wayside.address)
    assert through == direct
    counts = difference.after(through)
    assert without_bytes(counts) == without_bytes(expected(through))
    # Three of nine calls of each kind send their message as it is, three have it sent back as it is.
    plain = 3 * len(COMPRESSIBLE)
    for method in (UNARY, SERVER_STREAM, CLIENT_STREAM, BIDI):
        for field in ("request_bytes", "response_bytes"):
            assert plain < total(counts, field, method) < plain * 1.01


def many_requests(address: str, batch: int) -> list[Seen]:
    """Make one call that carries many requests, a batch of them at a time; some fail in band."""
    with connected(address) as client:
        call = client.start(STREAM_INFER, held=True)
        for first in range(0, STREAMED, batch):
            wanted = {at: 1 + at % 3 for at in range(first, first + batch)}
            failing = {at for at in wanted if at % FAIL_EVERY == FAIL_EVERY - 1}
            for at, responses in wanted.items():
                how = {"error": 1} if at in failing else {"responses": responses}
                call.send(inference("chatty", id=str(at), **how))
            call.read_answers(sum(1 if at in failing else wanted[at] for at in wanted))
        call.half_close()
        seen = call.seen(model="chatty")
    assert seen.code == "OK"
    return [seen]


def test_a_stream_of_many_requests(server: str, wayside: Wayside) -> None:
    """The call is good; each of its requests is counted, and each in-band error as one."""
    difference = Difference(wayside)
    through = many_requests(wayside.address, BATCH)
    counts = difference.after(through)
    assert through == many_requests(server, BATCH)
    (seen,) = through
    failed = STREAMED // FAIL_EVERY
    call = (STREAM_INFER, "chatty", "OK", "ok", "server")
    in_band = (STREAM_INFER, "chatty", "IN_BAND_ERROR", "server_error", "server")
    assert counts == {
        (*call, "calls"): 1,
        (*call, "requests"): STREAMED - failed,
        (*call, "request_bytes"): sum(seen.sent),
        (*call, "response_bytes"): sum(answer.length for answer in seen.answers),
        (*in_band, "requests"): failed,
        (*call[:2], "gaps"): len(seen.answers) - 1,
    }


def test_more_requests_at_once_than_are_followed(server: str, wayside: Wayside) -> None:
    """Each request of a stream is counted, and the call is good, where more are open than Wayside can tell apart."""
    difference = Difference(wayside)
    through = many_requests(wayside.address, STREAMED)
    counts = difference.after(through)
    assert through == many_requests(server, STREAMED)
    assert total(counts, "requests") == STREAMED
    assert total(counts, "gaps") == len(through[0].answers) - 1


def on_many_connections(address: str, while_open: Callable[[], None]) -> list[Seen]:
    """Open connections by a call on each; once all are there, call on all of them at once."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connected(address)) for _ in range(CONNECTIONS)]
        calls = []
        for message in (b"first", b"again"):
            started = [
                client.start(UNARY, b"%s %d" % (message, at)) for at, client in enumerate(clients)
            ]
            calls += [call.seen() for call in started]
            wait_until(lambda: len(connections_to(address)) == CONNECTIONS)
            while_open()
    assert codes(calls) == {"OK"}
    return calls


def test_200_connections(server: str, wayside: Wayside) -> None:
    """As many connections before Wayside as behind it, and each call on its own."""

    def as_many_behind() -> None:
        wait_until(lambda: len(connections_to(server)) == CONNECTIONS)
        wait_until(lambda: upstream()["connections_open"] == CONNECTIONS)

    def upstream() -> dict[str, int]:
        (found,) = wayside.snapshot()["upstreams"]
        return dict(found)

    direct = on_many_connections(server, lambda: None)
    before = upstream()["connections"]
    difference = Difference(wayside)
    through = on_many_connections(wayside.address, as_many_behind)
    assert through == direct
    assert difference.after(through) == expected(through)
    assert upstream()["connections"] == before + CONNECTIONS


def busiest(address: str) -> Connection:
    """Find the connection to an address that is in use; Wayside's probes come and go beside it."""
    return max(connections_to(address), key=lambda each: each.received_bytes)


def pinged(address: str, *further: str) -> list[Seen]:
    """Call, wait until pings alone have been sent and answered on all legs, call again on the same connection."""
    options = {"keepalive_permit_without_calls": 1, "http2.max_pings_without_data": 0}
    with connected(address, keepalive_time_ms=50, keepalive_timeout_ms=60_000, **options) as client:
        calls = [client.call(UNARY, b"before")]
        legs = {each: busiest(each) for each in (address, *further)}

        def answered() -> bool:
            now = {each: busiest(each) for each in legs}
            assert {each: at.local for each, at in now.items()} == {
                each: at.local for each, at in legs.items()
            }
            return all(
                min(
                    now[each].sent_bytes - at.sent_bytes,
                    now[each].received_bytes - at.received_bytes,
                )
                >= PINGS * PING_BYTES
                for each, at in legs.items()
            )

        wait_until(answered)
        calls.append(client.call(UNARY, b"after"))
        assert busiest(address).local == legs[address].local
    assert codes(calls) == {"OK"}
    return calls


def test_keepalive(settings: str) -> None:
    """Pings go to the server and their answers come from it; the connection lives as it does without Wayside."""
    options = {
        "grpc.keepalive_permit_without_calls": 1,
        "grpc.http2.min_ping_interval_without_data_ms": 10,
        "grpc.http2.max_ping_strikes": 0,
    }
    words = [f"{name}={number}" for name, number in options.items()]
    with (
        running_oip("127.0.0.1:0", *words) as (server, _),
        running_wayside(server, config=settings) as wayside,
    ):
        direct = pinged(server)
        difference = Difference(wayside)
        through = pinged(wayside.address, server)
        assert through == direct
        assert difference.after(through) == expected(through)


def waited(address: str, server: str) -> list[str | Seen]:
    """Call while nothing is behind an address: at once in vain, then with patience until the server is there."""
    # The least time between attempts is also the time that each of them has; a refusal ends it at once.
    patience = {"initial_reconnect_backoff_ms": 100, "min_reconnect_backoff_ms": 20_000}
    with connected(address, max_reconnect_backoff_ms=100, **patience) as client:
        in_vain = client.call(UNARY, b"m")
        waiting = client.start(UNARY, b"m", wait_for_ready=True)
        with running_oip(server):
            seen = waiting.seen()
    assert seen.code == "OK"
    return [in_vain.code, seen]


def test_a_call_that_waits_for_the_server(settings: str) -> None:
    """A channel finds a server that comes up late; what failed before was never a call to Wayside."""
    server = f"127.0.0.1:{free_ports(1)[0]}"
    with contextlib.ExitStack() as stack:
        with running_oip(server):
            wayside = stack.enter_context(running_wayside(server, config=settings))
        direct = waited(server, server)
        difference = Difference(wayside)
        through = waited(wayside.address, server)
        assert through == direct
        assert through[0] == "UNAVAILABLE"
        seen = [each for each in through if isinstance(each, Seen)]
        assert difference.after(seen) == expected(seen)
        assert wayside.snapshot()["upstreams"][0]["refused"] > 0


def aged(address: str) -> list[Seen]:
    """Call until the server has had the client change its connection some times, under a stream that stays."""
    ports: set[str] = set()
    calls: list[Seen] = []
    with connected(address) as client:
        stream = client.start(BIDI, b"one", b"two", held=True)
        stream.read_answers(2)

        def has_moved_on() -> bool:
            calls.extend(client.call(UNARY, b"m") for _ in range(10))
            ports.update(each.local for each in connections_to(address))
            return len(ports) >= AGED_CONNECTIONS

        wait_until(has_moved_on)
        stream.half_close()
        calls.append(stream.seen())
    assert codes(calls) == {"OK"}
    return calls


def test_connections_that_grow_too_old(settings: str) -> None:
    """GOAWAY passes: the client moves to new connections without an error, and open calls end on the old one."""
    age = ("grpc.max_connection_age_ms=300", "grpc.max_connection_age_grace_ms=60000")
    with (
        running_oip("127.0.0.1:0", *age) as (server, _),
        running_wayside(server, config=settings) as wayside,
    ):
        direct = aged(server)
        difference = Difference(wayside)
        through = aged(wayside.address)
        assert set(through) == set(direct)
        assert difference.after(through) == expected(through)
        assert wayside.snapshot()["upstreams"][0]["connections"] >= AGED_CONNECTIONS
