"""Each bound holds (memory, connections, unsent bytes, labels), and whoever is not at fault is unharmed."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.e2e.crowd import Crowd, crowd, many_descriptors
from tests.harness import process
from tests.harness.compiled import grpc_frame, h2load, running_echo
from tests.harness.samples import metric
from tests.harness.wayside import Wayside, running_wayside
from tests.hazards import frames as h2
from tests.hazards.attack import Counted
from tests.hazards.measure import count
from tests.hazards.passage import (
    PATIENCE_SECONDS,
    Passage,
    Upstream,
    fill,
    upstream,
    wait_for,
)

IDLE_CONNECTIONS, CALLS_EACH = 5000, 10
IDLE_BYTES = 30_000_000
CAP, BEYOND = 20, 10
UNSENT_BYTES = 64 * 1024
SPENT_BYTES = UNSENT_BYTES - 16 * 1024
"""Above it there is no room for another read (READ_BYTES in dataplane/tap/src/limits.rs), and none is held whole."""
FEWEST_SLOW, MOST_SLOW = 10, 60
SLOW_BYTES = 2_000_000
FLOOD_BYTES = 16_000_000
STALLED = 1000
DEAR_STREAMS, CANCEL = 4000, 8
STALLED_BYTES = 4_000_000
ATTACK_BYTES = 16_000_000
STREAMS_FOLLOWED = 8192
STREAM_INFER = "/inference.GRPCInferenceService/ModelStreamInfer"
LONG_STREAMS, REQUESTS_OF_A_STREAM = 300, 1000
OPENING = h2.PREFACE + h2.settings()
# What is waited for is a tick away.
QUICK = "control: {tick: 100ms}\n"
REQUEST = h2.asking("bystander")[5:]
CALLS = 200


def value(wayside: Wayside, name: str, **labels: str) -> float:
    """Read a metric; one that is not there yet is 0."""
    return count(wayside.metrics(), Counted(name, 0, labels))


@contextlib.contextmanager
def before(config: str = "") -> Iterator[tuple[Upstream, Wayside]]:
    """Run Wayside before a server that says what the test says for it."""
    with upstream() as server, running_wayside(server.address, config=QUICK + config) as it:
        yield server, it


def test_five_thousand_idle_connections_cost_thirty_megabytes() -> None:
    with many_descriptors(), before() as (server, wayside):
        wayside.metrics()
        resident = process.resident_bytes(wayside.running.pid)
        with crowd(server, wayside.address, IDLE_CONNECTIONS) as idle:
            for _ in range(CALLS_EACH):
                idle.call("resnet50")
            wayside.wait_for_total(IDLE_CONNECTIONS * CALLS_EACH, "calls", model="resnet50")
            more = process.resident_bytes(wayside.running.pid) - resident
            assert value(wayside, "wayside_upstream_connections_open") == IDLE_CONNECTIONS
    print(f"{more / 1e6:.1f} MB, {more / IDLE_CONNECTIONS:.0f} bytes each")
    assert more <= IDLE_BYTES


def test_at_the_cap_accepting_pauses_and_resumes() -> None:
    """Who comes beyond the cap waits in the kernel's queue, is neither refused nor closed, and is served in the end."""
    with (
        before(f"limits: {{connections: {CAP}}}\n") as (server, wayside),
        contextlib.ExitStack() as stack,
    ):
        assert value(wayside, "wayside_tap_connections_cap") == CAP
        with crowd(server, wayside.address, CAP) as full:
            host, _, port = wayside.address.rpartition(":")
            waiting = [
                stack.enter_context(
                    socket.create_connection((host, int(port)), timeout=PATIENCE_SECONDS)
                )
                for _ in range(BEYOND)
            ]
            for each in waiting:
                each.sendall(OPENING)
            wayside.running.wait_for(lambda: value(wayside, "wayside_tap_accept_pauses_total") >= 1)
            full.call("resnet50")
            wayside.wait_for_total(CAP, "calls")
            assert value(wayside, "wayside_upstream_connections_total") == CAP
            for each in waiting:
                each.setblocking(False)
                with pytest.raises(
                    BlockingIOError
                ):  # a reset would raise another, a FIN return nothing
                    each.recv(1)
        served = Crowd([taken_up(server, each) for each in waiting])
        served.call("resnet50")
        wayside.wait_for_total(CAP + BEYOND, "calls")
        assert value(wayside, "wayside_upstream_connections_total") == CAP + BEYOND
        for passage in served.passages:
            passage.close()


