"""Draining: a restart of Wayside costs its clients nothing; what outlives the drain is cut with a reset and counted.

What only processes can show: that real clients heed what they are told, that the kernel's listener is closed while the
connections go on, and that the process ends by itself with status 0. The order of a drain, and its clock, have tests of
their own in the tap. `make prove ARGS="drain"` restarts fifty times under a load whose rate is claimed.
"""

from __future__ import annotations

import contextlib
import http.client
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from tests.e2e.door import ANSWER_SECONDS, END_SECONDS, Door, new_door
from tests.e2e.restarts import CALLS_OF_A_LIFE, ECHO, restarts
from tests.fakes.http_server import Answering, serving
from tests.fakes.oip import running_oip
from tests.harness.running import accepts, running, wait_until
from tests.harness.wayside import COMMAND

RESTARTS = 6
DRAIN_SECONDS = 2
LONG_SECONDS = 120.0
"""Longer than any of this takes on any machine; nothing waits for so long unless it fails."""
BIDI = "/test.Echo/Bidi"


@pytest.mark.slow
def test_restarts_fail_no_call() -> None:
    """SIGTERM for one of two Waysides, again and again: each new one is called, none cuts anything, no call fails."""
    seen = restarts(RESTARTS)
    assert seen.complaints == []
    assert seen.counted >= (RESTARTS + 2) * CALLS_OF_A_LIFE


def draining(door: Door) -> None:
    """Wait until a drain can be felt from outside: not ready, no new connections, and the open one has been told."""
    wait_until(lambda: door.status("/readyz") == 503)
    wait_until(lambda: not accepts(door.listen))
    wait_until(lambda: door.metric("wayside_tap_goaways_inserted_total") == 1)
    wait_until(lambda: door.metric("wayside_tap_draining") == 1)


@contextlib.contextmanager
def open_stream(door: Door, wanted: threading.Event) -> Iterator[Iterator[bytes]]:
    """Hold a stream open: one answer has come, another comes when it is wanted, and then no more."""
    over = threading.Event()

    def words() -> Iterator[bytes]:
        yield b"before"
        wanted.wait(LONG_SECONDS)
        yield b"during"
        over.wait(LONG_SECONDS)

    with grpc.insecure_channel(door.listen) as channel:
        both: grpc.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(BIDI)
        answers = both(words())
        assert next(answers) == b"before"
        try:
            yield answers
        finally:
            wanted.set()
            over.set()


def test_a_stream_flows_while_wayside_drains() -> None:
    """Not ready at once, a GOAWAY, no new connections; the open stream goes on, until a second signal cuts it."""
    door, wanted = new_door(), threading.Event()
    with (
        running_oip() as (upstream, _),
        door.open(upstream, "--drain-delay=200ms", "--drain=10m") as wayside,
    ):
        wait_until(lambda: door.status("/readyz") == 200)
        with open_stream(door, wanted) as answers:
            wayside.process.send_signal(signal.SIGTERM)
            draining(door)
            wanted.set()
            assert next(answers) == b"during"
            assert "cutting" not in wayside.text()
            wayside.process.send_signal(signal.SIGTERM)
            with pytest.raises(grpc.RpcError) as cut:
                next(answers)
            assert cut.value.code() == grpc.StatusCode.UNAVAILABLE
        assert wayside.process.wait(END_SECONDS) == 0
        assert "cutting 1 connections" in wayside.text()


def test_a_stream_that_outlives_the_drain_is_cut_and_counted() -> None:
    """Not before --drain is over it is reset: a line in the log, and a call that Wayside ended."""
    door = new_door()
    with (
        running_oip() as (upstream, _),
        door.open(upstream, "--drain-delay=1ms", f"--drain={DRAIN_SECONDS}s") as wayside,
    ):
        wait_until(lambda: door.status("/readyz") == 200)
        with open_stream(door, threading.Event()) as answers:
            began = time.monotonic()
            # By request, so that the process is still there afterwards to say what it counted.
            assert door.status("/drain") == 200
            with pytest.raises(grpc.RpcError) as cut:
                next(answers)
            assert time.monotonic() - began >= DRAIN_SECONDS
            assert cut.value.code() == grpc.StatusCode.UNAVAILABLE
        assert "cutting 1 connections" in wayside.text()
        wait_until(lambda: door.metric("wayside_calls_total", ended_by="wayside") == 1)
        assert door.metric("wayside_calls_total", ended_by="wayside", code="LOST") == 1
        assert door.metric("wayside_tap_cut_connections_total") == 1
        wayside.process.send_signal(signal.SIGTERM)
        assert wayside.process.wait(END_SECONDS) == 0


