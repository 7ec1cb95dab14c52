"""A real grpcio server is stopped under load: what it cuts is its failure, what it never looked at is no request."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.e2e.stopping_server import (
    HELD_CALLS,
    OPTIONS,
    QUICK,
    Held,
    Load,
    holding,
    serve,
    started,
)
from tests.harness.compiled import grpc_frame
from tests.harness.ports import free_ports
from tests.harness.samples import metric
from tests.harness.wayside import running_wayside
from tests.hazards import frames as h2
from tests.hazards.passage import READ_BYTES, Upstream, upstream

CONFIG = """\
control: {tick: 100ms}
server: {probe_models: false}
models: [held, quick]
slos: [{name: up, objective: 99%, good: {available: true}}]
"""
AT_ONCE, SOON, IN_TIME = None, 0.2, 60.0
NO_ERROR, INTERNAL_ERROR, ENHANCE_YOUR_CALM = 0x0, 0x2, 0xB
ASKED = oip.ModelInferRequest(model_name=QUICK).SerializeToString()


@pytest.mark.parametrize(
    ("grace", "cut"), [(AT_ONCE, HELD_CALLS), (SOON, HELD_CALLS), (IN_TIME, 0)]
)
def test_a_server_that_stops_fails_the_calls_it_cuts(grace: float | None, cut: int) -> None:
    """Each call of the clients is accounted for; those that gRPC sent again by itself are told apart."""
    (port,) = free_ports(1)
    address, held = f"127.0.0.1:{port}", Held()
    server = serve(address, held)
    with running_wayside(address, config=CONFIG) as wayside:
        load = Load(wayside.address)
        try:
            load.goes_on()
            with holding(wayside.address, load):
                stopped = server.stop(grace)
                if not cut:
                    held.let_go.set()
            held.let_go.set()
            stopped.wait()
            server = serve(address, held)
            load.goes_on()
        finally:
            load.ends()
        clients = sum(load.tally.values())

        def counted(page: str, name: str, **labels: str) -> int:
            try:
                return int(metric(page, f"wayside_{name}", **labels))
            except KeyError:
                return 0

        wayside.running.wait_for(
            lambda: counted(wayside.metrics(), "requests_total", kind="inference") >= clients
        )
        page = wayside.metrics()
    server.stop(None).wait()
    failed = clients - load.tally["OK"]
    assert failed >= cut
    assert counted(page, "requests_total", kind="inference") == clients
    assert counted(page, "requests_total", outcome="ok") == load.tally["OK"]
    assert counted(page, "requests_total", outcome="server_error", ended_by="server") == failed
    events = [
        counted(page, "slo_events_total", outcome=each) for each in ("good", "bad", "excluded")
    ]
    assert events == [load.tally["OK"], failed, 0]
    # What is left of the calls was sent again, or never looked at.
    again = counted(page, "calls_total", code="UNPROCESSED")
    assert counted(page, "calls_total", kind="inference") == clients + again


def farewell(upstream: Upstream, code: int) -> None:
    """Be a server whose GOAWAY leaves out the one call that it was sent, and answer the call when it comes again."""
    for answers in (False, True):
        connection = upstream.accept()
        with connection:
            connection.sendall(h2.settings())
            came = b""
            # A client says SETTINGS and a WINDOW_UPDATE, and then its call.
            while grpc_frame(ASKED) not in came:
                came += connection.recv(READ_BYTES)
            acknowledged = h2.frame(h2.SETTINGS, 1, 0)
            said = h2.answer(1, h2.answering(QUICK)) if answers else h2.goaway(0, code)
            connection.sendall(acknowledged + said)
            if not answers:
                connection.shutdown(socket.SHUT_WR)
            while connection.recv(READ_BYTES):
                pass


@pytest.mark.parametrize("code", [NO_ERROR, INTERNAL_ERROR, ENHANCE_YOUR_CALM])
def test_what_grpc_sends_again_by_itself_was_no_request(code: int) -> None:
    """RFC 9113 section 6.8: what is above the last stream of a GOAWAY was not processed, whatever its error says."""
    with (
        upstream() as server,
        running_wayside(server.address, config=CONFIG) as wayside,
        ThreadPoolExecutor(1) as pool,
    ):
        serving = pool.submit(farewell, server, code)
        with grpc.insecure_channel(wayside.address, options=OPTIONS) as channel:
            assert [len(answer) for answer in started(channel, QUICK)] == [len(ASKED)]
        serving.result()
        wayside.wait_for_total(2, "calls")
        page = wayside.metrics()
    assert metric(page, "wayside_requests_total", kind="inference") == 1
    assert metric(page, "wayside_calls_total", code="UNPROCESSED") == 1
    assert metric(page, "wayside_slo_events_total", outcome="good") == 1
    assert metric(page, "wayside_slo_events_total", outcome="bad") == 0
