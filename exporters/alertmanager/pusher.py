"""One Alertmanager: a queue, and one task that empties it. However slow or dead it is, nobody waits for it.

There is one request at a time, so that words arrive in the order they were said.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from exporters.alertmanager.access import Access, AccessError
from exporters.alertmanager.mailbox import Mailbox
from exporters.alertmanager.payload import CONTENT_TYPE, payload
from sidecar.model.sections.alerts import AlertmanagerReading
from sidecar.net.http_client import Answer, FetchError, post
from sidecar.net.sender import TOO_MANY_REQUESTS, pause_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sidecar.model.delivery import Alertmanager
    from sidecar.model.log import Log
    from sidecar.model.sections.alerts import Alert

# Of what is answered to an alert that is refused.
MAX_ERROR_CHARACTERS = 300


class Pusher:
    """Sends until it is stopped."""

    def __init__(
        self,
        to: Alertmanager,
        generator_url: str,
        log: Log,
        unix_nanos: Callable[[], int] = time.time_ns,
    ) -> None:
        self.to = to
        self._generator_url = generator_url
        self._log = log
        self._unix_nanos = unix_nanos
        self._access = Access(to)
        self._mailbox = Mailbox()
        self._offered = asyncio.Event()
        self._stopped = False
        self._sent = self._errors = self._last_success = 0
        self._last_error = ""
        self._task = asyncio.get_running_loop().create_task(self._run())

    def offer(self, alerts: Iterable[Alert]) -> None:
        """Queue alerts."""
        self._mailbox.put(alerts)
        if self._mailbox:
            self._offered.set()

    def reading(self) -> AlertmanagerReading:
        """Return what became of them so far."""
        return AlertmanagerReading(
            url=self.to.url,
            sent=self._sent,
            errors=self._errors,
            dropped=self._mailbox.dropped,
            queued=len(self._mailbox),
            last_success_unix_nanos=self._last_success,
            last_error=self._last_error,
        )

    def stop(self) -> None:
        """Give up what is under way; what is queued is dropped."""
        self._stopped = True  # a cancellation may be lost inside asyncio.wait_for
        self._task.cancel()

    # --- the task ----------------------------------------------------------------------------

    async def _run(self) -> None:
        failures = 0
        while not self._stopped:
            await self._offered.wait()
            batch = self._mailbox.take(self._unix_nanos())
            if not batch:
                self._offered.clear()
            elif await self._is_settled(batch):
                failures = 0
            else:
                failures += 1
                self._mailbox.put_back(batch)
                await asyncio.sleep(pause_seconds(failures))

    async def _is_settled(self, batch: Sequence[Alert]) -> bool:
        """Try once. False: trying again may help."""
        try:
            answer = await self._post(batch)
        except (FetchError, AccessError) as error:
            self._fail(batch, str(error))
            return False
        except (
            Exception
        ) as error:  # whatever it is must not end the task, or nothing is ever sent again
            self._fail(batch, f"{type(error).__name__}")
            return False
        if 200 <= answer.status < 300:
            self._succeed(batch)
            return True
        self._fail(batch, f"answered {answer.status}: {answer.text}")
        # What is wrong with a request (400: with an alert; the others of it are stored) stays wrong: it is said again
        # with the next minute's.
        return answer.status < 500 and answer.status != TOO_MANY_REQUESTS

    async def _post(self, batch: Sequence[Alert]) -> Answer:
        peer = await self._access.peer()
        headers = (("content-type", CONTENT_TYPE), *self._access.headers())
        body = payload(batch, self._generator_url)
        return await post(peer, self.to.target, body, headers, self.to.timeout_seconds)

    def _succeed(self, batch: Sequence[Alert]) -> None:
        self._sent += len(batch)
        self._last_success = self._unix_nanos()
        if self._last_error:
            self._last_error = ""
            self._log.info("alerts are taken again", alertmanager=self.to.url)

    def _fail(self, batch: Sequence[Alert], why: str) -> None:
        """Count it, and tell it where it is news: who is down is down at each attempt."""
        self._errors += len(batch)
        why = why[:MAX_ERROR_CHARACTERS]
        if why != self._last_error:
            self._last_error = why
            self._log.warning("alerts were not taken", alertmanager=self.to.url, reason=why)
