"""A model server that goes away and comes back: what tests and proofs share.

Nothing here asserts: what must not be is returned as complaints, and what was seen as figures.
"""

from __future__ import annotations

import contextlib
import socket
import time
import urllib.error
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.harness.compiled import h2load, nghttpd_answering
from tests.harness.ports import free_ports
from tests.harness.running import wait_until
from tests.harness.samples import metric
from tests.harness.wayside import Wayside, running_wayside

CALLS_BEFORE, CALLS_AFTER = 200, 100
RESET_SECONDS = 60.0
"""How long a client waits to be reset: the dial that fails is answered by the kernel at once, and a client that says
nothing is heard for a tenth of a second."""
REQUEST = oip.ModelInferRequest(model_name="resnet50").SerializeToString()
RESPONSE = oip.ModelInferResponse(model_name="resnet50", model_version="1").SerializeToString()
CONFIG = """
slos:
  - {name: answers, objective: 99.9%, good: {available: true}}
"""
INFER = b"POST /v2/models/resnet50/infer HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}"


@dataclass
class Outage:
    """How an upstream's absence looked from outside."""

    resets: int = 0
    """Clients that were reset, all but those in the complaints."""
    noticed_seconds: float = 0.0
    """From its death until /readyz said so; nobody had called."""
    down_seconds: float = 0.0
    recovered_seconds: float = 0.0
    """From its return until /readyz said so; nobody had called."""
    complaints: list[str] = field(default_factory=list)


def objective(wayside: Wayside, name: str) -> dict[str, Any]:
    """Return one objective of the newest snapshot."""
    found: dict[str, Any] = next(
        each for each in wayside.snapshot()["objectives"] if each["name"] == name
    )
    return found


def is_reset(address: str, says: bytes = b"") -> bool:
    """Connect as a client does; tell whether the answer is a reset, and neither data nor a FIN."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=RESET_SECONDS) as client:
            if says:
                client.sendall(says)
            client.recv(1)
    except ConnectionResetError:  # it may even arrive before connect() returns
        return True
    return False


def why_not_ready(wayside: Wayside) -> str:
    """Return what /readyz says while it refuses; empty when it does not."""
    try:
        wayside.get(wayside.health, "/readyz")
    except urllib.error.HTTPError as error:
        with error:
            return error.read().decode().strip()
    return ""


def seconds_until_ready(wayside: Wayside, refusal: str) -> float:
    """Wait until /readyz says this, or with no word is content; return how long it took."""
    began = time.monotonic()
    wait_until(lambda: why_not_ready(wayside) == refusal)
    return time.monotonic() - began


def knock(wayside: Wayside, every_seconds: float) -> Iterator[str]:
    """Be a client of an upstream that is away, and somebody who only looks whether the port is open.

    Yields what is not as it should be, until the next ones are due.
    """
    due = time.monotonic() + every_seconds
    if not is_reset(wayside.address, INFER):
        yield "a client was not reset"
    if not is_reset(wayside.address):
        yield "somebody who says nothing was not reset"
    while True:
        if not why_not_ready(wayside):
            yield "/readyz was content while the upstream was away"
        if not wayside.answers(wayside.health, "/livez"):
            yield "/livez failed"
        if time.monotonic() >= due:
            return
        time.sleep(0.02)


def told_while_away(wayside: Wayside, resets: int) -> list[str]:
    """Say where the metrics, or the objective, do not tell of the resets that clients saw, and others as often."""
    wait_until(lambda: objective(wayside, "answers")["events"]["bad"] >= resets)
    wait_until(lambda: objective(wayside, "answers")["state"] == "unreachable")
    page = wayside.metrics()
    wanted = {"wayside_upstream_up": 0, "wayside_upstream_refused_total": 2 * resets}
    return [
        f"{name} is {metric(page, name):g}, not {value}"
        for name, value in wanted.items()
        if metric(page, name) != value
    ]


def told_after(wayside: Wayside, resets: int) -> list[str]:
    """Say where an upstream that came back is not told as such, or its calls and the resets were not counted."""
    calls = CALLS_BEFORE + CALLS_AFTER
    wayside.wait_for_total(calls + resets, "calls")
    wait_until(lambda: objective(wayside, "answers")["state"] == "ok")
    found = []
    if metric(wayside.metrics(), "wayside_upstream_up") != 1:
        found.append("wayside_upstream_up is not 1")
    events = objective(wayside, "answers")["events"]
    if events != {"good": calls, "bad": resets, "excluded": 0}:
        found.append(f"{calls} calls and {resets} in vain are counted as {events}")
    return found


def outage(resets: int, every_seconds: float) -> Outage:
    """Take the upstream away, be so many clients of it, and so many who only look, bring it back."""
    seen = Outage(resets=resets)
    (port,) = free_ports(1)
    upstream = f"127.0.0.1:{port}"
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(nghttpd_answering(port, RESPONSE))
        wayside = stack.enter_context(running_wayside(upstream, config=CONFIG))
        h2load(wayside.address, REQUEST, calls=CALLS_BEFORE)
        wayside.wait_for_total(CALLS_BEFORE, "calls")
        wait_until(lambda: metric(wayside.metrics(), "wayside_upstream_up") == 1)

        first.process.kill()
        first.process.wait()
        began = time.monotonic()
        seen.noticed_seconds = seconds_until_ready(wayside, f"upstream {upstream} is down")
        for _ in range(resets):
            seen.complaints += knock(wayside, every_seconds)
        seen.down_seconds = time.monotonic() - began
        seen.complaints += told_while_away(wayside, resets)

        stack.enter_context(nghttpd_answering(port, RESPONSE))
        seen.recovered_seconds = seconds_until_ready(wayside, "")
        h2load(wayside.address, REQUEST, calls=CALLS_AFTER)
        seen.complaints += told_after(wayside, resets)
    return seen
