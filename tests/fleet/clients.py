"""The clients of a fleet: calls at a steady rate, each to a replica that is ready, and counted by how it ended.

What they see of replicas is what a Service lets them see: one that is not ready gets no new call, and those that it
has go on. Arrivals do not wait for answers. They run on a thread of their own; who compares their counts with others
pauses them first, so that no call is open.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
import time
from collections import Counter
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field

import grpc
import grpc.aio

from sidecar.demo.load import Client, request_for

MODEL = "resnet50"
"""Of the demo's models the one that never fails by itself."""
CALL_SECONDS = 30.0
READINESS_SECONDS = 0.25
"""How often readiness is asked for: what kubelets and endpoints take seconds to tell, which helps no one who drains."""
ANSWER_SECONDS = 1.0
IN_FLIGHT_CAP = 1024
"""Arrivals above it are dropped and counted: a fleet that hangs must not eat the machine."""
OK = "OK"


@dataclass
class Endpoint:
    """A replica as clients know it."""

    pod: str
    health: str
    client: Client
    ready: bool = False


@dataclass
class Clients:
    """Their endpoints, and their own count of calls."""

    calls_per_second: float
    ended: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Calls by pod and by how they ended: OK, or a status and what the server said."""
    dropped: int = 0
    _endpoints: dict[str, Endpoint] = field(default_factory=dict)
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)
    _paused: bool = True

    def __post_init__(self) -> None:
        """Have a loop, which is not running yet."""
        self._loop = asyncio.new_event_loop()

    @contextlib.contextmanager
    def calling(self) -> Iterator[Clients]:
        """Run their thread until the block ends; they begin paused."""
        thread = threading.Thread(target=self._loop.run_forever, name="clients")
        thread.start()
        jobs = [
            asyncio.run_coroutine_threadsafe(job, self._loop)
            for job in (self._arrivals(), self._readiness())
        ]
        try:
            yield self
            for job in jobs:
                if job.done():
                    job.result()
        finally:
            self.pause()
            self._do(self._end())
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            self._loop.close()

    def know(self, pod: str, listen: str, health: str) -> None:
        """Call this replica, too, whenever it is ready."""

        async def add() -> None:
            self._endpoints[pod] = Endpoint(pod, health, Client(listen))

        self._do(add())

    def forget(self, pod: str) -> None:
        """Close the connection to a replica that has ended."""

        async def remove() -> None:
            # One that never got ready was never known.
            if endpoint := self._endpoints.pop(pod, None):
                await endpoint.client.channel.close()

        self._do(remove())

    def ready(self) -> set[str]:
        """Return the pods that calls go to now."""
        return {each.pod for each in list(self._endpoints.values()) if each.ready}

    def resume(self) -> None:
        """Begin to call, or go on."""
        self._paused = False

    def pause(self) -> None:
        """Begin no more calls, and wait until all have ended."""
        self._paused = True
        self._do(self._settled())

    def count(self, code: str = "", pod: str = "") -> int:
        """Return how many calls ended with a code, or with any; of one pod, or of all."""
        return sum(
            number
            for (of, how), number in list(self.ended.items())
            if code in ("", how) and pod in ("", of)
        )

    def _do(self, what: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(2 * CALL_SECONDS)

    async def _end(self) -> None:
        """End the jobs of this thread, and close what is still open."""
        jobs = asyncio.all_tasks() - {asyncio.current_task()}
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        for each in self._endpoints.values():
            await each.client.channel.close()

    async def _settled(self) -> None:
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def _arrivals(self) -> None:
        due = time.monotonic()
        for number in itertools.count():
            due = max(due + 1 / self.calls_per_second, time.monotonic() - 1)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            able = [] if self._paused else [each for each in self._endpoints.values() if each.ready]
            if not able:
                continue
            if len(self._under_way) >= IN_FLIGHT_CAP:
                self.dropped += 1
                continue
            task = asyncio.create_task(self._call(able[number % len(able)], number))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _call(self, endpoint: Endpoint, number: int) -> None:
        try:
            await endpoint.client.infer(request_for(MODEL, number), timeout=CALL_SECONDS)
            how = OK
        except grpc.aio.AioRpcError as error:
            how = f"{error.code().name}: {error.details()}"
        self.ended[endpoint.pod, how] += 1

    async def _readiness(self) -> None:
        while True:
            known = list(self._endpoints.values())
            found = await asyncio.gather(*(is_ready(each.health) for each in known))
            for each, ready in zip(known, found, strict=True):
                each.ready = ready
            await asyncio.sleep(READINESS_SECONDS)


async def is_ready(health: str) -> bool:
    """Ask a probe as a kubelet does."""
    try:
        return await asyncio.wait_for(_probe(health), ANSWER_SECONDS)
    except (OSError, asyncio.TimeoutError):
        return False


async def _probe(health: str) -> bool:
    host, _, port = health.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    with contextlib.closing(writer):
        writer.write(
            f"GET /readyz HTTP/1.1\r\nhost: {health}\r\nconnection: close\r\n\r\n".encode()
        )
        return (await reader.readline()).split()[1:2] == [b"200"]
