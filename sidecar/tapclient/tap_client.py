"""The tap as control sees it: one call a tick, which returns facts."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from sidecar.tapclient.facts import facts_of
from sidecar.tapclient.frames import SeamError
from sidecar.tapclient.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Collection

    from sidecar.tapclient.facts import Facts
    from sidecar.tapclient.seam import Seam

# As the tap has it: longer names are not read (dataplane/wire, names), more are no labels (dataplane/tap, limits).
MAX_NAME_BYTES = 128
MAX_NAMES = 64


class TapClient:
    """Pulls what changed, and remembers the rest."""

    def __init__(self, seam: Seam, version: str) -> None:
        self._seam = seam
        self.version = version
        """The tap's, as its hello said."""
        self._ledger = Ledger()
        self._named: tuple[str, ...] | None = None  # what the tap was told, in this life of control
        self._scraped = 0  # the newest snapshot of which it was told that somebody has a page

    def name(self, models: Collection[str]) -> None:
        """Let calls of models that the server itself names be counted under their names; told when they change."""
        usable = sorted(each for each in models if 0 < len(each.encode()) <= MAX_NAME_BYTES)
        named = tuple(usable[:MAX_NAMES])
        if named != self._named:
            self._named = named
            self._seam.name(named)

    def scraped(self, sequence: int) -> None:
        """Let the tap know of a read of /metrics, once for each snapshot."""
        if sequence <= self._scraped:
            return
        self._scraped = sequence
        # A tap that is gone waits for nobody; the loop is told of it by its next pull.
        with contextlib.suppress(SeamError):
            self._seam.scraped(sequence)

    async def pull(self) -> Facts:
        """Return the facts of now. Raises SeamError when the tap is gone or silent."""
        answer = await self._seam.pull(self._ledger.since)
        if not self._ledger.merge(answer):
            # Another tap's life: what was known is forgotten, so all of it is asked for.
            answer = await self._seam.pull(self._ledger.since)
            self._ledger.merge(answer)
        return facts_of(answer, self._ledger, self._seam.records, self._seam.draining)

    async def quiet_until(self, due: float) -> bool:
        """Wait until a moment of the loop's clock. True: the tap asks for the flush, so the next pull is the last."""
        await self._seam.quiet_until(due)
        return self._seam.flush_asked.is_set()
