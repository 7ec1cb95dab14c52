"""The one thread that touches the disk. What it is doing, however long that takes, holds up nobody else.

It has one pending batch: while it writes, later ticks merge into the next. A batch that could not be written stays, and
is tried again with what came after it, at most once a second.

A folder that another Wayside holds, or that cannot be written, is tried again at the same pace. When it can be had,
what lies there is handed to whoever counts, and nothing is written before it is one with what was counted meanwhile.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from sidecar.store.batch import Batch
from sidecar.store.database import Database, UnusableError
from sidecar.store.state_folder import InUseError, StateFolder

if TYPE_CHECKING:
    from collections.abc import Callable

    from sidecar.model.windows import SavedSeries

# Between two attempts at what has failed.
RETRY_SECONDS = 1.0
# Lines for the log that nobody has fetched yet; there is one for each change between working and not.
MAX_LINES = 16


class Line(NamedTuple):
    """For the log, written by whoever may write there."""

    level: str
    message: str
    fields: dict[str, object]


class Health(NamedTuple):
    """How keeping state goes."""

    up: bool = False
    reason: str = "it is being opened"
    set_aside: str = ""


class Opened(NamedTuple):
    """A file, and what was found in it."""

    database: Database
    values: dict[str, bytes]
    saved: list[SavedSeries]


class Writer:
    """Everything without an underscore may be called from any thread, and waits for no disk unless it says so."""

    def __init__(self, folder: str, unix_clock: Callable[[], float]) -> None:
        """`unix_clock` dates what is set aside."""
        self._folder = folder
        self._unix_clock = unix_clock
        self._wake = threading.Condition()
        # Shared, under _wake.
        self._pending: Batch | None = None
        self._in_flight: Batch | None = None
        self._closing = False
        self._was_tried = False
        self._is_late = False
        self._is_unjoined = False
        """What lay in the file came late, and no batch is of a tick that has known it."""
        self._health = Health()
        self._values: dict[str, bytes] = {}
        self._saved: list[SavedSeries] | None = None
        self._lines: deque[Line] = deque(maxlen=MAX_LINES)
        # Of the thread alone.
        self._held: StateFolder | None = None
        self._database: Database | None = None
        self._is_failing = False
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)
        self._thread.start()

    # --- for others -----------------------------------------------------------------------------

    def wait_opened(self, seconds: float) -> bool:
        """Wait until the file was opened or could not be; return whether either came in time.

        If not, what lies in it comes late, as if another had held it: see `take_late`.
        """
        with self._wake:
            self._is_late = not self._wake.wait_for(lambda: self._was_tried, seconds)
            return not self._is_late

    def take_saved(self, *, late: bool = False) -> list[SavedSeries]:
        """Return what an earlier life left, once: it is large, and whoever takes it has it from then on.

        `late`: what could not be read at the start. What is handed over afterwards has to be one with it.
        """
        with self._wake:
            if late is not self._is_unjoined:
                return []
            saved, self._saved = self._saved, None
        return saved or []

    def value(self, key: str) -> bytes:
        """Return what is under a key in the file, or will be; empty where nothing is."""
        with self._wake:
            for batch in (self._pending, self._in_flight):
                if batch is not None and key in batch.values:
                    return batch.values[key]
            return self._values.get(key, b"")

    def hand(self, batch: Batch) -> None:
        """Have it written, together with what is still to be written."""
        with self._wake:
            if self._pending is None:
                self._pending = batch
            else:
                self._pending.merge(batch)
            self._is_unjoined &= self._saved is not None
            self._wake.notify_all()

    def health(self) -> tuple[Health, float | None]:
        """Return how it goes, and when the oldest tick was committed that is not in the file."""
        with self._wake:
            unkept = [each.since for each in (self._in_flight, self._pending) if each is not None]
            return self._health, min(unkept, default=None)

    def take_lines(self) -> list[Line]:
        """Return what is to be told since this was last asked."""
        with self._wake:
            lines = list(self._lines)
            self._lines.clear()
        return lines

    def close(self, seconds: float) -> bool:
        """Have what was handed over written, and end; return whether that was done in time."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        self._thread.join(seconds)
        return not self._thread.is_alive() and self._pending is None

    # --- the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._open(first=True)
            while (batch := self._next()) is not None and self._go_on(batch):
                pass
        except BaseException as error:
            self._fail(error)
            raise
        finally:
            if self._database is not None:
                self._database.close()
            if self._held is not None:
                self._held.release()

    def _go_on(self, batch: Batch) -> bool:
        """Write a batch, or put it back; return whether to go on."""
        if self._database is None:
            self._open(first=False)
        with self._wake:
            # At the end there is nobody who could join it: ours stand beside what lies there.
            may_write = self._database is not None and (self._closing or not self._is_unjoined)
        written = may_write and self._write(batch)
        with self._wake:
            self._in_flight = None
            if written:
                self._values.update(batch.values)
                return True
            if self._pending is not None:
                batch.merge(self._pending)
            self._pending = batch
            if self._closing:
                return False
            # At the end it is tried once more, however soon that comes.
            self._wake.wait_for(lambda: self._closing, RETRY_SECONDS)
            return True

    def _next(self) -> Batch | None:
        """Wait for something to write; None: there is nothing and it is the end."""
        with self._wake:
            self._wake.wait_for(lambda: self._pending is not None or self._closing)
            self._in_flight, self._pending = self._pending, None
            return self._in_flight

    def _open(self, *, first: bool) -> None:
        """Try to get hold of the file, and fetch what an earlier life, or another Wayside, left in it."""
        try:
            self._held = self._held or StateFolder(self._folder)
            opened = self._opened(self._held)
        except (OSError, sqlite3.Error, UnusableError, InUseError) as error:
            self._fail(error)
        else:
            self._database = opened.database
            with self._wake:
                self._values, self._saved = opened.values, opened.saved
                self._is_unjoined = bool(opened.saved) and (self._is_late or not first)
            self._succeed()
        with self._wake:
            self._was_tried = True
            self._wake.notify_all()

    def _opened(self, held: StateFolder) -> Opened:
        """Open the file; one that will never do makes room for a new one. Raises what either raises."""
        try:
            return _read(held.file)
        except UnusableError as unusable:
            aside = held.set_aside(unusable.kind, self._unix_clock())
            with self._wake:
                self._health = self._health._replace(set_aside=aside)
            fields: dict[str, object] = {"set_aside": aside, "reason": unusable}
            self._tell("error", "the state could not be used and begins anew", fields)
            return _read(held.file)

    def _write(self, batch: Batch) -> bool:
        """Write a batch; what it holds may be at fault as well as the disk, and neither may end this thread."""
        assert self._database is not None
        try:
            self._database.write(batch)
        except (sqlite3.Error, UnusableError, ValueError, OverflowError) as error:
            self._fail(error)
            return False
        self._succeed()
        return True

    def _fail(self, error: BaseException) -> None:
        """Tell it where it is news: a disk that fails fails each second."""
        with self._wake:
            self._health = self._health._replace(up=False, reason=str(error))
        if self._is_failing:
            return
        self._is_failing = True
        fields: dict[str, object] = {"state_dir": self._folder, "reason": error}
        self._tell("error", "state is not kept, and will not outlive control until it is", fields)

    def _succeed(self) -> None:
        with self._wake:
            self._health = self._health._replace(up=True, reason="")
        if self._is_failing:
            self._is_failing = False
            self._tell("info", "state is kept again", {"state_dir": self._folder})

    def _tell(self, level: str, message: str, fields: dict[str, object]) -> None:
        with self._wake:
            self._lines.append(Line(level, message, fields))


def _read(file: str) -> Opened:
    """Open a file and read it."""
    database = Database(file)
    try:
        return Opened(database, database.values(), database.series())
    except BaseException:
        database.close()
        raise
