"""A control that leaks inside a container with a memory limit: what tests and proofs share."""

from __future__ import annotations

import contextlib
import http.client
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tests.e2e.ordeal import CALLS_PER_SECOND, CONFIG, REQUEST, RESPONSE, RESTARTS
from tests.harness.cgroup import MemoryCgroup, memory_cgroup
from tests.harness.compiled import running_nghttpd
from tests.harness.samples import metric
from tests.harness.waves import Waves, waves
from tests.harness.wayside import Wayside, running_wayside

LEAKING = Path(__file__).resolve().parents[1] / "fakes" / "leaking"
CONTAINER_BYTES = 200_000_000

Answer = TypeVar("Answer")


@dataclass
class Leak:
    """Wayside with a control that leaks, under load, and what became of both."""

    wayside: Wayside
    calls: Waves
    group: MemoryCgroup
    counted: int = 0
    ended: int = 0
    """As /metrics counts it."""
    told: int = 0
    """As the log tells it."""
    oom_kills: int = 0
    limit_hits: int = 0
    peak_bytes: int = 0

    def tellings(self) -> int:
        """Count the times that the log tells of a control ended for its memory."""
        return self.wayside.running.text().count("ending control: its ")


def asked(ask: Callable[[], Answer], otherwise: Answer) -> Answer:
    """Ask a control that may be ended while it answers."""
    try:
        return ask()
    except (OSError, http.client.HTTPException, KeyError):
        return otherwise


@contextlib.contextmanager
def leak(most_bytes: int | None = None) -> Iterator[Leak]:
    """Run it until the block ends; each life leaks without end, or so many bytes at most. The counts come after it."""
    bound = {} if most_bytes is None else {"WAYSIDE_TEST_LEAK_BYTES": str(most_bytes)}
    environment = {**os.environ, **bound, "PYTHONPATH": str(LEAKING)}
    with (
        memory_cgroup(CONTAINER_BYTES) as group,
        running_nghttpd(RESPONSE) as upstream,
        running_wayside(
            upstream, config=CONFIG, before=group.enter(), environment=environment
        ) as wayside,
    ):
        with waves(wayside.address, REQUEST, calls_per_second=CALLS_PER_SECOND) as calls:
            run = Leak(wayside, calls, group)
            yield run
        told = run.tellings()

        def is_told() -> bool:
            run.counted = asked(lambda: wayside.total("calls"), 0)
            run.ended = asked(lambda: int(metric(wayside.metrics(), RESTARTS, reason="memory")), 0)
            return run.counted >= calls.succeeded and run.ended >= told

        wayside.running.wait_for(is_told)
        run.told = run.tellings()
        run.oom_kills, run.limit_hits = group.oom_kills(), group.limit_hits()
        run.peak_bytes = group.peak_bytes()


def leaked(run: Leak) -> list[str]:
    """Say what the leak cost the clients, or where the counts of ends do not agree."""
    found = [f"{run.calls.failed} calls failed: {output}" for output in run.calls.outputs]
    if not run.counted == run.calls.succeeded > 0:
        found.append(f"{run.calls.succeeded} calls were made, {run.counted} counted")
    # The page is older than the log that is looked at after it, and may lack the newest end.
    if not 0 < run.ended <= run.told:
        found.append(f"ended {run.ended} times by the metrics, {run.told} by the log")
    if run.oom_kills or run.limit_hits:
        found.append(f"the limit was hit {run.limit_hits} times, {run.oom_kills} OOM kills")
    return found