def taken_up(server: Upstream, client: socket.socket) -> Passage:
    """Wait until a client that waited is connected to the server."""
    came = server.accept()
    came.setblocking(False)
    wait_for(None, came)
    assert came.recv(len(OPENING)) == OPENING
    return Passage(client, came)


def test_slow_readers_hold_no_more_than_the_budget_and_harm_nobody() -> None:
    """Servers write to clients that do not read, each more than the budget; then the clients read, and have it all."""
    flood = h2.data(1, bytes(16_000)) * (FLOOD_BYTES // 16_009)
    with contextlib.ExitStack() as stack:
        limits = f"limits: {{unsent: {UNSENT_BYTES}}}\n"
        server, wayside = stack.enter_context(before(limits))
        bystander = stack.enter_context(crowd(server, wayside.address, 1))
        resident = process.resident_bytes(wayside.running.pid)
        slow: list[tuple[Passage, int]] = []

        def is_spent() -> bool:
            """Add somebody who does not read; of each, some of one read is held until the budget is spent."""
            if len(slow) < MOST_SLOW:
                (each,) = stack.enter_context(crowd(server, wayside.address, 1)).passages
                slow.append((each, fill(each.server, flood, 65_536)))
            held = value(wayside, "wayside_tap_unsent_bytes")
            assert held <= UNSENT_BYTES
            return len(slow) >= FEWEST_SLOW and held > SPENT_BYTES

        wayside.running.wait_for(is_spent)
        assert all(taken < len(flood) for _, taken in slow), "back-pressure reached every server"
        for _ in range(CALLS):
            bystander.call("bystander")
        wayside.wait_for_total(CALLS, "calls", model="bystander")
        assert process.resident_bytes(wayside.running.pid) - resident < SLOW_BYTES
        for each, taken in slow:
            got = bytearray()
            while len(got) < taken:
                wait_for(None, each.client)
                got += each.client.recv(1024 * 1024)
            assert got == flood[:taken]
        wayside.running.wait_for(lambda: value(wayside, "wayside_tap_unsent_bytes") == 0)


def test_a_thousand_stalled_streams_are_shown_and_cost_little() -> None:
    """Requests that stop half-way, and connections that stop within their preface: others notice nothing."""
    begun = b"".join(
        h2.headers(id, h2.REQUEST_HEAD) + h2.data(id, h2.asking("stalled")[:7])
        for id in h2.streams(STALLED)
    )
    with contextlib.ExitStack() as stack:
        server, wayside = stack.enter_context(before())
        bystander = stack.enter_context(crowd(server, wayside.address, 1))
        stalled = stack.enter_context(crowd(server, wayside.address, 1))
        resident = process.resident_bytes(wayside.running.pid)
        slow = [server.through(wayside.address, OPENING[: 1 + n % 24]) for n in range(100)]
        for passage in slow:
            stack.callback(passage.close)
        stalled.passages[0].play([("up", begun)])
        wayside.running.wait_for(lambda: value(wayside, "wayside_calls_in_flight") == STALLED)
        for _ in range(CALLS):
            bystander.call("bystander")
        wayside.wait_for_total(CALLS, "calls", model="bystander")
        more = process.resident_bytes(wayside.running.pid) - resident
        print(f"{more / STALLED:.0f} bytes for each stalled stream")
        assert more <= STALLED_BYTES
        assert value(wayside, "wayside_calls_in_flight") == STALLED
        for each in stalled.passages:
            each.close()
        wayside.wait_for_total(STALLED, "calls", code="LOST", ended_by="client")
        assert value(wayside, "wayside_calls_in_flight") == 0


def test_others_have_their_turn_beside_bytes_that_are_dear_to_read() -> None:
    """Streams opened and reset as fast as one connection takes them: another's calls are answered and counted."""
    ids = iter(range(1, 2**31, 2))
    made = 0

    def flood(passage: Passage, over: threading.Event) -> None:
        nonlocal made
        while not over.is_set():
            batch = list(itertools.islice(ids, DEAR_STREAMS))
            opened = (h2.headers(id, h2.REQUEST_HEAD) + h2.rst(id, CANCEL) for id in batch)
            passage.play([("up", b"".join(opened))], len(batch) * 1000)
            made += len(batch)

    over = threading.Event()
    with before() as (server, wayside), crowd(server, wayside.address, 1) as bystander:
        with crowd(server, wayside.address, 1) as dear, ThreadPoolExecutor(1) as pool:
            flooding = pool.submit(flood, dear.passages[0], over)
            wayside.running.wait_for(lambda: made > 0)
            before_made, calls = made, 0
            # However fast either is: the calls lie beside a whole batch at least.
            try:
                while calls < CALLS or (made == before_made and not flooding.done()):
                    bystander.call("bystander")
                    calls += 1
            finally:
                over.set()
            flooding.result()
        wayside.wait_for_total(calls, "calls", model="bystander")
        wayside.wait_for_total(made, "calls", code="CANCELLED", ended_by="client")
    print(f"{calls} calls beside {made} streams")


def test_messages_cut_on_every_stream_of_a_connection_cost_no_more_than_an_attack_may() -> None:
    cut = b"".join(
        h2.headers(id, h2.REQUEST_HEAD) + h2.data(id, h2.asking("cut")[:6])
        for id in h2.streams(STREAMS_FOLLOWED)
    )
    answered = b"".join(
        h2.headers(id, h2.ANSWER_HEAD) + h2.data(id, h2.answering("cut")[:6])
        for id in h2.streams(STREAMS_FOLLOWED)
    )
    with before() as (server, wayside), crowd(server, wayside.address, 1) as one:
        resident = process.resident_bytes(wayside.running.pid)
        one.passages[0].play([("up", cut), ("down", answered)])
        flight = "wayside_calls_in_flight"
        wayside.running.wait_for(lambda: value(wayside, flight) == STREAMS_FOLLOWED)
        more = process.resident_bytes(wayside.running.pid) - resident
    print(f"{more / 1e6:.1f} MB")
    assert more <= ATTACK_BYTES


def test_streams_that_had_many_requests_give_their_room_back() -> None:
    """Each stream asks a thousand times at once and is answered; then nothing is in flight."""
    asked = grpc_frame(oip.ModelInferRequest(model_name="m", id="1").SerializeToString())
    last = oip.ModelInferResponse(model_name="m", id="1")
    last.parameters["triton_final_response"].bool_param = True
    said = grpc_frame(oip.ModelStreamInferResponse(infer_response=last).SerializeToString())
    head = h2.block(h2.request_fields(STREAM_INFER))
    with before() as (server, wayside), crowd(server, wayside.address, 1) as one:
        resident = process.resident_bytes(wayside.running.pid)
        for id in h2.streams(LONG_STREAMS):
            requests = h2.data(id, asked * 100) * (REQUESTS_OF_A_STREAM // 100)
            answers = h2.data(id, said * 100) * (REQUESTS_OF_A_STREAM // 100)
            up, down = h2.headers(id, head) + requests, h2.headers(id, h2.ANSWER_HEAD) + answers
            one.passages[0].play([("up", up), ("down", down)])
        wayside.wait_for_total(LONG_STREAMS * REQUESTS_OF_A_STREAM, "requests", code="OK")
        more = process.resident_bytes(wayside.running.pid) - resident
    print(f"{more / 1e6:.1f} MB")
    assert more <= ATTACK_BYTES


def labels(page: str, label: str) -> set[str]:
    """Return the values of a label among the calls."""
    rows = [line for line in page.splitlines() if line.startswith("wayside_calls_total{")]
    return {row.partition(f'{label}="')[2].partition('"')[0] for row in rows}


def test_random_names_and_paths_stay_within_the_caps() -> None:
    """Sixty models that all answer well, sixty paths: every call counted, few of them by name."""
    names = 60
    with (
        running_echo() as echo,
        running_wayside(echo, config=QUICK + "limits: {models: 8, series: 30}\n") as wayside,
    ):
        for n in range(names):
            h2load(wayside.address, h2.asking(f"random-{n}")[5:], calls=2)
        for n in range(names):
            h2load(wayside.address, REQUEST, calls=1, path=f"/random.Service{n}/Call")
        wayside.wait_for_total(3 * names, "calls")
        page = wayside.metrics()
        assert metric(page, "wayside_calls_total") == 3 * names
        assert len(labels(page, "model") - {"", "unknown"}) == 8
        assert metric(page, "wayside_calls_total", model="unknown") == 2 * (names - 8)
        assert metric(page, "wayside_calls_total", method="_OTHER") == names
        assert labels(page, "method") == {"inference.GRPCInferenceService/ModelInfer", "_OTHER"}


def test_series_beyond_their_cap_are_counted_together_and_told() -> None:
    """Ten models, room for five series."""
    with (
        running_echo() as echo,
        running_wayside(echo, config=QUICK + "limits: {series: 5}\n") as wayside,
    ):
        for n in range(10):
            h2load(wayside.address, h2.asking(f"model-{n}")[5:], calls=3)
        wayside.wait_for_total(30, "calls")
        page = wayside.metrics()
        assert metric(page, "wayside_calls_total") == 30
        assert len(labels(page, "model")) <= 6
        assert metric(page, "wayside_tap_series_capped_total") > 0
