"""A server under conformance test with a Wayside before it: python -m tests.interop.connect_server FOLDER SERVER.

It speaks the runner's protocol: what the runner wants is on stdin, and goes to the server as it is; where the server
listens is told on stdout. Either is a protobuf message with its length before it, in four bytes. SIGTERM ends it; what
Wayside says at the end is then left in FOLDER.

The runner kills what it has asked to end and still sees after 5 s, which on a busy machine is before all is over. So
what it sees ends at once, and a keeper behind it takes the time that the end needs.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

from tests.harness.ports import free_ports
from tests.harness.running import ProcessError
from tests.interop.route import LIVE, READY, Route, route_to
from tests.interop.verdicts import SuiteError

LENGTH_BYTES = 4
RUNNING, ENDED = ".running", ".json"
"""What the account of a Wayside is called before it is written, and after."""
# ServerCompatResponse.port: field 2, a varint.
PORT_TAG = b"\x10"


def with_port(message: bytes, port: int) -> bytes:
    """Give a ServerCompatResponse another port: of a field that comes twice, the last one counts."""
    digits = bytearray()
    while port > 0x7F:
        digits.append(port & 0x7F | 0x80)
        port >>= 7
    digits.append(port)
    return message + PORT_TAG + bytes(digits)


def read_message(stream: IO[bytes]) -> bytes:
    """Read one message; raises EOFError where the stream ends before it does."""
    length = int.from_bytes(stream.read(LENGTH_BYTES), "big")
    message = stream.read(length)
    if not length or len(message) < length:
        raise EOFError("the server ended before it told where it listens")
    return message


def write_message(stream: IO[bytes], message: bytes) -> None:
    """Write one message."""
    stream.write(len(message).to_bytes(LENGTH_BYTES, "big") + message)
    stream.flush()


def account_of(route: Route, server: subprocess.Popen[bytes]) -> dict[str, object]:
    """End the server and return what Wayside says once all is over, or what is wrong with it.

    The server goes first, and Wayside need only be alive afterwards: the runner keeps its idle connections.
    """
    wayside = route.wayside
    assert wayside is not None
    try:
        wayside.running.wait_for(lambda: wayside.answers(wayside.health, READY))
        server.terminate()
        return dict(route.account(LIVE) or {})
    except (ProcessError, SuiteError) as error:
        return {"error": f"at the end: {error}"}


def let_go() -> None:
    """Close what the runner gave: it takes these ends for those of a process that lives."""
    with open(os.devnull, "r+b") as nothing:
        for descriptor in range(3):
            os.dup2(nothing.fileno(), descriptor)


def serve(folder: Path, command: list[str], asked_to_end: threading.Event) -> int:
    """Run the server and its Wayside until asked to end."""
    account_file = folder / f"{os.getpid()}{RUNNING}"
    account_file.touch()
    (port,) = free_ports(1)
    server = subprocess.Popen([*command, "-port", str(port)], stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None
        where = read_message(server.stdout)
        with route_to(f"127.0.0.1:{port}", through=True) as route:
            write_message(sys.stdout.buffer, with_port(where, route.port))
            asked_to_end.wait()
            let_go()
            account_file.write_text(json.dumps(account_of(route, server)))
            account_file.rename(account_file.with_suffix(ENDED))
    finally:
        server.kill()
        server.wait()
    return 0


def kept(work: Callable[[threading.Event], int]) -> int:
    """Do the work in a process behind this one: SIGTERM ends this one at once, and asks that one to end."""
    asked_to_end = threading.Event()
    signals = {signal.SIGTERM, signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    keeper = os.fork()
    if keeper == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, lambda *_: asked_to_end.set())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
        return work(asked_to_end)
    if signal.sigwait(signals) == signal.SIGTERM:
        os.kill(keeper, signal.SIGTERM)
        return 0
    return os.waitstatus_to_exitcode(os.waitpid(keeper, 0)[1])


if __name__ == "__main__":
    sys.exit(kept(lambda asked: serve(Path(sys.argv[1]), sys.argv[2:], asked)))
