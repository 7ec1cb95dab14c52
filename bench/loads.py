"""The loads, and the client that makes them.

h2load posts one ModelInferRequest and logs each call with its own clock.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.ends import on_core
from bench.token_server import CHUNK, CHUNKS
from sidecar.demo.proto import wayside_demo_oip_pb2 as oip

SERVICE = "/inference.GRPCInferenceService"
MODEL = "resnet50"
SMALL_INPUT_BYTES = 192  # with names and shapes a request of about 250 B
BIG_INPUT_BYTES = 600_000
CALL_TIMEOUT_SECONDS = 300.0
OPEN_LOOP_PER_SECOND = 1000
RATE_TOLERANCE = 0.02
FEWEST_CALLS = 400  # enough for a p99


@dataclass(frozen=True)
class Load:
    """A shape of traffic, and how many calls of it make a round."""

    name: str
    title: str
    connections: int
    streams: int
    calls: int
    input_bytes: int = SMALL_INPUT_BYTES
    fewest: int = FEWEST_CALLS  # what a slow contender makes at least
    per_second: int = 0  # 0: a call is made when one is answered
    chunks: int = 0  # messages in each answer; 0: the answer is the request

    @property
    def unit(self) -> str:
        """Name what processor time is told by."""
        return "chunk" if self.chunks else "call"

    @property
    def parts(self) -> int:
        """Count the units of one call."""
        return self.chunks or 1

    @property
    def path(self) -> str:
        """Return the method's path."""
        return f"{SERVICE}/{'ModelStreamInfer' if self.chunks else 'ModelInfer'}"

    def answer_bytes(self) -> int:
        """Return how many bytes of messages answer one call."""
        return self.chunks * len(CHUNK) or len(request(self.input_bytes))


@dataclass(frozen=True)
class Latency:
    """What the client's log says of one round."""

    p50_us: float
    p99_us: float
    calls_per_second: float


class LoadFailedError(RuntimeError):
    """Not every call of a round succeeded; the text says how many did."""


class RateMissedError(LoadFailedError):
    """Every call succeeded, but an open loop was made at another rate than was asked for."""


def loads(calls: int) -> list[Load]:
    """Return the loads, scaled to a number of calls a round at 64 in flight."""
    waves = -(-calls // (64 * CHUNKS))
    open_loop = max(1000, calls // 33)
    return [
        Load("busy", "64 in flight: 4 connections x 16 streams", 4, 16, calls),
        Load("single", "One in flight", 1, 1, max(100, calls // 5)),
        Load(
            "open",
            "Open loop: 1,000 calls/s over 64 connections",
            64,
            32,
            open_loop,
            fewest=open_loop,
            per_second=OPEN_LOOP_PER_SECOND,
        ),
        Load(
            "big",
            "600 KB messages both ways: 4 connections x 1 stream",
            4,
            1,
            max(40, calls // 200),
            input_bytes=BIG_INPUT_BYTES,
        ),
        Load(
            "stream",
            "Token streams: 4 connections x 16 streams, chunks of 300 B",
            4,
            16,
            64 * waves,
            fewest=64,
            chunks=CHUNKS,
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


@dataclass(frozen=True)
class Client:
    """h2load on its core, with a folder for requests and logs."""

    program: Path
    core: int
    folder: Path

    def run(self, load: Load, address: str, calls: int) -> Latency:
        """Make calls; raise LoadFailedError unless each came back whole, and at the rate that was asked for."""
        body, log = self.folder / f"{load.name}.body", self.folder / "log"
        if not body.exists():
            body.write_bytes(request(load.input_bytes))
        log.unlink(missing_ok=True)
        shape = [f"-n{calls}", f"-c{load.connections}", f"-m{load.streams}", *pace(load)]
        files = [f"-d{body}", f"--log-file={log}"]
        headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"]
        command = [*on_core(self.core), str(self.program), *shape, *files, *headers]
        try:
            done = subprocess.run(
                [*command, f"http://{address}{load.path}"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=CALL_TIMEOUT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise LoadFailedError(f"not done after {CALL_TIMEOUT_SECONDS:g} s") from None
        check_count(done.stdout, calls, calls * load.answer_bytes())
        if load.per_second:
            check_rate(log.read_text(), load.per_second)
        rate = re.search(r"finished in .*?, ([\d.]+) req/s", done.stdout)
        return latency(log.read_text(), float(rate.group(1)) if rate else 0.0)


def pace(load: Load) -> list[str]:
    """Return the options of an open loop; none where a call waits for one before it.

    Each connection has a timer of its own. They are opened one a millisecond: opened at once, their timers would make
    64 calls in the same instant and then none for 64 ms.
    """
    if not load.per_second:
        return []
    return [f"--rps={load.per_second / load.connections}", "-r1", "--rate-period=1ms"]


def check_rate(log: str, per_second: float) -> None:
    """Compare the starts of the calls with the rate: a client that waits for answers has no open loop.

    The first and the last tenth are left out: there not every connection's timer runs. Raises RateMissedError.
    """
    starts = sorted(int(line.split("\t")[0]) for line in log.splitlines())
    inner = starts[len(starts) // 10 : len(starts) - len(starts) // 10]
    seconds = (inner[-1] - inner[0]) / 1e6
    reached = (len(inner) - 1) / seconds if seconds else 0.0
    if abs(reached / per_second - 1) > RATE_TOLERANCE:
        raise RateMissedError(f"{reached:,.0f} calls/s were made instead of {per_second:,.0f}")


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
        durations[count // 2],
        durations[min(count - 1, count * 99 // 100)],
        calls_per_second,
    )
