"""A file as a store: outlives the tap too. For single hosts with a disk that can be trusted."""

from __future__ import annotations

import os
import sqlite3
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sidecar.model.log import Log

FILE_NAME = "wayside.db"
# Beside the file while it is in use; of another file they would be replayed into it.
_COMPANIONS = ("", "-wal", "-shm")
# One process writes; a person may look with a tool of their own meanwhile. The loop waits, and so for a moment only:
# what could not be written is written with the next commit.
BUSY_SECONDS = 0.05

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"
)


class StoreError(Exception):
    """The folder cannot be used; says why and what to do."""


class _DamagedError(Exception):
    """The file is no database, or not a whole one."""


class SqliteStore:
    """A table of keys in a file of the folder that `state_dir` names."""

    def __init__(self, folder: str, log: Log) -> None:
        """Open or make the file; one that is damaged is put aside, aloud. Raises StoreError."""
        self._log = log
        self._file = os.path.join(folder, FILE_NAME)
        self._written: dict[str, bytes] = {}
        self._failing = False
        try:
            os.makedirs(folder, exist_ok=True)
            try:
                self._database = self._opened()
            except _DamagedError as damage:
                self._put_aside(damage)
                self._database = self._opened()
        except (OSError, sqlite3.Error, _DamagedError) as error:
            raise StoreError(
                f"{folder} cannot hold state: {error}. Let it be a folder that Wayside may write to."
            ) from error

    def read(self, key: str) -> bytes | None:
        """See Store."""
        if key in self._written:
            return self._written[key] or None
        try:
            found = self._database.execute("SELECT value FROM state WHERE key = ?", (key,))
            row = found.fetchone()
        except sqlite3.Error as error:
            self._log.error("state could not be read", file=self._file, key=key, reason=error)
            return None
        return bytes(row[0]) if row else None

    def write(self, key: str, value: bytes) -> None:
        """See Store."""
        self._written[key] = value

    def commit(self) -> None:
        """See Store. A disk that fails is told once, and so is its recovery; meanwhile the writes wait."""
        if not self._written:
            return
        kept = [(key, value) for key, value in self._written.items() if value]
        gone = [(key,) for key, value in self._written.items() if not value]
        try:
            with self._database:
                self._database.executemany("INSERT OR REPLACE INTO state VALUES (?, ?)", kept)
                self._database.executemany("DELETE FROM state WHERE key = ?", gone)
        except sqlite3.Error as error:
            if not self._failing:
                self._failing = True
                self._log.error("state cannot be written", file=self._file, reason=error)
            return
        if self._failing:
            self._failing = False
            self._log.info("state is written again", file=self._file)
        self._written.clear()

    def close(self) -> None:
        """See Store."""
        self._database.close()

    def _opened(self) -> sqlite3.Connection:
        """Open the file and look at all of it: damage that is met later would end control in its work."""
        database = sqlite3.connect(self._file, timeout=BUSY_SECONDS)
        try:
            # Readers never block the writer, and a crash of the machine loses the last ticks, never the file.
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise _DamagedError(verdict)
            with database:
                database.execute(_SCHEMA)
            database.execute("SELECT key, value FROM state LIMIT 1").fetchone()
        except sqlite3.DatabaseError as error:
            database.close()
            if isinstance(error, sqlite3.OperationalError) and "no such column" not in str(error):
                raise
            raise _DamagedError(str(error)) from error
        except _DamagedError:
            database.close()
            raise
        return database

    def _put_aside(self, damage: _DamagedError) -> None:
        aside = f"{self._file}.damaged-{time.time_ns()}"
        for companion in _COMPANIONS:
            if os.path.exists(self._file + companion):
                os.replace(self._file + companion, aside + companion)
        self._log.error("the state was damaged and begins anew", put_aside=aside, reason=damage)
