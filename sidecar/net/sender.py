"""Pushing to somebody else's server without ever waiting for it: a bounded queue, retries, and every loss counted.

What every push exporter uses. `offer` is called by the loop and returns at once; one task sends, oldest first. While
the other side is down the newest payloads are kept and the oldest dropped: what is new is what somebody still wants.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sidecar.net.http_client import FetchError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

# A minute of ticks. What is older has been said again since, or is of no use to anybody.
MAX_QUEUED = 60
# All payloads together: control's memory is bounded, and so is what waits in it.
MAX_QUEUED_BYTES = 4 * 1024 * 1024
FIRST_PAUSE_SECONDS, LAST_PAUSE_SECONDS = 0.5, 30.0

TOO_MANY_REQUESTS = 429


@dataclass(slots=True)
class Sent:
    """What became of the payloads so far."""

    sent: int = 0
    refused: int = 0  # the other side answered that it does not want it: not tried again
    dropped: int = 0  # there was no room, or it was larger than all the room there is
    failures: int = 0  # attempts without an answer, or answered that there was a fault over there


def pause_seconds(failures_in_a_row: int) -> float:
    """Return how long to rest after so many failures: doubling from half a second to half a minute."""
    doublings = min(failures_in_a_row - 1, 16)
    return min(FIRST_PAUSE_SECONDS * 2.0**doublings, LAST_PAUSE_SECONDS)


class Sender:
    """Sends payloads to one place. `post` sends one and returns the status, or raises FetchError."""

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
        failures = 0
        while True:
            await self._offered.wait()
            payload = self._queue[0]
            if await self._settled(payload):
                failures = 0
                # While it was under way it may have had to make room.
                if self._queue and self._queue[0] is payload:
                    self._queue.popleft()
                    self._queued_bytes -= len(payload)
            else:
                failures += 1
                await asyncio.sleep(pause_seconds(failures))
            if not self._queue:
                self._offered.clear()

    async def _settled(self, payload: bytes) -> bool:
        """Try once. False: trying again may help."""
        try:
            status = await self._post(payload)
        except FetchError:
            status = 0
        if 200 <= status < 300:
            self.counts.sent += 1
        elif 300 <= status < 500 and status != TOO_MANY_REQUESTS:
            self.counts.refused += 1
        else:
            self.counts.failures += 1
            return False
        return True
