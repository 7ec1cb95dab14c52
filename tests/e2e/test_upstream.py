"""What Wayside says and does while its model server is down, or is there and does not answer.

What only processes can show: that a kernel's refusal of the dial reaches each client as a reset, and that probes, page
and objective agree about it. How often an upstream is looked for is decided in the tap, whose tests need no server.
`make prove ARGS="upstream"` claims how soon it is noticed.
"""

from __future__ import annotations

import subprocess
import tempfile

import pytest

from tests.e2e.outage import REQUEST, objective, outage
from tests.fakes.silent import silent_server
from tests.harness.compiled import INFER_PATH, grpc_frame
from tests.harness.running import wait_until
from tests.harness.samples import metric
from tests.harness.wayside import running_wayside
from tests.provision.parts import require

RESETS = 12
STALLED_SECONDS = 10.0
"""So long a server has had calls and has completed none when it is called stalled."""
# The first one is to turn bad while its calls hang, and is waited for.
CONFIG = """
slos:
  - {name: fast, match: {model: resnet50}, objective: 99%, good: {latency_below: 250ms}}
  - {name: answers, objective: 99.9%, good: {available: true}}
"""


@pytest.mark.slow
def test_an_upstream_that_is_down_and_comes_back() -> None:
    """Not ready, `upstream_up` 0, each client reset and its call counted as bad; then all is well by itself."""
    assert outage(resets=RESETS, every_seconds=0.1).complaints == []


@pytest.mark.slow
def test_a_server_that_accepts_and_never_answers() -> None:
    """State stalled, and the latency objective burns while the calls hang, not when they end.

    It takes as long as Wayside does to call it a stall, 10 s, and to give up a client that went away, 5 s.
    """
    hanging = 8
    with silent_server() as upstream, running_wayside(upstream, config=CONFIG) as wayside:
        with tempfile.NamedTemporaryFile() as body:
            body.write(grpc_frame(REQUEST))
            body.flush()
            shape = [f"-n{hanging}", "-c1", f"-m{hanging}", f"-d{body.name}"]
            headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"]
            url = f"http://{wayside.address}{INFER_PATH}"
            client = subprocess.Popen(
                [str(require("h2load")), *shape, *headers, url],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            try:
                wait_until(lambda: objective(wayside, "fast")["events"]["bad"] == hanging)
                assert wayside.total("calls") == 0, "nothing has ended yet"
                wait_until(lambda: objective(wayside, "fast")["state"] == "stalled")
                flight = wayside.snapshot()["in_flight"][0]
                assert flight["calls"] == hanging
                assert flight["oldest_open_seconds"] >= STALLED_SECONDS
                assert (
                    metric(wayside.metrics(), "wayside_slo_state", slo="fast", state="stalled") == 1
                )
                assert metric(wayside.metrics(), "wayside_upstream_up") == 1
            finally:
                client.kill()
                client.wait()
        wayside.wait_for_total(hanging, "calls", code="LOST", ended_by="client")
        assert objective(wayside, "fast")["events"] == {"good": 0, "bad": hanging, "excluded": 0}
        assert objective(wayside, "answers")["events"] == {"good": 0, "bad": 0, "excluded": hanging}
