"""Draining: a restart of Wayside costs its clients nothing.

Two Waysides stand before one server, behind one grpcio client that knows both addresses, and are restarted in turn
under a constant load; and what outlives the drain is cut with a reset and counted.
"""

from __future__ import annotations

import contextlib
import http.client
import signal
import socket
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import pytest

from tests.fakes.http_server import Answering, serving
from tests.fakes.oip import running_oip
from tests.harness.ports import free_ports
from tests.harness.running import Running, accepts, running, wait_until
from tests.harness.samples import metric
from tests.harness.wayside import COMMAND

RESTARTS = 50
CALLS_PER_SECOND = 500
CLIENT_THREADS = 10
ECHO = "/test.Echo/Unary"
BIDI = "/test.Echo/Bidi"


@dataclass(frozen=True)
class Door:
    """One Wayside's place; whoever runs there at the moment is another matter."""

    listen: str
    health: str
    admin: str

    @contextlib.contextmanager
    def open(self, upstream: str, *flags: str) -> Iterator[Running]:
        """Run a Wayside there until the block ends."""
        doors = [f"--listen={self.listen}", f"--upstream={upstream}"]
        doors += [f"--health={self.health}", f"--admin={self.admin}"]
        command: list[str | Path] = [COMMAND, "run", *doors, *flags]
        with running(command) as process:
            process.wait_for(lambda: accepts(self.listen))
            yield process

    def status(self, path: str) -> int:
        """Ask a probe; 0 when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://{self.health}{path}", timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return 0

    def metric(self, name: str) -> float:
        """Scrape one metric."""
        with urllib.request.urlopen(f"http://{self.admin}/metrics", timeout=5) as answer:
            return metric(answer.read().decode(), name)

    def has_client(self) -> bool:
        """Tell whether somebody is connected, as far as control has come up to say so."""
        try:
            return self.metric("wayside_upstream_connections_open") > 0
        except (OSError, KeyError):
            return False


def new_door() -> Door:
    """Find three free ports."""
    return Door(*(f"127.0.0.1:{port}" for port in free_ports(3)))


@dataclass
class Load:
    """Unary calls at a constant rate on one channel, and how they ended."""

    ended: Counter[str] = field(default_factory=Counter)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self, channel: grpc.Channel, first: float, every_seconds: float) -> None:
        """Make this thread's share of the calls, each at its own moment whatever became of the last."""
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(ECHO)
        due = first
        while not self.stop.wait(max(0.0, due - time.monotonic())):
            due += every_seconds
            try:
                call(b"x", timeout=10)
                self.ended["OK"] += 1
            except grpc.RpcError as error:
                self.ended[f"{error.code().name}: {error.details()}"] += 1


@contextlib.contextmanager
def constant_load(addresses: list[str]) -> Iterator[Load]:
    """Call through one channel that spreads over all addresses, until the block ends."""
    load = Load()
    target = "ipv4:" + ",".join(addresses)
    options = [
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 200),
        ("grpc.service_config", '{"loadBalancingConfig": [{"round_robin": {}}]}'),
    ]
    with grpc.insecure_channel(target, options=options) as channel:
        grpc.channel_ready_future(channel).result(timeout=20)
        every, now = CLIENT_THREADS / CALLS_PER_SECOND, time.monotonic()
        threads = [
            threading.Thread(target=load.run, args=(channel, now + share / CALLS_PER_SECOND, every))
            for share in range(CLIENT_THREADS)
        ]
        for thread in threads:
            thread.start()
        try:
            yield load
        finally:
            load.stop.set()
            for thread in threads:
                thread.join()


@pytest.mark.slow
def test_fifty_restarts_fail_no_call() -> None:
    """SIGTERM for one of two Waysides, fifty times, at 500 calls/s: every call is OK."""
    doors = [new_door(), new_door()]
    flags = ("--drain-delay=100ms", "--drain=10s")
    with running_oip() as (upstream, _), contextlib.ExitStack() as stack:
        places = [stack.enter_context(contextlib.ExitStack()) for _ in doors]
        for place, door in zip(places, doors, strict=True):
            place.enter_context(door.open(upstream, *flags))
        with constant_load([door.listen for door in doors]) as load:
            for restart in range(RESTARTS):
                at = restart % 2
                places[at].close()
                places[at].enter_context(doors[at].open(upstream, *flags))
                # The client is back before the other one goes: grpcio waits a while after a refusal.
                wait_until(doors[at].has_client)
    print(f"{RESTARTS} restarts, {sum(load.ended.values())} calls: {dict(load.ended)}")
    assert set(load.ended) == {"OK"}
    assert load.ended["OK"] > RESTARTS * CALLS_PER_SECOND // 5


