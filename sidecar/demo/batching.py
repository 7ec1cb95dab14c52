"""Dynamic batching as model servers do it: wait a little for company, then run everybody at once."""

from __future__ import annotations

import asyncio
import random
from collections import deque

from sidecar.demo.fault import Fault
from sidecar.demo.models import DemoModel


class Batcher:
    """One instance of one model: a queue, and a loop that takes batches out of it and lets their time pass."""

    def __init__(self, model: DemoModel, draws: random.Random, fault: Fault | None = None) -> None:
        """Prepare the queue; nothing is executed until `run` is awaited."""
        self.model = model
        self._fault = fault or Fault()
        self._draws = draws
        self._waiting: deque[asyncio.Future[int]] = deque()
        self._arrived = asyncio.Event()

    async def submit(self) -> int:
        """Stand in the queue, and return the size of the batch one was executed in."""
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(done)
        self._arrived.set()
        return await done

    async def run(self) -> None:
        """Execute batches for ever."""
        while True:
            batch = await self._next_batch()
            await self._fault.let_answer()
            seconds = self.model.batch_seconds(len(batch), self._draws.random())
            await asyncio.sleep(seconds * self._fault.slow_factor)
            for done in batch:
                if not done.done():  # a caller that went away has cancelled its own
                    done.set_result(len(batch))

    async def _next_batch(self) -> list[asyncio.Future[int]]:
        """Wait for a first request, then until the batch is full or the longest delay is over."""
        # Whoever went away while the server was wedged is not worked for.
        self._waiting = deque(each for each in self._waiting if not each.done())
        while not self._waiting:
            await self._next_arrival(None)
        now = asyncio.get_running_loop().time
        deadline = now() + self.model.max_delay_ms / 1000
        while len(self._waiting) < self.model.max_batch and (left := deadline - now()) > 0:
            await self._next_arrival(left)
        return [
            self._waiting.popleft() for _ in range(min(self.model.max_batch, len(self._waiting)))
        ]

    async def _next_arrival(self, timeout_seconds: float | None) -> None:
        """Wait until somebody joins the queue, or the time is over."""
        self._arrived.clear()
        try:
            await asyncio.wait_for(self._arrived.wait(), timeout_seconds)
        except asyncio.TimeoutError:
            return
