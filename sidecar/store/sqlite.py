"""A file as a store: outlives the tap too. For single hosts with a disk that can be trusted.

This is the side of the loop, which waits for the disk at two moments: for a few seconds at the start, because what was
kept decides how everything begins, and at the end, because what was handed over is to be kept.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sidecar.model.sections.store import DISK, StoreReading
from sidecar.store.batch import Batch
from sidecar.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sidecar.model.log import Log
    from sidecar.model.windows import SavedSeries, SeriesKey

# Within the 15 s in which the tap wants a pull. A month of 500 series takes 1.5 s of a quiet core. Whoever is slower
# begins without what was kept.
OPEN_SECONDS = 10.0
# Time for one slow write at the end. Whoever is slower loses what was not kept.
CLOSE_SECONDS = 5.0


class SqliteStore:
    """See Store. Never raises: where nothing can be kept it says so, and goes on trying."""

    keeps_slots = True

    def __init__(
        self,
        folder: str,
        log: Log,
        clock: Callable[[], float] = time.monotonic,
        unix_clock: Callable[[], float] = time.time,
    ) -> None:
        """Open the file in a folder, or begin without it. Clocks tell seconds."""
        self._folder = folder
        self._log = log
        self._clock = clock
        self._tick = Batch()
        self._writer = Writer(folder, unix_clock)
        if not self._writer.wait_opened(OPEN_SECONDS):
            log.error("state_dir is slow; beginning without what it holds", state_dir=folder)
        self._tell()

    def read(self, key: str) -> bytes | None:
        """See Store."""
        value = self._tick.values.get(key)
        return (self._writer.value(key) if value is None else value) or None

    def write(self, key: str, value: bytes) -> None:
        """See Store."""
        self._tick.values[key] = value

    def read_series(self) -> Sequence[SavedSeries]:
        """See Store: what an earlier life left, once. In this life the engine knows better."""
        return self._writer.take_saved()

    def take_late(self) -> Sequence[SavedSeries]:
        """See Store: what another Wayside kept until now, or a disk that was slow at the start."""
        return self._writer.take_saved(late=True)

    def save_series(self, series: Sequence[SavedSeries]) -> None:
        """See Store."""
        for each in series:
            self._tick.save(each)

    def forget_series(self, keys: Sequence[SeriesKey]) -> None:
        """See Store."""
        for key in keys:
            self._tick.forget(key)

    def commit(self) -> None:
        """See Store."""
        if self._tick:
            self._tick.since = self._clock()
            self._writer.hand(self._tick)
            self._tick = Batch()
        self._tell()

    def reading(self) -> StoreReading:
        """See Store."""
        health, since = self._writer.health()
        behind = max(self._clock() - since, 0.0) if since is not None else 0.0
        return StoreReading(DISK, *health, behind)

    def close(self) -> None:
        """See Store."""
        is_kept = self._writer.close(CLOSE_SECONDS)
        self._tell()
        if not is_kept:
            self._log.error("the last state was not kept", state_dir=self._folder)

    def _tell(self) -> None:
        """Write what the writer's thread has to say: the log is the loop's."""
        for level, message, fields in self._writer.take_lines():
            getattr(self._log, level)(message, **fields)
