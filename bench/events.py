"""What 13,000 server-sent events a second cost one tap, with the observer on and with it off.

`python -m bench.events [--rounds N]`. 64 answers of HTTP/1.1 are streamed at once by bench.event_server, an open loop:
it sends when it is time and waits for nobody. Both Waysides stand all the time on one core, client and server share
another; in each round each of them carries the load once, in turns the first. A round counts only if every byte came,
at the rate; all of them only if the observer counted every event.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import selectors
import socket
import statistics
import sys
import time
from collections.abc import Iterator

from bench.ends import ROOT, on_core
from bench.event_server import END, EVENTS, EVENTS_PER_SECOND, HEAD, STREAMS, events
from bench.figures import spread
from bench.process_cost import cost
from tests.harness.ports import free_ports
from tests.harness.running import accepts, running
from tests.harness.samples import metric
from tests.harness.wayside import Wayside, running_wayside

AIM = 1.1
RATE_TOLERANCE = 0.05
SILENCE_SECONDS = 10.0
BODY = b'{"model":"llama","stream":true}'
REQUEST = (
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\n\r\n%b" % (len(BODY), BODY)
)


class LoadFailedError(RuntimeError):
    """Bytes were missing, or came too slowly."""


def answer_bytes() -> int:
    """Return the length of one answer; those of all streams are the same."""
    said = events(0)
    return len(HEAD) + sum(len(said[n % len(said)]) for n in range(EVENTS)) + len(END)


@contextlib.contextmanager
def connected(address: str) -> Iterator[list[socket.socket]]:
    """Open a connection for each stream."""
    host, _, port = address.rpartition(":")
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(socket.create_connection((host, int(port)))) for _ in range(STREAMS)
        ]


def drain(sockets: list[socket.socket]) -> float:
    """Ask on every connection and read every answer to its end; return events a second. Raises LoadFailedError."""
    whole = answer_bytes()
    left = dict.fromkeys(sockets, whole)
    began = time.monotonic()
    with selectors.DefaultSelector() as selector:
        for connection in sockets:
            selector.register(connection, selectors.EVENT_READ, connection)
            connection.sendall(REQUEST)
        while left:
            ready = selector.select(SILENCE_SECONDS)
            if not ready:
                raise LoadFailedError(f"{len(left)} answers are not complete")
            for key, _ in ready:
                one = key.data
                left[one] -= len(one.recv(1 << 16)) or whole + 1
                if left[one] <= 0:
                    selector.unregister(one)
                    if left.pop(one) < 0:
                        raise LoadFailedError("an answer was longer or shorter than it should be")
    return STREAMS * EVENTS / (time.monotonic() - began)


def one_round(wayside: Wayside) -> float:
    """Carry the load once; return microseconds of processor time an event. Raises LoadFailedError."""
    with connected(wayside.address) as sockets:
        before = cost(wayside.running.pid)
        rate = drain(sockets)
        after = cost(wayside.running.pid)
    if abs(rate / EVENTS_PER_SECOND - 1) > RATE_TOLERANCE:
        raise LoadFailedError(f"{rate:,.0f} events/s came instead of {EVENTS_PER_SECOND:,}")
    return (after.own_cpu_nanos - before.own_cpu_nanos) / (1000 * STREAMS * EVENTS)


def counted(wayside: Wayside) -> int:
    """Read how many events with a token the observer has seen."""
    try:
        page = wayside.metrics()
        return int(metric(page, "wayside_tokens_total", direction="output", source="chunks"))
    except KeyError:
        return 0


def measure(rounds: int) -> list[tuple[float, float]]:
    """Return processor time an event, observer on and off, round by round. Raises LoadFailedError."""
    cores = sorted(os.sched_getaffinity(0))
    ends, core = cores[0], cores[-1]
    os.sched_setaffinity(0, {ends})
    (port,) = free_ports(1)
    measured = []
    with contextlib.ExitStack() as stack:
        command = [*on_core(ends), sys.executable, "-m", "bench.event_server", str(port)]
        server = stack.enter_context(running(command, cwd=ROOT))
        upstream = f"127.0.0.1:{port}"
        server.wait_for(lambda: accepts(upstream))
        on, off = (
            stack.enter_context(running_wayside(upstream, config=config, before=on_core(core)))
            for config in ("", "observe: false\n")
        )
        for wayside in (on, off):
            one_round(wayside)  # warm up
        for turn in range(rounds):
            pair = (on, off) if turn % 2 else (off, on)
            taken = {id(wayside): one_round(wayside) for wayside in pair}
            measured.append((taken[id(on)], taken[id(off)]))
        wanted = (rounds + 1) * STREAMS * EVENTS
        on.running.wait_for(lambda: counted(on) >= wanted)
        if counted(on) != wanted:
            raise LoadFailedError(f"the observer counted {counted(on):,} events, not {wanted:,}")
    return measured


def main() -> int:
    """Measure and print; exit status 1 when the aim is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.events", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="rounds (9)")
    rounds = parser.parse_args().rounds
    print(f"load average before: {os.getloadavg()[0]:.2f}; {rounds} rounds", flush=True)
    try:
        measured = measure(rounds)
    except LoadFailedError as error:
        print(f"events: {error}", file=sys.stderr)
        return 2
    on, off = (statistics.median(one) for one in zip(*measured, strict=True))
    ratio = spread(one / other for one, other in measured)
    assert ratio is not None
    print(
        f"tap's CPU an event of {len(events(0)[0])} bytes: {on:.2f} µs, observer off {off:.2f} µs"
    )
    print(
        f"observer on to observer off: {ratio.median:.3f} ({ratio.smallest:.3f}..{ratio.largest:.3f}); aim {AIM}"
    )
    return int(ratio.median > AIM)


if __name__ == "__main__":
    sys.exit(main())
