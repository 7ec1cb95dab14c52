"""What a tick costs control, counted and not timed: instructions of our own code, bytes and pulls."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, TypeAlias

import pytest

import exporters
import sidecar
from exporters.prometheus.render import MetricsPage
from sidecar.net.http_server import Request
from sidecar.runtime.control import Control
from sidecar.runtime.log import StderrLog
from sidecar.tapclient import tap_pb2 as pb
from sidecar.tapclient.frames import FrameReader, encode
from sidecar.tapclient.seam import Seam
from sidecar.web.pages import Pages
from tests.fakes import facts

OURS = tuple(str(Path(package.__path__[0])) for package in (sidecar, exporters))
MODELS, MORE_MODELS = 20, 40
FEW, MANY = 1, 1_000_000
"""Of each call that there was: ten calls of a model, or ten million."""
Trace: TypeAlias = Callable[[FrameType, str, object], Any]
PAGES = ("/", "/metrics", "/api/v1/snapshot", "/api/v1/blind")


@dataclass
class Work:
    """What was done: instructions of our own code, bytes that came over the seam, pulls that went."""

    instructions: int = 0
    came_bytes: int = 0
    pulls: int = 0


@contextmanager
def counting(work: Work) -> Iterator[None]:
    """Count the instructions that the interpreter executes of our own code while the block runs."""

    def entered(frame: FrameType, event: str, _: object) -> Trace | None:
        if event != "call" or not frame.f_code.co_filename.startswith(OURS):
            return None
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        return executed

    def executed(_frame: FrameType, event: str, _: object) -> Trace:
        work.instructions += event == "opcode"
        return executed

    before = sys.gettrace()
    sys.settrace(entered)
    try:
        yield
    finally:
        sys.settrace(before)


class PromptTap(asyncio.Transport):
    """The tap's end of a seam without a socket: answers a pull before the call that sends it returns."""

    def __init__(self, seam: Seam, snapshot: pb.Snapshot, work: Work) -> None:
        super().__init__()
        self.snapshot = snapshot
        self._seam = seam
        self._work = work
        self._reader = FrameReader()

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        """Take what control says; to each pull there is one answer."""
        for envelope in self._reader.feed(bytes(data)):
            if envelope.WhichOneof("body") == "keep":
                continue
            assert envelope.WhichOneof("body") == "pull"
            self._work.pulls += 1
            frame = encode(pb.Envelope(snapshot=self.snapshot))
            self._work.came_bytes += len(frame)
            self._seam.data_received(frame)

    def is_closing(self) -> bool:
        """Never."""
        return False

    def close(self) -> None:
        """There is nothing to close."""


def busier(series: Any, times: int) -> Any:
    """Return a series with every number that is counted so many times as large; what it is of stays."""
    copy = type(series)()
    copy.CopyFrom(series)
    for field, value in copy.ListFields():
        if field.name in ("id", "cells", "failed", "streaming"):
            continue
        if isinstance(value, int):
            setattr(copy, field.name, value * times)
        elif field.name in ("counts", "classes"):
            value[:] = [each * times for each in value]
        elif not isinstance(value, str):
            value.CopyFrom(busier(value, times))
    return copy


def moment(models: int, times: int) -> pb.Snapshot:
    """Return a moment in which each of some models was called in both ways, a few times or many."""
    names = [f"model-{n}" for n in range(models)]
    counters = [facts.calls(name) for name in names]
    timings = [facts.timing(name, how) for name in names for how in (facts.INFER, facts.STREAM)]
    return facts.snapshot(
        counters=[busier(each, times) for each in counters],
        timings=[busier(each, times) for each in timings],
        tokens=[busier(facts.tokens(name), times) for name in names],
    )


def work_of(first: pb.Snapshot, then: pb.Snapshot, *, pages: bool = False) -> Work:
    """Let control learn one moment, then count what the tick with the next costs, and a look at every page."""
    work = Work()

    async def run() -> None:
        seam = Seam()
        tap = PromptTap(seam, first, work)
        seam.connection_made(tap)
        control = Control(seam, pb.Hello(policy=pb.Policy(generation=1)), StderrLog())
        loop = control.loop
        await loop.tick()
        tap.snapshot = then
        work.came_bytes = work.pulls = 0
        with counting(work):
            await loop.tick()
            if pages:
                site = Pages(loop.snapshot, MetricsPage().render)
                for path in PAGES:
                    assert site.handle(Request(path, "")).status == 200
        control.stop()

    asyncio.run(run())
    return work


@pytest.mark.parametrize("pages", [False, True], ids=["a tick", "a tick and every page"])
def test_ten_million_calls_are_no_more_work_than_ten(pages: bool) -> None:
    """As many instructions, and one answer of the tap, of as many numbers.

    A page writes numbers from a million on with an exponent, which is a few instructions more, however large they are.
    """
    few = work_of(moment(MODELS, FEW), moment(MODELS, FEW), pages=pages)
    many = work_of(moment(MODELS, FEW), moment(MODELS, MANY), pages=pages)
    larger = work_of(moment(MODELS, FEW), moment(MODELS, 100 * MANY), pages=pages)
    assert many.instructions == larger.instructions
    assert 0 < few.instructions <= many.instructions <= (1.15 if pages else 1) * few.instructions
    assert few.pulls == many.pulls == 1
    assert few.came_bytes < many.came_bytes < 2 * few.came_bytes, "a larger number has more digits"


@pytest.mark.parametrize("pages", [False, True], ids=["a tick", "a tick and every page"])
def test_more_series_are_more_work(pages: bool) -> None:
    """What is counted here does follow something: twice the series are more, and at most twice as much."""
    some = work_of(moment(MODELS, FEW), moment(MODELS, FEW), pages=pages)
    more = work_of(moment(MORE_MODELS, FEW), moment(MORE_MODELS, FEW), pages=pages)
    assert some.instructions < more.instructions <= 2 * some.instructions
    assert some.came_bytes < more.came_bytes <= 2 * some.came_bytes


def test_a_tick_costs_what_changed_and_not_what_is_known() -> None:
    changed = moment(1, MANY)
    beside_few = work_of(moment(MODELS, FEW), changed)
    beside_more = work_of(moment(MORE_MODELS, FEW), changed)
    assert beside_few.instructions == beside_more.instructions > 0
    all_changed = work_of(moment(MODELS, FEW), moment(MODELS, MANY))
    assert beside_few.instructions < all_changed.instructions
