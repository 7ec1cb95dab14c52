"""Asking the model server for its own numbers: one task beside the loop, which never waits for it.

What is known is the newest page's, whole, or nothing: a failed poll takes all numbers away, and forgets the counters,
so that no mean spans a time that was not seen. The log tells of every change once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sidecar.model.server_metrics import PollFailure, ServerReading
from sidecar.net.http_client import TIMEOUT_SECONDS, FetchError, fetch
from sidecar.servers.metrics.lines import PageError, WantedLines
from sidecar.servers.metrics.mapper import Counters, PageReading, read_page, wanted_names

if TYPE_CHECKING:
    from sidecar.model.log import Log
    from sidecar.model.server_metrics import MetricsEndpoint

# Polls that may be late before what is known counts as old.
STALE_INTERVALS = 2


class ServerPagePoller:
    """Polls the endpoint of the configuration in force."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._endpoint: MetricsEndpoint | None = None
        self._task: asyncio.Task[None] | None = None
        self._failed = dict.fromkeys(PollFailure, 0)
        self._page: PageReading | None = None  # of the last poll; None: it failed
        self._polled_at: float | None = None
        self._said: object = None  # what the log was told last

    def follow(self, endpoint: MetricsEndpoint | None) -> None:
        """Poll this endpoint from now on, or none; call once per tick."""
        if endpoint == self._endpoint:
            return
        self.stop()
        self._endpoint = endpoint
        self._page = self._polled_at = self._said = None
        if endpoint is not None:
            self._task = asyncio.get_running_loop().create_task(self._run(endpoint))

    def stop(self) -> None:
        """Give up a poll under way, and all to come."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def reading(self) -> ServerReading | None:
        """Return what is known now; None without an endpoint, and before its first poll has ended."""
        endpoint = self._endpoint
        if endpoint is None or self._polled_at is None:
            return None
        age_seconds = asyncio.get_running_loop().time() - self._polled_at
        page = self._page
        if (
            page is None
            or age_seconds > STALE_INTERVALS * endpoint.interval_seconds + TIMEOUT_SECONDS
        ):
            return ServerReading(up=False, failed_polls=dict(self._failed))
        return ServerReading(
            up=True,
            failed_polls=dict(self._failed),
            server=page.server,
            numbers=page.numbers,
            models=page.models,
            left_out=page.left_out,
        )

    # --- the task ----------------------------------------------------------------------------

    async def _run(self, endpoint: MetricsEndpoint) -> None:
        loop = asyncio.get_running_loop()
        names = wanted_names(endpoint.pages)
        due = loop.time()
        while self._endpoint is endpoint:  # a cancellation may be lost inside asyncio.wait_for
            await self._poll(endpoint, WantedLines(names))
            self._polled_at = loop.time()
            due = max(due + endpoint.interval_seconds, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _poll(self, endpoint: MetricsEndpoint, lines: WantedLines) -> None:
        """Read the page once."""
        before = self._page.counters if self._page else Counters()
        try:
            await fetch(endpoint.host, endpoint.port, endpoint.target, lines.feed)
            page = read_page(endpoint.pages, lines.samples(), before)
            if page is None:
                raise PageError(PollFailure.UNMAPPED, "the page has no name that a catalogue knows")
        except (FetchError, PageError) as error:
            self._page = None
            self._failed[error.failure] += 1
            self._tell_failure(endpoint, error)
            return
        self._page, earlier = page, self._page
        self._tell_page(endpoint, page, earlier)

    # --- the log -----------------------------------------------------------------------------

    def _tell_failure(self, endpoint: MetricsEndpoint, error: FetchError | PageError) -> None:
        if self._said != error.failure:
            self._said = error.failure
            self._log.warning(
                "the model server's own numbers cannot be read",
                url=endpoint.url,
                reason=error.failure.value,
                detail=error,
            )

    def _tell_page(
        self, endpoint: MetricsEndpoint, page: PageReading, earlier: PageReading | None
    ) -> None:
        if self._said == (page.server, page.present):
            return
        self._said = page.server, page.present
        gone = [
            each.value for each in (earlier.present if earlier else ()) if each not in page.present
        ]
        say = self._log.warning if gone else self._log.info
        say(
            "the model server's own numbers changed"
            if earlier
            else "the model server's own numbers are read",
            url=endpoint.url,
            server=page.server,
            numbers=" ".join(each.value for each in page.present),
            **({"gone": " ".join(gone)} if gone else {}),
        )
