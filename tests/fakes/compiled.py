"""Compiled ends for numbers that a Python client would blur: nghttpd as a gRPC server, h2load as clients.

nghttpd serves a recorded response as a file and adds the trailer; h2load posts a recorded request, and logs each call
with its own clock.
"""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.running import accepts, free_ports, running
from tests.provision.parts import require

INFER_PATH = "/inference.GRPCInferenceService/ModelInfer"


@dataclass(frozen=True)
class Load:
    """What h2load logged: HTTP status and duration of each call, in the order they ended."""

    statuses: list[int]
    durations_us: list[int]
    output: str


def grpc_frame(message: bytes) -> bytes:
    """Put gRPC's prefix before a message: not compressed, and its length."""
    return b"\0" + len(message).to_bytes(4, "big") + message


@contextlib.contextmanager
def running_nghttpd(response: bytes, path: str = INFER_PATH, *, threads: int = 1) -> Iterator[str]:
    """Serve one gRPC response under one path; yields host:port."""
    nghttpd = require("nghttpd")
    with tempfile.TemporaryDirectory(prefix="wayside-nghttpd-") as root:
        served = Path(root) / path.lstrip("/")
        served.parent.mkdir(parents=True)
        served.write_bytes(grpc_frame(response))
        (port,) = free_ports(1)
        options = ["--no-tls", "--address=127.0.0.1", f"--workers={threads}", f"--htdocs={root}"]
        command: list[str | Path] = [nghttpd, *options, "--trailer=grpc-status: 0", str(port)]
        address = f"127.0.0.1:{port}"
        with running(command) as process:
            process.wait_for(lambda: accepts(address))
            yield address


def h2load(
    address: str,
    request: bytes,
    *,
    calls: int,
    connections: int = 1,
    streams: int = 1,
    path: str = INFER_PATH,
    timeout_seconds: float = 120.0,
) -> Load:
    """Make gRPC calls and return each one's status and duration as h2load measured them."""
    with tempfile.TemporaryDirectory(prefix="wayside-h2load-") as folder:
        body, log = Path(folder) / "body", Path(folder) / "log"
        body.write_bytes(grpc_frame(request))
        shape = [f"-n{calls}", f"-c{connections}", f"-m{streams}", f"-d{body}", f"--log-file={log}"]
        headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"]
        done = subprocess.run(
            [str(require("h2load")), *shape, *headers, f"http://{address}{path}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=True,
        )
        rows = [line.split("\t") for line in log.read_text().splitlines()]
    return Load([int(row[1]) for row in rows], [int(row[2]) for row in rows], done.stdout)