def test_drain_by_request_answers_when_it_is_done() -> None:
    """`/drain`, as a preStop hook calls it: the answer comes after the last connection is gone, and live stays live."""
    door = new_door()
    with (
        running_oip() as (upstream, _),
        door.open(upstream, "--drain-delay=200ms", "--drain=10m") as wayside,
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
        asker.join(LONG_SECONDS)
        assert len(answered) == 1
        assert answered[0] >= closed
        assert "cutting" not in wayside.text()
        assert wayside.process.poll() is None, "it goes on until it is told to end"
        assert door.status("/livez") == 200
        wayside.process.send_signal(signal.SIGTERM)
        assert wayside.process.wait(END_SECONDS) == 0


def outer_address() -> str:
    """Return an address of this machine that is not loopback: who connects to it comes from it, too."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(
                ("192.0.2.1", 9)
            )  # nothing is sent: the kernel only chooses where it would come from
        except OSError:
            pytest.skip("this machine has no address but loopback")
        address: str = asked.getsockname()[0]
    if address.startswith("127."):
        pytest.skip("this machine has no address but loopback")
    return address


def test_from_outside_only_a_token_drains(tmp_path: Path) -> None:
    """403 in words and a line in the log for anybody else, and traffic goes on; the file counts as it is when asked."""
    outside, door = outer_address(), new_door()
    token = tmp_path / "token"
    file = tmp_path / "wayside.yaml"
    port = door.health.rpartition(":")[2]
    file.write_text(f"health: {{listen: ':{port}', drain_token_file: {token}}}\n")
    everywhere = Door(door.listen, f"127.0.0.1:{port}", door.admin)
    flags = ("-c", str(file), "--drain-delay=0s", "--drain=10m")
    with (
        running_oip() as (upstream, _),
        door.open(upstream, f"--health=:{port}", *flags) as wayside,
    ):
        wait_until(lambda: everywhere.status("/readyz") == 200)
        assert everywhere.status("/readyz", host=outside) == 200, "anybody may look"
        with open_stream(door, wanted := threading.Event()) as answers:
            assert everywhere.status("/drain", host=outside) == 403
            assert everywhere.status("/drain", host=outside, token="x") == 403, "no file, no token"
            token.write_text("\n")
            assert everywhere.status("/drain", host=outside, token="x") == 403, "an empty one"
            token.write_text("s3cret\n")
            assert everywhere.status("/drain", host=outside, token="s3cre") == 403
            assert everywhere.status("/readyz") == 200
            wanted.set()
            assert next(answers) == b"during"
        wayside.wait_for(lambda: f"{outside} asked for /drain and may not" in wayside.text())
        assert "draining" not in wayside.text()
        assert everywhere.status("/drain", host=outside, token="s3cret") == 200
        assert everywhere.status("/readyz") == 503
        assert not accepts(door.listen)
        wayside.process.send_signal(signal.SIGTERM)
        assert wayside.process.wait(END_SECONDS) == 0


def test_the_command_drains_and_returns_when_it_is_done() -> None:
    """`wayside drain`, as a preStop hook runs it; then SIGTERM ends what it left."""
    door = new_door()
    command: list[str | Path] = [COMMAND, "drain", "--health", door.health]
    with (
        running_oip() as (upstream, _),
        door.open(upstream, "--drain-delay=0s", "--drain=10m") as wayside,
    ):
        wait_until(lambda: door.status("/readyz") == 200)
        with contextlib.ExitStack() as client:
            client.enter_context(open_stream(door, threading.Event()))
            with running(command) as drain:
                wait_until(lambda: door.status("/readyz") == 503)
                wait_until(lambda: not accepts(door.listen))
                assert drain.process.poll() is None, "a call is open"
                client.close()
                assert drain.process.wait(END_SECONDS) == 0
                assert drain.text().splitlines()[-1] == "drained"
        assert "cutting" not in wayside.text()
        assert wayside.process.poll() is None
        wayside.process.send_signal(signal.SIGTERM)
        assert wayside.process.wait(END_SECONDS) == 0
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Is `wayside run` up" in done.stderr


class _KeepAlive(Answering):
    """Answers every request and keeps the connection, as HTTP/1.1 servers do."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")


def test_an_http_client_is_told_with_its_next_answer_and_none_fails() -> None:
    """RFC 9112 section 9.6: `connection: close`; who heeds it leaves, and Wayside ends with nothing to cut."""
    door = new_door()
    flags = ("--drain-delay=200ms", "--drain=10m")
    with serving(_KeepAlive) as upstream, door.open(upstream, *flags) as wayside:
        client = http.client.HTTPConnection(door.listen, timeout=ANSWER_SECONDS)

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
        assert wayside.process.wait(END_SECONDS) == 0
        assert "cutting" not in wayside.text()


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
        server.stop(None).wait(LONG_SECONDS)


def test_a_server_that_goes_first_is_heard_by_its_clients() -> None:
    """The server's own GOAWAY passes, its open call is answered, and Wayside has nothing left to cut."""
    door = new_door()
    flags = ("--drain-delay=200ms", "--drain=10m")
    with bidi_server() as (upstream, server), door.open(upstream, *flags) as wayside:
        with grpc.insecure_channel(door.listen) as channel:
            wanted = threading.Event()

            def words() -> Iterator[bytes]:
                yield b"before"
                wanted.wait(LONG_SECONDS)
                yield b"after"

            both: grpc.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(BIDI)
            answers = both(words())
            assert next(answers) == b"before"
            stopped = server.stop(grace=LONG_SECONDS)
            wanted.set()
            assert list(answers) == [b"after"], "the open call ends well"
            assert answers.code() == grpc.StatusCode.OK
            assert stopped.wait(LONG_SECONDS)
            echo: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(ECHO)
            with pytest.raises(grpc.RpcError) as refused:
                echo(b"x", timeout=LONG_SECONDS)
            assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
        wayside.process.send_signal(signal.SIGTERM)
        assert wayside.process.wait(END_SECONDS) == 0
        assert "cutting" not in wayside.text()
