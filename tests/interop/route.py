"""The two ways from a suite to its server, and what must hold of Wayside once a suite is done with it."""

from __future__ import annotations

import contextlib
import os
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.harness.ports import free_ports
from tests.harness.running import START_SECONDS, ProcessError, accepts, running
from tests.harness.wayside import Wayside, running_wayside
from tests.interop.verdicts import SuiteError
from tests.provision.parts import require

REST_SECONDS = START_SECONDS
# Whether all is over is told by the next tick.
QUICK = "control: {tick: 100ms}\n"
READY = "/readyz"
LIVE = "/livez"

Snapshot = Mapping[str, Any]


@dataclass(frozen=True)
class Route:
    """Where to find the server, and the Wayside on the way, if there is one."""

    address: str
    wayside: Wayside | None = None
    descriptors: int = 0

    @property
    def port(self) -> int:
        """Its port on 127.0.0.1."""
        return int(self.address.rpartition(":")[2])

    def account(self, probe: str = READY, within_seconds: float = REST_SECONDS) -> Snapshot | None:
        """Return what Wayside says once all is over, or None on the direct way; raises SuiteError.

        All is over in a tick that began after this was asked and holds no connection and no call. By then Wayside
        answers a probe, and has closed every descriptor that it opened since the suite began.
        """
        wayside = self.wayside
        if wayside is None:
            return None
        asked_unix_nanos = time.time_ns()
        try:
            wayside.running.wait_for(
                lambda: (
                    wayside.answers(wayside.health, probe)
                    and at_rest(wayside.snapshot(), asked_unix_nanos)
                    and descriptors_of(wayside) <= self.descriptors
                ),
                within_seconds,
            )
        except ProcessError as error:
            raise SuiteError(f"Wayside did not come to rest: {error}") from error
        return wayside.snapshot()


def at_rest(snapshot: Snapshot, since_unix_nanos: int) -> bool:
    """Tell whether a snapshot is newer than a moment and holds no open connection and no open call."""
    return (
        snapshot["at_unix_nanos"] > since_unix_nanos
        and not any(each["connections_open"] for each in snapshot["upstreams"])
        and not any(each["calls"] for each in snapshot["in_flight"])
    )


def descriptors_of(wayside: Wayside) -> int:
    """Count the open descriptors of the process that carries the bytes."""
    return len(os.listdir(f"/proc/{wayside.running.pid}/fd"))


@contextlib.contextmanager
def route_to(upstream: str, through: bool) -> Iterator[Route]:
    """Lead to a server, direct or through a fresh Wayside."""
    if not through:
        yield Route(upstream)
        return
    with running_wayside(upstream, config=QUICK) as wayside:
        yield Route(wayside.address, wayside, descriptors_of(wayside))


@contextlib.contextmanager
def serving(program: str, port_flag: str) -> Iterator[str]:
    """Run a server on a free port that a flag tells it; yields host:port."""
    (port,) = free_ports(1)
    address = f"127.0.0.1:{port}"
    with running([require(program), f"{port_flag}={port}"]) as process:
        process.wait_for(lambda: accepts(address))
        yield address


def odd(snapshot: Snapshot, blind: Collection[str] = ()) -> Iterator[str]:
    """Tell what is odd about a Wayside at rest: blind for a reason other than those named, or a restarted control."""
    tap = snapshot["tap"]
    for reason, connections in tap["blind"].items():
        if reason not in blind:
            yield f"blind for the reason {reason!r} on {connections} connections"
    for reason, times in tap["control_restarts"].items():
        yield f"control was restarted {times} times: {reason}"


def miscounted(snapshot: Snapshot, expected: Mapping[str, int]) -> Iterator[str]:
    """Tell which codes were not counted exactly as often as there were calls that ended with them."""
    counted: Counter[str] = Counter()
    for row in snapshot["calls"]:
        counted[row["code"]] += row["calls"]
    for code in sorted({*counted, *expected}):
        if counted[code] != expected.get(code, 0):
            yield f"counted {counted[code]} calls {code} where there were {expected.get(code, 0)}"