def test_a_stream_that_outlives_the_drain_is_cut_and_counted() -> None:
    """Not ready at once, a GOAWAY, no new connections; the open stream goes on until --drain, then a reset."""
    door = new_door()
    with (
        running_oip() as (upstream, _),
        door.open(upstream, "--drain-delay=200ms", "--drain=3s") as wayside,
    ):
        wait_until(lambda: door.status("/readyz") == 200)
        with grpc.insecure_channel(door.listen) as channel:
            wanted = threading.Event()

            def words() -> Iterator[bytes]:
                yield b"before"
                wanted.wait(30)
                yield b"during"
                threading.Event().wait(30)

            both: grpc.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(BIDI)
            answers = both(words())
            assert next(answers) == b"before"
            began = time.monotonic()
            wayside.process.send_signal(signal.SIGTERM)
            wait_until(lambda: door.status("/readyz") == 503)
            wait_until(lambda: not accepts(door.listen))
            wanted.set()
            assert next(answers) == b"during"
            wait_until(lambda: door.metric("wayside_tap_goaways_inserted_total") == 1)
            assert door.metric("wayside_tap_draining") == 1
            with pytest.raises(grpc.RpcError) as cut:
                next(answers)
            lasted = time.monotonic() - began
            assert cut.value.code() == grpc.StatusCode.UNAVAILABLE
        assert wayside.process.wait(10) == 0
        assert "cutting 1 connections" in wayside.text()
    assert 2.5 < lasted < 5


def test_drain_by_request_answers_when_it_is_done() -> None:
    """`/drain`, as a preStop hook calls it: the answer comes after the last connection is gone, and live stays live."""
    door = new_door()
    with (
        running_oip() as (upstream, _),
        door.open(upstream, "--drain-delay=200ms", "--drain=10s") as wayside,
    ):
        wait_until(lambda: door.status("/readyz") == 200)
        host, _, port = door.listen.rpartition(":")
        with socket.create_connection((host, int(port))) as client:
            client.sendall(b"anything")
            answered: list[float] = []
            asker = threading.Thread(
                target=lambda: answered.append(door.status("/drain") and time.monotonic())
            )
            asker.start()
            wait_until(lambda: door.status("/readyz") == 503)
            wait_until(lambda: not accepts(door.listen))
            assert door.status("/livez") == 200
            assert answered == []
            closed = time.monotonic()
        asker.join(20)
        assert len(answered) == 1
        assert answered[0] >= closed
        assert wayside.process.poll() is None, "it goes on until it is told to end"
        assert door.status("/livez") == 200
        wayside.process.send_signal(signal.SIGTERM)
        assert wayside.process.wait(10) == 0


class _KeepAlive(Answering):
    """Answers every request and keeps the connection, as HTTP/1.1 servers do."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")


def test_an_http_client_is_told_with_its_next_answer_and_none_fails() -> None:
    """RFC 9112 section 9.6: `connection: close`; who heeds it leaves, and Wayside ends well before --drain."""
    door = new_door()
    flags = ("--drain-delay=200ms", "--drain=60s")
    with serving(_KeepAlive) as upstream, door.open(upstream, *flags) as wayside:
        client = http.client.HTTPConnection(door.listen, timeout=30)

        def ask() -> str | None:
            client.request("GET", "/x")
            with client.getresponse() as answer:
                assert (answer.status, answer.read()) == (200, b"ok")
                return answer.getheader("connection")

        assert ask() is None
        socket_of_first = client.sock
        assert ask() is None
        assert client.sock is socket_of_first, "one connection for both"
        wayside.process.send_signal(signal.SIGTERM)
        wait_until(lambda: not accepts(door.listen))
        assert ask() == "close", "the request on the open connection is answered, and told"
        assert client.sock is None, "http.client heeds it"
        assert wayside.process.wait(30) == 0


@contextlib.contextmanager
def bidi_server() -> Iterator[tuple[str, grpc.Server]]:
    """Run a gRPC server of this process that repeats what it hears; yields its address and itself."""

    def repeat(words: Iterator[bytes], _: grpc.ServicerContext) -> Iterator[bytes]:
        yield from words

    bidi: grpc.RpcMethodHandler[bytes, bytes] = grpc.stream_stream_rpc_method_handler(repeat)
    handlers = {"Bidi": bidi}
    with ThreadPoolExecutor(4) as pool:
        server = grpc.server(pool)
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("test.Echo", handlers),)
        )
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield f"127.0.0.1:{port}", server
        server.stop(None).wait(30)


def test_a_server_that_goes_first_is_heard_by_its_clients() -> None:
    """The server's own GOAWAY passes, its open call is answered, and Wayside has nothing left to cut."""
    door = new_door()
    flags = ("--drain-delay=200ms", "--drain=60s")
    with bidi_server() as (upstream, server), door.open(upstream, *flags) as wayside:
        with grpc.insecure_channel(door.listen) as channel:
            wanted = threading.Event()

            def words() -> Iterator[bytes]:
                yield b"before"
                wanted.wait(30)
                yield b"after"

            both: grpc.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(BIDI)
            answers = both(words())
            assert next(answers) == b"before"
            stopped = server.stop(grace=30)
            wanted.set()
            assert list(answers) == [b"after"], "the open call ends well"
            assert answers.code() == grpc.StatusCode.OK
            assert stopped.wait(30)
            echo: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(ECHO)
            with pytest.raises(grpc.RpcError) as refused:
                echo(b"x", timeout=5)
            assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
        wayside.process.send_signal(signal.SIGTERM)
        assert wayside.process.wait(30) == 0
        assert "cutting" not in wayside.text()
