"""What the machine may do to Wayside: take its log away, fill its disk, set its clock. Traffic and counts go on.

What only processes can show: that a pipe, a disk and a clock of the kernel's do this, to both halves at once.
"""

from __future__ import annotations

import contextlib
import os
import queue
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.harness.compiled import INFER_PATH, h2load, running_nghttpd
from tests.harness.process import resident_bytes
from tests.harness.running import wait_until
from tests.harness.samples import metric
from tests.harness.waves import waves
from tests.harness.wayside import Wayside, running_wayside
from tests.provision.parts import require

REQUEST = oip.ModelInferRequest(model_name="resnet50").SerializeToString()
HELD = oip.ModelInferRequest(model_name="resnet50", id="held").SerializeToString()
RESPONSE = oip.ModelInferResponse(model_name="resnet50", model_version="1").SerializeToString()
FLOODING = Path(__file__).resolve().parents[1] / "fakes" / "flooding"
FLOOD = {**os.environ, "PYTHONPATH": str(FLOODING)}
DROPPED = "wayside_tap_log_lines_dropped_total"
CALLS = 2000
# 1,024 lines of at most 8 KiB may wait; those of the flood are short.
LOG_BYTES = 4_000_000
STEP_SECONDS = 3600
CALLS_PER_SECOND = 100
LONG_SECONDS = 120.0
"""Longer than a call is held on any machine; nothing waits for so long unless it fails."""
# No call takes ten minutes, unless an hour of a clock that was set is in it.
CONFIG = """
slos:
  - {name: fast, match: {model: resnet50}, objective: 99%, good: {latency_below: 10m}}
  - {name: answers, objective: 99.9%, good: {available: true}}
"""


def said_into(place: str) -> list[str]:
    """Return the words before a command that send all it says to a place."""
    return ["/bin/sh", "-c", f'exec "$@" >{place} 2>&1', "sh"]


def serves(wayside: Wayside, calls: int) -> None:
    """Make calls, all of which are answered and counted."""
    before = wayside.total("calls")
    assert h2load(wayside.address, REQUEST, calls=calls).statuses == [200] * calls
    wayside.wait_for_total(before + calls, "calls")


def drops(wayside: Wayside, more_than: float) -> bool:
    """Tell whether /metrics says that more log lines than this were dropped."""
    return metric(wayside.metrics(), DROPPED) > more_than


@contextlib.contextmanager
def flooded(place: str) -> Iterator[Wayside]:
    """Run Wayside whose control floods the log, and whose log goes to a place."""
    with (
        running_nghttpd(RESPONSE) as upstream,
        running_wayside(upstream, before=said_into(place), environment=FLOOD) as wayside,
    ):
        yield wayside


def unharmed(wayside: Wayside) -> None:
    """Drop lines and count them, keep little, go on with everything else."""
    serves(wayside, CALLS)
    resident = resident_bytes(wayside.running.pid)
    dropped = metric(wayside.metrics(), DROPPED)
    wayside.running.wait_for(lambda: drops(wayside, dropped + 10_000))
    serves(wayside, CALLS)
    assert resident_bytes(wayside.running.pid) - resident < LOG_BYTES
    assert wayside.answers(wayside.health, "/readyz")
    assert "wayside_tap_control_restarts_total" not in wayside.metrics()


def test_a_log_that_nobody_reads_stops_nothing(tmp_path: Path) -> None:
    """Standard output and error are a pipe that is full: lines are dropped and counted."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    held = os.open(pipe, os.O_RDWR)
    try:
        with flooded(str(pipe)) as wayside:
            unharmed(wayside)
    finally:
        os.close(held)


def test_a_full_disk_stops_nothing() -> None:
    """Every write says that there is no space left: each line is lost, and counted."""
    with (
        running_nghttpd(RESPONSE) as upstream,
        running_wayside(upstream, config=CONFIG, before=said_into("/dev/full")) as wayside,
    ):
        serves(wayside, CALLS)
        dropped = metric(wayside.metrics(), DROPPED)
        wayside.config.write_text("slos: nonsense")  # a line in the log
        wayside.running.wait_for(lambda: drops(wayside, dropped))
        serves(wayside, CALLS)
        assert wayside.answers(wayside.health, "/readyz")


def test_a_log_flood_delays_nobody() -> None:
    """The log is written as fast as it can be: control's lines wait for theirs, calls and scrapes do not."""
    with flooded("/dev/null") as wayside:
        for _ in range(3):
            serves(wayside, CALLS)
        assert wayside.answers(wayside.health, "/readyz")
        assert "wayside_tap_control_restarts_total" not in wayside.metrics()


