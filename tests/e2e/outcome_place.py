"""A Wayside before a server that says what a script says for it, and what moves when a row is played there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.e2e.counted_outcomes import Moved, calls, counted, moved
from tests.e2e.outcome_row import Row
from tests.harness.conversation import Step, converse
from tests.harness.wayside import Wayside, running_wayside
from tests.hazards.passage import Upstream, upstream

QUICK = "control: {tick: 100ms}\nserver: {probe_models: false}\nmodels: [resnet50]\n"
# Thresholds that no machine is slow enough to cross: what a row says does not depend on how long it took.
SLOS = """\
slos:
  - {name: up, objective: 99%, good: {available: true}}
  - {name: fast, objective: 99%, good: {latency_below: 10m}}
  - {name: first, objective: 99%, good: {first_token_below: 10m}}
"""


@dataclass(frozen=True)
class Place:
    """Where rows are played."""

    server: Upstream
    wayside: Wayside

    def counted(self) -> Moved:
        """Read what /metrics says."""
        return counted(self.wayside.metrics())

    def play(self, row: Row) -> dict[tuple[str, ...], int]:
        """Play a row; return what moved once all its calls have ended."""
        scripts = [steps for steps in (row.before, row.script) if steps]
        return self.play_scripts(scripts, 1 + len(row.beside))

    def play_scripts(
        self, scripts: Sequence[Sequence[Step]], ends: int
    ) -> dict[tuple[str, ...], int]:
        """Play scripts one after another; return what moved once so many calls have ended."""
        before = self.counted()
        for steps in scripts:
            converse(self.server, self.wayside.address, steps)
        return self.moved_since(before, ends)

    def moved_since(self, before: Moved, ends: int) -> dict[tuple[str, ...], int]:
        """Wait until so many calls have ended; return what moved."""
        after = before

        def told() -> bool:
            nonlocal after
            after = self.counted()
            return calls(after) >= calls(before) + ends

        self.wayside.running.wait_for(told)
        return moved(before, after)


@contextlib.contextmanager
def place(config: str = SLOS) -> Iterator[Place]:
    """Run Wayside before a server of our own."""
    with upstream() as server, running_wayside(server.address, config=QUICK + config) as it:
        yield Place(server, it)
