"""Both stores have one face: what a test says here holds for either."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sidecar.store.face import Store
from sidecar.store.kept import MAX_VALUE_BYTES, KeptStore
from sidecar.store.lives import KEY, begin_life
from sidecar.store.sqlite import FILE_NAME, SqliteStore, StoreError


class Lines:
    """A log that remembers."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, message: str, **fields: object) -> None:
        self.lines.append(message)

    warning = error = info


class TapMemory:
    """What the tap holds between two lives of control."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.kept: list[tuple[str, bytes]] = []

    def keep(self, key: str, value: bytes) -> None:
        self.kept.append((key, value))
        self.values[key] = value

    def life(self) -> Store:
        return KeptStore(self.values, self.keep, Lines())


Life = Callable[[], Store]


@pytest.fixture(params=["sqlite", "kept"])
def life(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Life]:
    """Begin another life over the same state."""
    open_now: list[Store] = []
    memory = TapMemory()

    def begin() -> Store:
        for store in open_now:
            store.close()
        sqlite = request.param == "sqlite"
        open_now[:] = [SqliteStore(str(tmp_path / "state"), Lines()) if sqlite else memory.life()]
        return open_now[0]

    yield begin
    for store in open_now:
        store.close()


def test_what_was_committed_is_there_in_the_next_life(life: Life) -> None:
    store = life()
    assert store.read("a") is None
    store.write("a", b"1")
    store.write("b", b"\x00\xff")
    assert store.read("a") == b"1", "at once in the same life"
    store.commit()
    store.write("a", b"2")
    store.commit()
    later = life()
    assert (later.read("a"), later.read("b"), later.read("c")) == (b"2", b"\x00\xff", None)


def test_what_was_not_committed_is_lost_whole(life: Life) -> None:
    store = life()
    store.write("a", b"1")
    store.commit()
    store.write("a", b"2")
    store.write("b", b"2")
    later = life()
    assert (later.read("a"), later.read("b")) == (b"1", None)


def test_an_empty_value_forgets(life: Life) -> None:
    store = life()
    store.write("a", b"1")
    store.commit()
    store.write("a", b"")
    assert store.read("a") is None
    store.commit()
    assert life().read("a") is None


def test_lives_are_counted_from_one(life: Life) -> None:
    assert [begin_life(life()) for _ in range(3)] == [1, 2, 3]


def test_a_count_that_cannot_be_read_begins_anew(life: Life) -> None:
    store = life()
    store.write(KEY, b"many")
    store.commit()
    assert begin_life(life()) == 1


def test_only_what_changed_travels_to_the_tap() -> None:
    memory = TapMemory()
    store = memory.life()
    store.write("a", b"1")
    store.write("b", b"1")
    store.commit()
    store.write("a", b"1")
    store.write("b", b"2")
    store.commit()
    store.commit()
    assert memory.kept == [("a", b"1"), ("b", b"1"), ("b", b"2")]


def test_a_damaged_file_is_put_aside_and_said(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"this is no database, however long it is" * 100)
    (tmp_path / f"{FILE_NAME}-shm").write_bytes(b"of the same")
    log = Lines()
    store = SqliteStore(str(tmp_path), log)
    store.write("a", b"1")
    store.commit()
    store.close()
    assert log.lines == ["the state was damaged and begins anew"]
    aside, companion = sorted(tmp_path.glob(f"{FILE_NAME}.damaged-*"))
    assert companion.name == f"{aside.name}-shm"
    assert companion.read_bytes() == b"of the same", (
        "beside a new file it would be taken for that one's"
    )
    assert aside.read_bytes().startswith(b"this is no database")


def filled(folder: Path) -> Path:
    """Make a state of many pages and return its file."""
    store = SqliteStore(str(folder), Lines())
    for n in range(200):
        store.write(f"key-{n}", bytes(500))
    store.commit()
    assert begin_life(store) == 1
    store.close()
    return folder / FILE_NAME


def test_damage_in_the_middle_is_found_at_the_start(tmp_path: Path) -> None:
    file = filled(tmp_path)
    content = bytearray(file.read_bytes())
    content[4096 : 8 * 4096] = b"\xff" * (7 * 4096)
    file.write_bytes(content)
    log = Lines()
    store = SqliteStore(str(tmp_path), log)
    assert log.lines == ["the state was damaged and begins anew"]
    assert store.read("key-1") is None
    assert begin_life(store) == 1
    store.close()


def test_a_table_of_something_else_is_put_aside(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE_NAME) as other:
        other.execute("CREATE TABLE state (something TEXT)")
    other.close()
    log = Lines()
    store = SqliteStore(str(tmp_path), log)
    assert log.lines == ["the state was damaged and begins anew"]
    assert begin_life(store) == 1
    store.close()


def test_a_database_that_cannot_be_read_any_more_is_told_and_stops_nothing(tmp_path: Path) -> None:
    log = Lines()
    store = SqliteStore(str(tmp_path), log)
    store.close()
    assert store.read("a") is None
    assert log.lines == ["state could not be read"]


def test_what_is_forgotten_travels_first_because_it_makes_room() -> None:
    memory = TapMemory()
    store = memory.life()
    store.write("old", b"1")
    store.commit()
    store.write("new", b"2")
    store.write("old", b"")
    store.commit()
    assert memory.kept == [("old", b"1"), ("old", b""), ("new", b"2")]


def test_what_the_tap_could_never_keep_is_told_and_not_sent() -> None:
    memory, log = TapMemory(), Lines()
    store = KeptStore({}, memory.keep, log)
    store.write("large", bytes(MAX_VALUE_BYTES + 1))
    store.commit()
    assert memory.kept == []
    assert log.lines == ["state is too large for the tap to keep"]


def test_a_folder_that_cannot_be_used_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="Let it be a folder that Wayside may write to"):
        SqliteStore(str(tmp_path / "file"), Lines())


def test_a_disk_that_fails_loses_nothing_that_a_later_commit_can_write(tmp_path: Path) -> None:
    log = Lines()
    store = SqliteStore(str(tmp_path), log)
    store.write("a", b"1")
    with sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        store.commit()
        store.commit()
        assert log.lines == ["state cannot be written"], "once"
        other.execute("ROLLBACK")
    other.close()
    store.commit()
    assert log.lines == ["state cannot be written", "state is written again"]
    store.close()
    again = SqliteStore(str(tmp_path), log)
    assert again.read("a") == b"1"
    again.close()
