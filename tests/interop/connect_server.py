"""A server under conformance test with a Wayside before it: python -m tests.interop.connect_server FOLDER SERVER.

It speaks the runner's protocol: what the runner wants is on stdin, and goes to the server as it is; where the server
listens is told on stdout. Either is a protobuf message with its length before it, in four bytes. SIGTERM ends it; what
Wayside says at the end is then left in FOLDER.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

from tests.harness.ports import free_ports
from tests.interop.route import LIVE, READY, Route, route_to
from tests.interop.verdicts import SuiteError

LENGTH_BYTES = 4
# Below the 5 s after which the runner kills what it has asked to end.
REST_SECONDS = 3.0
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
    assert route.wayside is not None
    if not route.wayside.answers(route.wayside.health, READY):
        return {"error": "Wayside was not ready at the end"}
    server.terminate()
    try:
        return dict(route.account(LIVE, REST_SECONDS) or {})
    except SuiteError as error:
        return {"error": str(error)}


def main(folder: Path, command: list[str]) -> int:
    """Run the server and its Wayside until SIGTERM."""
    asked_to_end = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked_to_end.set())
    (port,) = free_ports(1)
    server = subprocess.Popen([*command, "-port", str(port)], stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None
        where = read_message(server.stdout)
        with route_to(f"127.0.0.1:{port}", through=True) as route:
            write_message(sys.stdout.buffer, with_port(where, route.port))
            asked_to_end.wait()
            account = account_of(route, server)
            (folder / f"{os.getpid()}.json").write_text(json.dumps(account))
    finally:
        server.kill()
        server.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
