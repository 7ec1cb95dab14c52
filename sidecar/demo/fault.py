"""What can be wrong with the demo's model server, and that it is so now. Told by a line on its standard input."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys

SLOW, FAILING, WEDGED = "slow", "failing", "wedged"
SLOW_FACTOR = 10.0
FAILING_MODEL = "bert"
FAILING_RATIO = 0.9
INCIDENTS = {
    SLOW: f"batches of every model take {SLOW_FACTOR:g} times as long",
    FAILING: f"{FAILING_RATIO:.0%} of the calls of {FAILING_MODEL} fail",
    WEDGED: "no model answers any more",
}
STDIN = 0
MAX_LINE_BYTES = 256


class Fault:
    """At most one at a time; none at first."""

    def __init__(self) -> None:
        """Begin well."""
        self.kind = ""
        self._answering = asyncio.Event()
        self._answering.set()

    def become(self, kind: str) -> None:
        """Misbehave in this way from now on; a word that is no incident makes all well again."""
        self.kind = kind if kind in INCIDENTS else ""
        if self.kind == WEDGED:
            self._answering.clear()
        else:
            self._answering.set()

    @property
    def slow_factor(self) -> float:
        """How much longer a batch takes than usual."""
        return SLOW_FACTOR if self.kind == SLOW else 1.0

    def fails(self, model: str, draw: float) -> bool:
        """Say whether a call fails; `draw`, even in [0, 1), decides."""
        return self.kind == FAILING and model == FAILING_MODEL and draw < FAILING_RATIO

    async def let_answer(self) -> None:
        """Return at once, or when the server is no longer wedged."""
        await self._answering.wait()

    def follow_stdin(self) -> None:
        """Become what each line of standard input says, where that is a pipe or a terminal."""
        if sys.stdin is None:
            return
        with contextlib.suppress(OSError):  # /dev/null and files cannot be waited for
            asyncio.get_running_loop().add_reader(STDIN, self._read)

    def _read(self) -> None:
        """Take the lines that are there; at the end of input what holds goes on holding."""
        with contextlib.suppress(OSError):
            if text := os.read(STDIN, MAX_LINE_BYTES):
                for line in text.decode(errors="replace").splitlines():
                    self.become(line.strip())
                    print(f"now: {self.kind or 'well'}", file=sys.stderr, flush=True)
                return
        asyncio.get_running_loop().remove_reader(STDIN)
