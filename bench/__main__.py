"""`python -m bench`: Wayside beside its peers in one run, round by round.

Writes bench/RESULTS.md, bench/results.svg and the table of README.md.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from bench.bars import draw
from bench.contenders import CONTENDERS, Contender, NotHereError, Place, Started, program
from bench.ends import echo_server, token_server
from bench.figures import Results, Round
from bench.instructions import CannotCountError, build, count
from bench.loads import Client, Load, LoadFailedError, RateMissedError, loads
from bench.metrics_page import measure as measure_page
from bench.process_cost import cost
from bench.readme import README, rewritten
from bench.report import Run, results_page
from tests.harness.running import ProcessError

HERE = Path(__file__).resolve().parent
SETTLE_SECONDS = (
    0.05  # what a proxy does after the last answer, such as closing, is part of its cost
)
WARM_SHARE = 0.1
QUICK = (2, 4000)
ATTEMPTS = 4
"""So often an open loop is made that does not hold its rate, as when the machine takes the cores away for a while."""


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="rounds of every load (7)")
    parser.add_argument("--calls", type=int, default=100_000, help="calls a round at 64 in flight")
    parser.add_argument("--quick", action="store_true", help="two short rounds; writes no page")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.rounds, chosen.calls = QUICK
    if chosen.rounds < 1 or chosen.calls < 100:
        parser.error("at least one round and a hundred calls")
    return chosen


def note(text: str) -> None:
    """Say what is being done."""
    print(f"==> {text}", file=sys.stderr, flush=True)


def calls_of(load: Load, contender: Contender) -> int:
    """Return how many calls a contender makes in a round; slow ones fewer, but enough for a p99."""
    return max(min(load.calls, load.fewest), round(load.calls * contender.share))


def measure(client: Client, load: Load, calls: int, started: Started) -> Round:
    """Do as measure_once, again while an open loop misses its rate. Raises LoadFailedError."""
    for _ in range(ATTEMPTS - 1):
        try:
            return measure_once(client, load, calls, started)
        except RateMissedError as error:
            note(f"{load.name}: again: {error}")
    return measure_once(client, load, calls, started)


def measure_once(client: Client, load: Load, calls: int, started: Started) -> Round:
    """Make the calls of one round and read what they cost. Raises LoadFailedError."""
    before = cost(started.pid) if started.pid else None
    latency = client.run(load, started.address, calls)
    if before is None or started.pid is None:
        return Round(0.0, 0.0, latency)
    time.sleep(SETTLE_SECONDS)
    after = cost(started.pid)
    own = after.own_cpu_nanos - before.own_cpu_nanos
    children = after.children_cpu_nanos - before.children_cpu_nanos
    each = 1000 * calls * load.parts
    return Round(own / each, children / each, latency)


def start_all(stack: contextlib.ExitStack, place: Place, results: Results) -> dict[str, Started]:
    """Start every contender that is on this machine; the reasons of the others go to the results."""
    standing: dict[str, Started] = {}
    for contender in CONTENDERS:
        try:
            one = stack.enter_context(contender.start(place))
        except (NotHereError, ProcessError, OSError) as error:
            lines = str(error).splitlines()
            results.not_run[contender.name] = lines[-1] if lines else repr(error)
            note(f"{contender.title}: not run: {error}")
            continue
        standing[contender.name] = one
        results.versions[contender.name] = one.version
    return standing


def one_round(
    client: Client, load: Load, standing: dict[str, Started], results: Results, turn: int | None
) -> None:
    """Let each contender make one round of a load, starting at another one each time; None: warm up, keep nothing."""
    first = (turn or 0) % len(CONTENDERS)
    for contender in (*CONTENDERS[first:], *CONTENDERS[:first]):
        cell = (load.name, contender.name)
        if contender.name not in standing or contender.only not in (None, load.name):
            continue
        if cell in results.failed:
            continue
        calls = calls_of(load, contender)
        if turn is None:
            calls = max(64, int(calls * WARM_SHARE))
        try:
            measured = measure(client, load, calls, standing[contender.name])
            if turn is not None:
                results.rounds.setdefault(cell, []).append(measured)
        except LoadFailedError as error:
            results.failed[cell] = str(error)
            note(f"{contender.title}, {load.title}: failed: {error}")


def measure_all(shapes: list[Load], rounds: int, results: Results) -> None:
    """Run the loads, first those that end at the server that echoes, then those that end at the one that streams."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise SystemExit("bench: needs two cores: one for the contender, one for both ends")
    ends, contender = cores[0], cores[-1]
    for streams in (False, True):
        shaped = [load for load in shapes if bool(load.chunks) == streams]
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wayside-bench-")))
            server = token_server(ends) if streams else echo_server(program("nghttpd"), ends)
            place = Place(stack.enter_context(server), contender, folder)
            standing = start_all(stack, place, results)
            stack.callback(ignore_interrupts)  # the first thing done at the end
            take_turns(Client(program("h2load"), ends, folder), shaped, rounds, standing, results)
            if not streams:
                note_memory(standing, results)
        heed_interrupts()


def take_turns(
    client: Client,
    shapes: list[Load],
    rounds: int,
    standing: dict[str, Started],
    results: Results,
) -> None:
    """Warm up, then let every contender make every round of every load."""
    for load in shapes:
        one_round(client, load, standing, results, None)
    for turn in range(rounds):
        note(f"round {turn + 1} of {rounds}: {', '.join(load.name for load in shapes)}")
        for load in shapes:
            one_round(client, load, standing, results, turn)


def note_memory(standing: dict[str, Started], results: Results) -> None:
    """Read what each contender holds now."""
    for name, one in standing.items():
        if one.pid is not None:
            now = cost(one.pid)
            results.resident_bytes[name] = (now.own_resident_bytes, now.children_resident_bytes)


def count_instructions(results: Results) -> None:
    """Count what reading costs; where that cannot be done here, the page says why."""
    note("instructions of reading, under callgrind")
    try:
        results.instructions = count(build())
    except CannotCountError as error:
        results.not_counted = str(error).splitlines()[0]
        note(f"not counted: {error}")


def interrupted(_number: int, _frame: FrameType | None) -> None:
    """Leave by the way that ends every process that was started."""
    raise KeyboardInterrupt


def heed_interrupts() -> None:
    """Let Ctrl-C end the run."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupted)


def ignore_interrupts() -> None:
    """A second Ctrl-C must not cut short the ending of what the first one ended."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def main() -> int:
    """Measure, then write the page and the picture."""
    chosen = arguments()
    heed_interrupts()
    shapes, began = loads(chosen.calls), time.monotonic()
    results = Results(load_before=os.getloadavg()[0])
    try:
        count_instructions(results)
        note("the page of metrics, beside prometheus_client's writer")
        results.page = measure_page()
        measure_all(shapes, chosen.rounds, results)
    except KeyboardInterrupt:
        note("interrupted; nothing was written")
        return 130
    except NotHereError as error:
        note(str(error))
        return 1
    run = Run(shapes, chosen.rounds, time.monotonic() - began)
    page = results_page(run, results)
    print(page)
    if not chosen.quick:
        (HERE / "RESULTS.md").write_text(page)
        (HERE / "results.svg").write_text(draw(results))
        README.write_text(rewritten(README.read_text(), page))
        note("written: bench/RESULTS.md, bench/results.svg and the table of README.md")
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main())
