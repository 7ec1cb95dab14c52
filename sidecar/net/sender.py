"""Pushing to somebody else's server without ever waiting for it: a bounded queue, retries, and every loss counted.

What push exporters use whose payloads are each worth something: `offer` is called by the loop and returns at once; one
task sends, oldest first. While the other side is down the newest payloads are kept and the oldest dropped: what is new
is what somebody still wants. Alerts, of which only the newest word counts, have a queue of their own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

# A minute of ticks. What is older has been said again since, or is of no use to anybody.
MAX_QUEUED = 60
# All payloads together: control's memory is bounded, and so is what waits in it.
MAX_QUEUED_BYTES = 4 * 1024 * 1024
FIRST_PAUSE_SECONDS, LAST_PAUSE_SECONDS = 0.5, 30.0
# With the pauses between them a few minutes: one payload that the other side cannot take must not hold up all others.
MAX_ATTEMPTS = 12

TOO_MANY_REQUESTS = 429


@dataclass(slots=True)
class Sent:
    """What became of the payloads so far."""

    sent: int = 0
    refused: int = 0  # the other side answered that it does not want it: not tried again
    dropped: int = 0  # there was no room for it, or it was tried too often
    failures: int = 0  # attempts without an answer, or answered that there was a fault over there


def pause_seconds(failures_in_a_row: int) -> float:
    """Return how long to rest after so many failures: doubling from half a second to half a minute."""
    doublings = min(failures_in_a_row - 1, 16)
    return min(FIRST_PAUSE_SECONDS * 2.0**doublings, LAST_PAUSE_SECONDS)


class Sender:
    """Sends payloads to one place. `post` sends one and returns the status, or raises."""

    def __init__(self, post: Callable[[bytes], Awaitable[int]]) -> None:
        self._post = post
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._offered = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.counts = Sent()

    def offer(self, payload: bytes) -> None:
        """Queue a payload; the oldest make room for it."""
        if len(payload) > MAX_QUEUED_BYTES:
            self.counts.dropped += 1
            return
        self._queue.append(payload)
        self._queued_bytes += len(payload)
        while len(self._queue) > MAX_QUEUED or self._queued_bytes > MAX_QUEUED_BYTES:
            self._queued_bytes -= len(self._queue.popleft())
            self.counts.dropped += 1
        self._offered.set()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> None:
        """Give up what is under way; what is queued is lost with the process."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        while True:
            await self._offered.wait()
            payload = self._queue.popleft()
            self._queued_bytes -= len(payload)
            if not self._queue:
                self._offered.clear()
            await self._send(payload)

    async def _send(self, payload: bytes) -> None:
        """Try until it is settled, or too often. What is under way makes room for nobody: it may have arrived."""
        for attempt in range(1, MAX_ATTEMPTS + 1):
            if await self._settled(payload):
                return
            await asyncio.sleep(pause_seconds(attempt))
        self.counts.dropped += 1

    async def _settled(self, payload: bytes) -> bool:
        """Try once. False: trying again may help."""
        try:
            status = await self._post(payload)
        except Exception:
            # Not FetchError alone: whatever else goes wrong must not end the task, or nothing is ever sent again.
            status = 0
        if 200 <= status < 300:
            self.counts.sent += 1
        elif 300 <= status < 500 and status != TOO_MANY_REQUESTS:
            self.counts.refused += 1
        else:
            self.counts.failures += 1
            return False
        return True
