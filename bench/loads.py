"""The loads, the server they end at and the client that makes them.

nghttpd answers each call with its own request and the trailer `grpc-status: 0`; h2load posts one recorded
ModelInferRequest and logs each call with its own clock.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.fakes.running import accepts, free_ports, running

INFER_PATH = "/inference.GRPCInferenceService/ModelInfer"
MODEL = "resnet50"
SMALL_INPUT_BYTES = 192  # with names and shapes a request of about 250 B
BIG_INPUT_BYTES = 600_000
CALL_TIMEOUT_SECONDS = 300.0


@dataclass(frozen=True)
class Load:
    """A shape of traffic, and how many calls of it make a round."""

    name: str
    title: str
    connections: int
    streams: int
    input_bytes: int
    calls: int


@dataclass(frozen=True)
class Latency:
    """What the client's log says of one round."""

    mean_us: float
    p50_us: float
    p99_us: float
    calls_per_second: float


class LoadFailedError(RuntimeError):
    """Not every call of a round succeeded; the text says how many did."""


def loads(calls: int) -> list[Load]:
    """Return the loads, scaled to a number of calls a round at 64 in flight."""
    return [
        Load("busy", "64 in flight: 4 connections x 16 streams", 4, 16, SMALL_INPUT_BYTES, calls),
        Load("single", "One in flight", 1, 1, SMALL_INPUT_BYTES, max(100, calls // 5)),
        Load(
            "big",
            "600 KB messages both ways: 4 connections x 1 stream",
            4,
            1,
            BIG_INPUT_BYTES,
            max(40, calls // 100),
        ),
    ]


def request(input_bytes: int) -> bytes:
    """Return a ModelInferRequest with one input of some bytes, after gRPC's five-byte prefix."""
    tensor = oip.InferInputTensor(name="input", datatype="UINT8", shape=[1, input_bytes])
    message = oip.ModelInferRequest(
        model_name=MODEL,
        id="6f1d2c3b",
        inputs=[tensor],
        raw_input_contents=[bytes(range(256)) * (input_bytes // 256) + bytes(input_bytes % 256)],
    ).SerializeToString()
    return b"\0" + len(message).to_bytes(4, "big") + message


def on_core(core: int) -> list[str]:
    """Return the words before a command that keep it, and all it starts, on one core."""
    return ["taskset", "--cpu-list", str(core)]


def own_tmp() -> list[str]:
    """Return the words before a command that give it a /tmp in memory; none where this user may not mount.

    nghttpd keeps each upload in a file under /tmp. On a disk that costs more than the rest of the call, and more with
    every call: what is measured would then depend on when it is measured.
    """
    words = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs /tmp && exec "$@"', "sh"]
    try:
        done = subprocess.run([*words, "true"], capture_output=True, check=False)
    except OSError:
        return []
    return words if done.returncode == 0 else []


@contextlib.contextmanager
def echo_server(program: Path, core: int) -> Iterator[str]:
    """Run nghttpd until the block ends; yields its address."""
    (port,) = free_ports(1)
    address = f"127.0.0.1:{port}"
    options = ["--no-tls", "--address=127.0.0.1", "--echo-upload", "--trailer=grpc-status: 0"]
    with running([*own_tmp(), *on_core(core), program, *options, str(port)]) as process:
        process.wait_for(lambda: accepts(address))
        yield address


@dataclass(frozen=True)
class Client:
    """h2load on its core, with a folder for requests and logs."""

    program: Path
    core: int
    folder: Path

    def run(self, load: Load, address: str, calls: int) -> Latency:
        """Make calls; raise LoadFailedError unless each came back whole."""
        body, log = self.folder / f"{load.name}.body", self.folder / "log"
        if not body.exists():
            body.write_bytes(request(load.input_bytes))
        log.unlink(missing_ok=True)
        shape = [f"-n{calls}", f"-c{load.connections}", f"-m{load.streams}"]
        files = [f"-d{body}", f"--log-file={log}"]
        headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"]
        command = [*on_core(self.core), str(self.program), *shape, *files, *headers]
        try:
            done = subprocess.run(
                [*command, f"http://{address}{INFER_PATH}"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=CALL_TIMEOUT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise LoadFailedError(f"not done after {CALL_TIMEOUT_SECONDS:g} s") from None
        check_count(done.stdout, calls, calls * body.stat().st_size)
        rate = re.search(r"finished in .*?, ([\d.]+) req/s", done.stdout)
        return latency(log.read_text(), float(rate.group(1)) if rate else 0.0)


def check_count(output: str, calls: int, data_bytes: int) -> None:
    """Compare the client's own count, and the bytes that came back, with what was asked for.

    The bytes matter: a proxy that turns an error into HTTP 200 with a grpc-status would pass for a success.
    """
    counts = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", output)
    fine = re.search(r"status codes: (\d+) 2xx", output)
    data = re.search(r"\((\d+)\) data", output)
    if counts is None or fine is None or data is None:
        raise LoadFailedError(f"the client said: {' '.join(output.split())[-200:]}")
    if int(counts.group(1)) != calls or int(fine.group(1)) != calls:
        raise LoadFailedError(f"of {calls} calls: {counts.group(0)}; {fine.group(1)} with 2xx")
    if int(data.group(1)) != data_bytes:
        raise LoadFailedError(f"{data.group(1)} bytes came back instead of {data_bytes}")


def latency(log: str, calls_per_second: float) -> Latency:
    """Sum up the client's log: start, status and microseconds of each call."""
    durations = sorted(int(line.split("\t")[2]) for line in log.splitlines())
    count = len(durations)
    return Latency(
        sum(durations) / count,
        durations[count // 2],
        durations[min(count - 1, count * 99 // 100)],
        calls_per_second,
    )
