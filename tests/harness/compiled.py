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

from tests.harness.ports import free_ports
from tests.harness.running import Running, accepts, running
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
def nghttpd_on(port: int, *options: str) -> Iterator[Running]:
    """Run nghttpd as a gRPC server of one trailer, on a port of 127.0.0.1."""
    shape = ["--no-tls", "--address=127.0.0.1", "--trailer=grpc-status: 0"]
    with running([require("nghttpd"), *shape, *options, str(port)]) as process:
        process.wait_for(lambda: accepts(f"127.0.0.1:{port}"))
        yield process


@contextlib.contextmanager
def nghttpd_answering(port: int, response: bytes) -> Iterator[Running]:
    """Serve one gRPC response under INFER_PATH, on a given port."""
    with tempfile.TemporaryDirectory(prefix="wayside-nghttpd-") as root:
        served = Path(root) / INFER_PATH.lstrip("/")
        served.parent.mkdir(parents=True)
        served.write_bytes(grpc_frame(response))
        with nghttpd_on(port, f"--htdocs={root}") as process:
            yield process


@contextlib.contextmanager
def running_nghttpd(response: bytes) -> Iterator[str]:
    """Serve one gRPC response under INFER_PATH; yields host:port."""
    (port,) = free_ports(1)
    with nghttpd_answering(port, response):
        yield f"127.0.0.1:{port}"


@contextlib.contextmanager
def running_echo() -> Iterator[str]:
    """Answer each request with itself: the model's name is field 1 of both; yields host:port."""
    (port,) = free_ports(1)
    with nghttpd_on(port, "--echo-upload"):
        yield f"127.0.0.1:{port}"


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
