"""A load from a compiled client, steady or as fast as it is answered."""

from __future__ import annotations

import contextlib
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.harness.compiled import INFER_PATH, grpc_frame
from tests.provision.parts import require


@dataclass(frozen=True)
class Tally:
    """What h2load says of its own calls."""

    succeeded: int
    failed: int
    output: str


class SteadyLoad:
    """h2load at a constant rate; `finish` waits for its last call."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def finish(self, timeout_seconds: float = 240.0) -> Tally:
        """Wait for the last call and return the client's own count."""
        output, _ = self._process.communicate(timeout=timeout_seconds)
        found = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", output)
        assert found is not None, output
        succeeded, *bad = (int(group) for group in found.groups())
        return Tally(succeeded, sum(bad), output)


@contextlib.contextmanager
def steady_load(
    address: str, request: bytes, *, calls: int, calls_per_second: int, connections: int = 4
) -> Iterator[SteadyLoad]:
    """Make gRPC calls at a constant rate until they are made, or the block ends."""
    with tempfile.TemporaryDirectory(prefix="wayside-steady-") as folder:
        body = Path(folder) / "body"
        body.write_bytes(grpc_frame(request))
        shape = [f"-n{calls}", f"-c{connections}", "-m64", f"-d{body}"]
        rate = [f"--rps={calls_per_second // connections}"]
        with h2load_process(address, [*shape, *rate]) as load:
            yield load


@contextlib.contextmanager
def full_load(address: str, request: bytes, *, seconds: int) -> Iterator[SteadyLoad]:
    """Make gRPC calls as fast as they are answered, 128 at a time, for some seconds or until the block ends."""
    with tempfile.TemporaryDirectory(prefix="wayside-full-") as folder:
        body = Path(folder) / "body"
        body.write_bytes(grpc_frame(request))
        with h2load_process(address, [f"-D{seconds}", "-c4", "-m32", f"-d{body}"]) as load:
            yield load


@contextlib.contextmanager
def h2load_process(address: str, shape: list[str]) -> Iterator[SteadyLoad]:
    """Run h2load until it is done, or the block is."""
    headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"]
    process = subprocess.Popen(
        [str(require("h2load")), *shape, *headers, f"http://{address}{INFER_PATH}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield SteadyLoad(process)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