class Clock:
    """The wall clock of a process, to be set while it runs; its monotonic clock goes on as it would."""

    def __init__(self, file: Path) -> None:
        """Begin with the true time."""
        self.file = file
        self.step(0)

    def step(self, seconds: int) -> None:
        """Set it so many seconds off."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.replace(self.file)

    def environment(self) -> dict[str, str]:
        """Return what a process needs to see this clock."""
        library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
        return {
            **os.environ,
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }


def offset_seconds(wayside: Wayside) -> float:
    """How far the clock of the newest log line is ahead of ours, to see that the step was felt."""
    stamps = [line.split()[0] for line in wayside.running.text().splitlines() if line[:2] == "20"]
    then = time.strptime(stamps[-1][:19], "%Y-%m-%dT%H:%M:%S")
    return time.mktime(then) - time.mktime(time.gmtime())


@contextlib.contextmanager
def holding() -> Iterator[tuple[str, queue.SimpleQueue[None], queue.SimpleQueue[None]]]:
    """Serve inference; a call that is to be held says that it has come, and is answered when it is let go."""
    came: queue.SimpleQueue[None] = queue.SimpleQueue()
    let_go: queue.SimpleQueue[None] = queue.SimpleQueue()

    def infer(request: bytes, _: grpc.ServicerContext) -> bytes:
        if request == HELD:
            came.put(None)
            let_go.get(timeout=LONG_SECONDS)
        return RESPONSE

    unary: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(infer)
    service, _, method = INFER_PATH.lstrip("/").partition("/")
    with ThreadPoolExecutor(4) as pool:
        server = grpc.server(pool)
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(service, {method: unary}),)
        )
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"127.0.0.1:{port}", came, let_go
        finally:
            let_go.put(None)
            server.stop(None).wait(LONG_SECONDS)


def events(wayside: Wayside) -> dict[str, Any]:
    """Return the events of each objective."""
    return {each["name"]: each["events"] for each in wayside.snapshot()["objectives"]}


def no_call_took_long(page: str, calls: int) -> list[str]:
    """Say in which histogram of the one series a call is missing, or is beyond the last bound, which is a minute."""
    found = []
    for name in ("wayside_latency_seconds_bucket", "wayside_call_duration_seconds_bucket"):
        rows = [line for line in page.splitlines() if line.startswith(name)]
        within = max(float(row.rpartition(" ")[2]) for row in rows if 'le="+Inf"' not in row)
        if not within == metric(page, name, le="+Inf") == calls:
            found.append(f"{name}: {within:g} of {calls} within a minute, {rows}")
    return found


def test_a_clock_that_is_set_changes_no_duration(tmp_path: Path) -> None:
    """An hour ahead, two behind, and right again, each with calls open: no latency, event or supervisor notices."""
    require("faketime")
    clock, offsets = Clock(tmp_path / "offset"), (STEP_SECONDS, -STEP_SECONDS, 0)
    with (
        holding() as (upstream, came, let_go),
        running_wayside(upstream, config=CONFIG, environment=clock.environment()) as wayside,
    ):
        epoch = wayside.snapshot()["epoch_unix_nanos"]
        with (
            waves(wayside.address, REQUEST, calls_per_second=CALLS_PER_SECOND) as load,
            grpc.insecure_channel(wayside.address) as channel,
        ):
            infer: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(INFER_PATH)
            for at, seconds in enumerate(offsets, start=1):
                held = infer.future(HELD)
                came.get(timeout=LONG_SECONDS)
                clock.step(seconds)
                # A line in the log, with the time as Wayside has it.
                wayside.config.write_text(CONFIG + f"# edit {at}\nmodels: [m{at}]\n")
                wait_until(
                    lambda seconds=seconds: (  # type: ignore[misc]
                        abs(offset_seconds(wayside) - seconds) < STEP_SECONDS / 2
                    )
                )
                let_go.put(None)
                assert held.result(timeout=LONG_SECONDS) == RESPONSE
        assert load.failed == 0
        calls = load.succeeded + len(offsets)
        wayside.wait_for_total(calls, "calls")
        page = wayside.metrics()
        assert no_call_took_long(page, calls) == []
        assert "wayside_tap_control_restarts_total" not in page
        assert wayside.snapshot()["epoch_unix_nanos"] == epoch
        for each in events(wayside).values():
            assert each == {"good": calls, "bad": 0, "excluded": 0}
