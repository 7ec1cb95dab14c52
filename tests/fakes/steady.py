"""A steady load from a compiled client, and someone who keeps asking: what a Wayside under test has to live with."""

from __future__ import annotations

import contextlib
import re
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.compiled import INFER_PATH, grpc_frame
from tests.provision.parts import require

SCRAPE_SECONDS = 20.0  # a scrape waits while control is being replaced; it must not be refused


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

    def is_running(self) -> bool:
        """Tell whether calls are still being made."""
        return self._process.poll() is None

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


@dataclass
class Asked:
    """What someone who asks again and again was told."""

    answers: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0


@contextlib.contextmanager
def asking(url: str, every_seconds: float) -> Iterator[Asked]:
    """Fetch a URL again and again on a thread until the block ends."""
    asked, stop = Asked(), threading.Event()

    def ask() -> None:
        while not stop.wait(every_seconds):
            began = time.monotonic()
            try:
                with urllib.request.urlopen(url, timeout=SCRAPE_SECONDS) as answer:
                    asked.answers.append(answer.read().decode())
            except urllib.error.HTTPError as error:
                asked.refused.append(f"status {error.code}")
                error.close()
            except urllib.error.URLError as error:
                kind = (
                    asked.refused
                    if isinstance(error.reason, ConnectionRefusedError)
                    else asked.broken
                )
                kind.append(str(error.reason))
            except OSError as error:
                asked.broken.append(repr(error))
            asked.slowest_seconds = max(asked.slowest_seconds, time.monotonic() - began)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield asked
    finally:
        stop.set()
        thread.join()


def metric(text: str, name: str, **labels: str) -> float:
    """Add up the samples of a metric that carry these labels; KeyError where there is none."""
    found = [
        float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if line.startswith((f"{name}{{", f"{name} "))
        and all(f'{key}="{value}"' in line for key, value in labels.items())
    ]
    if not found:
        raise KeyError(name)
    return sum(found)


def shapes(text: str, model: str) -> dict[str, int]:
    """Return the requests of a model by the shape of their first input; empty where none is shown."""
    line = re.compile(
        rf'wayside_request_shapes_total\{{model="{re.escape(model)}",shape="([^"]*)"\}} (\S+)'
    )
    found = [line.fullmatch(each) for each in text.splitlines()]
    return {each[1]: int(float(each[2])) for each in found if each}


def children(pid: int, mark: str) -> list[int]:
    """Return the children of a process whose command line holds a mark; the dead and unreaped are none."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            command = (entry / "cmdline").read_text().replace("\0", " ")
            if int(parent) == pid and state not in "ZX" and mark in command:
                found.append(int(entry.name))
    return found
