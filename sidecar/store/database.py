"""The file: its tables, what it was in earlier releases, and how one batch becomes one transaction.

A slot lies at its number modulo the places of its ring, so a file stops growing without anything being deleted; rows
that have become too old are told with their true numbers, and whoever reads knows them by that. Rows are in the order
(ring, place, series): the slots of one moment lie together, and a tick of 500 series writes a few dozen pages.

The connection locks the file for itself where it can. That needs no shared memory beside the file, so it can be read
when the disk is full, and nobody with a tool of their own keeps the write-ahead log from being folded in.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sidecar.model.windows import SavedSeries, SeriesKey
from sidecar.store.slot_table import PLACES, SlotTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sidecar.store.batch import Batch

# "Ways": a file that says something else is not ours.
APPLICATION_ID = 0x57617973
# Another process may be letting go of the file just now. Only the writer's thread waits.
BUSY_SECONDS = 1.0
# A tick of 500 series touches some 60 pages; all the rest is read once, at the start.
CACHE_KIBIBYTES = 512
# What is left of the write-ahead log after it was folded into the file.
LOG_BYTES = 4 << 20

# From each version of the file to the next. Version 0 is what had a table of keys and no number.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
        "CREATE TABLE series (id INTEGER PRIMARY KEY, objective_id TEXT NOT NULL, model TEXT NOT NULL,"
        " epoch_unix_nanos INTEGER NOT NULL, good INTEGER NOT NULL, bad INTEGER NOT NULL,"
        " excluded INTEGER NOT NULL, last_traffic_nanos INTEGER NOT NULL, since_nanos INTEGER NOT NULL,"
        " firing TEXT NOT NULL, pending TEXT NOT NULL, UNIQUE (objective_id, model))",
        "CREATE TABLE slots (ring INTEGER, place INTEGER, series INTEGER, number INTEGER NOT NULL,"
        " good INTEGER NOT NULL, bad INTEGER NOT NULL, bad_minutes INTEGER NOT NULL,"
        " PRIMARY KEY (ring, place, series)) WITHOUT ROWID",
    ),
)
VERSION = len(MIGRATIONS)
_MAGIC = b"SQLite format 3\0"
_COLUMNS = {
    "state": "key, value",
    "series": "id, objective_id, model, epoch_unix_nanos, good, bad, excluded,"
    " last_traffic_nanos, since_nanos, firing, pending",
    "slots": "ring, place, series, number, good, bad, bad_minutes",
}
_SAVE_SERIES = (
    "INSERT INTO series VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
    " epoch_unix_nanos = excluded.epoch_unix_nanos, good = excluded.good, bad = excluded.bad,"
    " excluded = excluded.excluded, last_traffic_nanos = excluded.last_traffic_nanos,"
    " since_nanos = excluded.since_nanos, firing = excluded.firing, pending = excluded.pending"
)


class UnusableError(Exception):
    """The file will never do, whatever the disk does: it is to be set aside."""

    def __init__(self, kind: str, reason: object) -> None:
        """`kind`: damaged, foreign, newer or read-only."""
        super().__init__(f"the file is {kind}: {reason}")
        self.kind = kind


class Database:
    """An open file. Its connection is used by one thread at a time."""

    def __init__(self, file: str) -> None:
        """Open or make it, and look at all of it. Raises UnusableError, or of the disk sqlite3.Error and OSError."""
        _look_at(file)
        self._connection = sqlite3.connect(
            file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            with _verdicts():
                self._open()
                found = self._connection.execute("SELECT id, objective_id, model FROM series")
                self._ids = {SeriesKey(*names): number for number, *names in found}
        except BaseException:
            self._connection.close()
            raise

    def values(self) -> dict[str, bytes]:
        """Return what is under each key. Raises UnusableError."""
        with _verdicts():
            return dict(self._execute("SELECT CAST(key AS TEXT), CAST(value AS BLOB) FROM state"))

    def series(self) -> list[SavedSeries]:
        """Return all series with all their slots, in one pass over the file. Raises UnusableError."""
        with _verdicts():
            tables = {number: SlotTable() for number in self._ids.values()}
            rows = self._execute("SELECT series, ring, number, good, bad, bad_minutes FROM slots")
            try:
                # A month of 500 series is a million rows.
                for series, ring, *row in rows:
                    if ring < 0:
                        raise ValueError("no such ring")
                    tables[series].append(ring, row)
                heads = self._execute(f"SELECT {_COLUMNS['series']} FROM series")
                return [_series(row, tables[row[0]]) for row in heads]
            except (LookupError, ValueError, TypeError, OverflowError, RecursionError) as error:
                raise UnusableError("damaged", f"a row makes no sense: {error!r}") from error

    def write(self, batch: Batch) -> None:
        """Write all of it or nothing.

        Raises sqlite3.Error, and UnusableError where the file turns out to be damaged.
        """
        with _verdicts():
            self._execute("BEGIN IMMEDIATE")
            try:
                ids = self._write(batch)
                self._execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._execute("ROLLBACK")
                raise
            self._ids = ids

    def close(self) -> None:
        """Fold the write-ahead log into the file, and let go of it."""
        self._connection.close()

    def _execute(self, statement: str) -> sqlite3.Cursor:
        return self._connection.execute(statement)

    def _open(self) -> None:
        # Before anything is written: a file that is not ours stays as it is.
        self._lock()
        version = self._version()
        for setting in (
            f"cache_size = -{CACHE_KIBIBYTES}",
            # On a root that cannot be written there is no place for temporary files.
            "temp_store = MEMORY",
            "journal_mode = WAL",
            # A crash of the machine loses the last ticks, never the file.
            "synchronous = NORMAL",
            f"journal_size_limit = {LOG_BYTES}",
        ):
            self._execute(f"PRAGMA {setting}")
        # Damage that is met later would end control in its work.
        (verdict,) = self._execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise UnusableError("damaged", verdict)
        if version < VERSION:
            self._migrate(version)
        for table, columns in _COLUMNS.items():
            self._execute(f"SELECT {columns} FROM {table} LIMIT 1").fetchone()

    def _lock(self) -> None:
        """Take the file for this connection alone, unless somebody is looking at it: then share it."""
        try:
            self._execute("PRAGMA locking_mode = EXCLUSIVE")
            self._execute("PRAGMA application_id")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            self._execute("PRAGMA locking_mode = NORMAL")

    def _version(self) -> int:
        """Return what the file says it is. Raises UnusableError where that is nothing that can be read here."""
        (application,) = self._execute("PRAGMA application_id").fetchone()
        (version,) = self._execute("PRAGMA user_version").fetchone()
        tables = {
            name for (name,) in self._execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        if "state" in tables:
            self._execute(f"SELECT {_COLUMNS['state']} FROM state LIMIT 1")
        earlier = application == 0 and version == 0 and tables <= {"state"}
        if application != APPLICATION_ID and not earlier:
            raise UnusableError(
                "foreign", f"application_id {application:#x}, tables {sorted(tables)}"
            )
        if not 0 <= version <= VERSION:
            raise UnusableError(
                "newer", f"version {version}, and this Wayside reads up to {VERSION}"
            )
        return int(version)

    def _migrate(self, version: int) -> None:
        self._execute("BEGIN IMMEDIATE")
        for statement in (each for step in MIGRATIONS[version:] for each in step):
            self._execute(statement)
        self._execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self._execute(f"PRAGMA user_version = {VERSION}")
        self._execute("COMMIT")

    def _write(self, batch: Batch) -> dict[SeriesKey, int]:
        """Write within a transaction; return the numbers of the series as they are after it."""
        ids = dict(self._ids)
        many = self._connection.executemany
        gone = [(number,) for key in batch.forgotten if (number := ids.pop(key, None)) is not None]
        many("DELETE FROM series WHERE id = ?", gone)
        if gone:
            # One pass over the file for all of them: no index leads from a series to its slots.
            numbers = ", ".join(str(number) for (number,) in gone)
            self._execute(f"DELETE FROM slots WHERE series IN ({numbers})")
        last = max(self._ids.values(), default=0)
        for key in batch.heads:
            if key not in ids:
                ids[key] = last = last + 1
        many(_SAVE_SERIES, (_head(ids[key], head) for key, head in batch.heads.items()))
        many(
            "INSERT OR REPLACE INTO slots VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (slot.ring, slot.number % PLACES[slot.ring], ids[key], *slot[1:])
                for key, table in batch.slots.items()
                for slot in table
            ),
        )
        kept = ((key, value) for key, value in batch.values.items() if value)
        many("INSERT OR REPLACE INTO state VALUES (?, ?)", kept)
        many(
            "DELETE FROM state WHERE key = ?",
            ((key,) for key, value in batch.values.items() if not value),
        )
        return ids


def _look_at(file: str) -> None:
    """Look at a file before SQLite does, which empties the log beside one that is no database."""
    if not os.path.exists(file):
        return
    if not os.access(file, os.R_OK | os.W_OK):
        raise UnusableError("read-only", "it may not be written")
    with open(file, "rb") as content:
        begin = content.read(len(_MAGIC))
    if begin not in (_MAGIC, b""):
        raise UnusableError("damaged", "it is no database")


def _head(number: int, head: SavedSeries) -> tuple[object, ...]:
    return (
        number,
        *head.key,
        head.epoch_unix_nanos,
        head.good,
        head.bad,
        head.excluded,
        head.last_traffic_nanos,
        head.since_nanos,
        json.dumps(head.firing),
        json.dumps(head.pending),
    )


def _series(row: tuple[Any, ...], slots: SlotTable) -> SavedSeries:
    """Return what a row says. A column may hold anything, whatever its table says: raises what `series` tells apart."""
    _, objective, model, *numbers, firing, pending = row
    if not (isinstance(objective, str) and isinstance(model, str)):
        raise TypeError("a name is no text")
    if not all(isinstance(number, int) and number >= 0 for number in numbers):
        raise ValueError("a count is no whole number from 0 on")
    epoch, good, bad, excluded, last_traffic, since = numbers
    return SavedSeries(
        SeriesKey(objective, model),
        epoch,
        good,
        bad,
        excluded,
        last_traffic,
        since,
        _tiers(firing),
        _tiers(pending),
        slots,
    )


def _tiers(text: str) -> tuple[tuple[str, int], ...]:
    return tuple((str(name), int(since)) for name, since in json.loads(text))


@contextmanager
def _verdicts() -> Iterator[None]:
    """Tell a file that will never do from a disk that may do again. By class and message: Python 3.10 has no code."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if any(words in str(error) for words in ("no such", "Could not decode to UTF-8")):
            raise UnusableError("damaged", error) from error
        raise
    except sqlite3.DatabaseError as error:
        raise UnusableError("damaged", error) from error
