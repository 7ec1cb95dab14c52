"""Two Waysides before one server, behind one grpcio client that knows both, restarted in turn: for tests and proofs.

Nothing here asserts: what must not be is returned as complaints, and what was seen as figures.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import grpc

from tests.e2e.door import END_SECONDS, Door, new_door
from tests.fakes.oip import running_oip
from tests.harness.running import Running, wait_until

CALLS_PER_SECOND = 500
CLIENT_THREADS = 10
CALL_SECONDS = 60.0
READY_SECONDS = 60.0
ECHO = "/test.Echo/Unary"
CALLS_OF_A_LIFE = 20
"""A new Wayside has answered so many before the other one goes: grpcio waits a while after a refusal."""
# Enough for any client to leave in, on any machine: what is open after that is cut, and none of it may be.
FLAGS = ("--drain-delay=100ms", "--drain=100s")


@dataclass
class Load:
    """Unary calls at a constant rate on one channel, and how they ended."""

    ended: Counter[str] = field(default_factory=Counter)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self, channel: grpc.Channel, first: float, every_seconds: float) -> None:
        """Make this thread's share of the calls, each at its own moment whatever became of the last."""
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(ECHO)
        due = first
        while not self.stop.wait(max(0.0, due - time.monotonic())):
            due += every_seconds
            try:
                call(b"x", timeout=CALL_SECONDS)
                self.ended["OK"] += 1
            except grpc.RpcError as error:
                self.ended[f"{error.code().name}: {error.details()}"] += 1


@contextlib.contextmanager
def constant_load(addresses: list[str]) -> Iterator[Load]:
    """Call through one channel that spreads over all addresses, until the block ends."""
    load = Load()
    target = "ipv4:" + ",".join(addresses)
    options = [
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 200),
        ("grpc.service_config", '{"loadBalancingConfig": [{"round_robin": {}}]}'),
    ]
    with grpc.insecure_channel(target, options=options) as channel:
        grpc.channel_ready_future(channel).result(timeout=READY_SECONDS)
        every, now = CLIENT_THREADS / CALLS_PER_SECOND, time.monotonic()
        threads = [
            threading.Thread(target=load.run, args=(channel, now + share / CALLS_PER_SECOND, every))
            for share in range(CLIENT_THREADS)
        ]
        for thread in threads:
            thread.start()
        try:
            yield load
        finally:
            load.stop.set()
            for thread in threads:
                thread.join()


@dataclass
class Restarts:
    """What a client saw of restarts, and the Waysides of their own ends."""

    ended: Counter[str]
    """Calls by how they ended."""
    counted: int
    """Calls that the Waysides had counted as OK, each when it was told to end: its last are missing."""
    seconds: float
    complaints: list[str] = field(default_factory=list)


def counted(door: Door) -> int:
    """Return how many calls the Wayside that runs there says were OK."""
    return int(door.metric("wayside_calls_total", code="OK"))


def serves(door: Door) -> bool:
    """Tell whether the Wayside that runs there has answered calls of its own."""
    return counted(door) >= CALLS_OF_A_LIFE


def end(wayside: Running) -> Iterator[str]:
    """End a Wayside as Kubernetes does; yield how it failed, and what it says that it cut."""
    wayside.process.send_signal(signal.SIGTERM)
    yield from ended(wayside)


def ended(wayside: Running) -> Iterator[str]:
    """Wait for a Wayside that was told to end; yield how it failed, and what it says that it cut."""
    status = wayside.process.wait(END_SECONDS)
    if status:
        yield f"exit status {status}"
    text = wayside.text()
    yield from (line for line in text.splitlines() if "cutting" in line)
    if "drained; goodbye" not in text:
        yield "it did not say that it was drained"


def restarts(count: int) -> Restarts:
    """Restart two Waysides in turn, so many times in all, each when the other one's clients have come back."""
    doors = [new_door(), new_door()]
    complaints: list[str] = []
    told = 0
    with running_oip() as (upstream, _), contextlib.ExitStack() as stack:
        places = [stack.enter_context(contextlib.ExitStack()) for _ in doors]
        waysides = [
            place.enter_context(door.open(upstream, *FLAGS))
            for place, door in zip(places, doors, strict=True)
        ]
        with constant_load([door.listen for door in doors]) as load:
            began = time.monotonic()
            for door in doors:
                wait_until(lambda door=door: serves(door))  # type: ignore[misc]
            for restart in range(count):
                at = restart % len(doors)
                told += counted(doors[at])
                complaints += [f"restart {restart}: {each}" for each in end(waysides[at])]
                places[at].close()
                waysides[at] = places[at].enter_context(doors[at].open(upstream, *FLAGS))
                wait_until(lambda at=at: serves(doors[at]))  # type: ignore[misc]
            seconds = time.monotonic() - began
        told += sum(map(counted, doors))
    complaints += [f"{number} calls: {how}" for how, number in load.ended.items() if how != "OK"]
    if told > load.ended["OK"]:
        complaints.append(f"{told} calls were counted, and {load.ended['OK']} made")
    return Restarts(load.ended, told, seconds, complaints)
