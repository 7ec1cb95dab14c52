"""A file as a store: outlives the tap too. For single hosts with a disk that can be trusted."""

from __future__ import annotations

import os
import sqlite3
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sidecar.model.log import Log

FILE_NAME = "wayside.db"
# One process writes; a person may look with a tool of their own meanwhile.
BUSY_SECONDS = 1.0

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"
)


class StoreError(Exception):
    """The folder cannot be used; says why and what to do."""


class SqliteStore:
    """A table of keys in a file of the folder that `state_dir` names."""

    def __init__(self, folder: str, log: Log) -> None:
        """Open or make the file; one that is damaged is put aside, aloud. Raises StoreError."""
        self._log = log
        self._file = os.path.join(folder, FILE_NAME)
        self._written: dict[str, bytes] = {}
        try:
            os.makedirs(folder, exist_ok=True)
            try:
                self._database = self._opened()
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                self._put_aside(error)
                self._database = self._opened()
        except (OSError, sqlite3.Error) as error:
            raise StoreError(
                f"{folder} cannot hold state: {error}. Let it be a folder that Wayside may write to."
            ) from error

    def read(self, key: str) -> bytes | None:
        """See Store."""
        if key in self._written:
            return self._written[key] or None
        row = self._database.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
        return bytes(row[0]) if row else None

    def write(self, key: str, value: bytes) -> None:
        """See Store."""
        self._written[key] = value

    def commit(self) -> None:
        """See Store. A disk that fails is told in the log; the writes are tried again with the next commit."""
        if not self._written:
            return
        kept = [(key, value) for key, value in self._written.items() if value]
        gone = [(key,) for key, value in self._written.items() if not value]
        try:
            with self._database:
                self._database.executemany("INSERT OR REPLACE INTO state VALUES (?, ?)", kept)
                self._database.executemany("DELETE FROM state WHERE key = ?", gone)
        except sqlite3.Error as error:
            self._log.error("state could not be written", file=self._file, reason=error)
            return
        self._written.clear()

    def close(self) -> None:
        """See Store."""
        self._database.close()

    def _opened(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._file, timeout=BUSY_SECONDS)
        try:
            # Readers never block the writer, and a crash of the machine loses the last ticks, never the file.
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            with database:
                database.execute(_SCHEMA)
        except sqlite3.Error:
            database.close()
            raise
        return database

    def _put_aside(self, error: sqlite3.Error) -> None:
        aside = f"{self._file}.damaged-{time.time_ns()}"
        os.replace(self._file, aside)
        self._log.error("the state was damaged and begins anew", put_aside=aside, reason=error)
