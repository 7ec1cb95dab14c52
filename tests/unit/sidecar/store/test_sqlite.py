"""The file: what is done with one that cannot be used, and with a disk that is slow, full or not to be written."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from sidecar.model.windows import SeriesKey, Slot
from sidecar.store import sqlite as store_module
from sidecar.store.batch import Batch
from sidecar.store.database import APPLICATION_ID, VERSION, Database
from sidecar.store.lives import begin_life
from sidecar.store.sqlite import SqliteStore
from sidecar.store.state_folder import FILE_NAME, StateFolder
from tests.fakes.lines import Lines
from tests.fakes.saved_series import KEY, NOW, rings, saved

ROOT = Path(__file__).resolve().parents[4]
PATIENCE_SECONDS = 30.0
LOST = "state is not kept, and will not outlive control until it is"
KEPT_AGAIN = "state is kept again"
ANEW = "the state could not be used and begins anew"


def until(condition: Callable[[], bool]) -> None:
    """Wait for what the writer's thread does."""
    ended = threading.Event()
    for _ in range(int(PATIENCE_SECONDS / 0.005)):
        if condition():
            return
        ended.wait(0.005)
    raise AssertionError("it did not happen")


@contextmanager
def opened(folder: Path, log: Lines | None = None) -> Iterator[SqliteStore]:
    """Open a store and close it again."""
    store = SqliteStore(str(folder), log or Lines(), unix_clock=lambda: 1_796_069_700.5)
    try:
        yield store
    finally:
        store.close()


def kept_in(folder: Path, key: str) -> bytes | None:
    """Read a value in another life."""
    with opened(folder) as store:
        return store.read(key)


def filled(folder: Path) -> Path:
    """Make a state of many pages and return its file."""
    with opened(folder) as store:
        for n in range(200):
            store.write(f"key-{n}", bytes(500))
        store.save_series([saved(rings([(NOW, 1, 1)]))])
        assert begin_life(store) == 1
    return folder / FILE_NAME


# --- a file that cannot be used ---------------------------------------------------------------------


def damage_all(file: Path) -> None:
    file.write_bytes(b"this is no database, however long it is" * 100)


def damage_the_middle(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[4096 : 8 * 4096] = b"\xff" * (7 * 4096)
    file.write_bytes(content)


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def change(*statements: str) -> Callable[[Path], None]:
    def apply(file: Path) -> None:
        with sqlite3.connect(file) as database:
            for statement in statements:
                database.execute(statement)
        database.close()

    return apply


def make_foreign(file: Path) -> None:
    file.unlink()
    change("CREATE TABLE songs (title TEXT)", "PRAGMA application_id = 7")(file)


def make_nameless(file: Path) -> None:
    file.unlink()
    change("CREATE TABLE songs (title TEXT)")(file)


def make_other_state(file: Path) -> None:
    file.unlink()
    change("CREATE TABLE state (something TEXT)")(file)


SPOILED: dict[str, tuple[str, Callable[[Path], None]]] = {
    "no database": ("damaged", damage_all),
    "middle": ("damaged", damage_the_middle),
    "cut": ("damaged", cut),
    "no table": ("damaged", change("DROP TABLE slots")),
    "no number": ("damaged", change("UPDATE series SET firing = 'many'")),
    "no whole number": ("damaged", change("UPDATE series SET good = 1.5")),
    "no number at all": ("damaged", change("UPDATE series SET since_nanos = 'today'")),
    "less than nothing": ("damaged", change("UPDATE series SET bad = -1")),
    "no name": ("damaged", change("UPDATE series SET model = x'ff'")),
    "no text": ("damaged", change("UPDATE series SET model = CAST(x'ff' AS TEXT)")),
    "no key": ("damaged", change("UPDATE state SET key = CAST(x'ff' AS TEXT) WHERE key = 'key-1'")),
    "without an end": ("damaged", change(f"UPDATE series SET firing = '{'[' * 100_000}'")),
    "no ring": ("damaged", change("UPDATE slots SET ring = ring + 9")),
    "no series": ("damaged", change("UPDATE slots SET series = 77")),
    "other state": ("damaged", make_other_state),
    "foreign": ("foreign", make_foreign),
    "nameless": ("foreign", make_nameless),
    "newer": ("newer", change(f"PRAGMA user_version = {VERSION + 1}")),
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_file_that_cannot_be_used_is_set_aside_and_said(tmp_path: Path, name: str) -> None:
    kind, spoil = SPOILED[name]
    file, log = filled(tmp_path), Lines()
    spoil(file)
    spoiled = file.read_bytes()
    with opened(tmp_path, log) as store:
        aside = Path(store.reading().set_aside)
        assert (store.reading().up, store.reading().reason) == (True, "")
        assert (store.read("key-1"), store.read_series()) == (None, [])
        assert begin_life(store) == 1
    assert log.lines == [ANEW]
    assert aside == tmp_path / f"{FILE_NAME}.{kind}-20261130T201500Z"
    assert aside.read_bytes() == spoiled or kind == "damaged"
    with opened(tmp_path, log) as store:
        assert begin_life(store) == 2, "the new one is in use"
        assert store.reading().set_aside == ""
    assert log.lines == [ANEW]


def test_what_lies_beside_a_file_goes_with_it_and_names_are_not_used_twice(tmp_path: Path) -> None:
    for n in range(2):
        (tmp_path / FILE_NAME).write_bytes(b"no database %d" % n * 100)
        (tmp_path / f"{FILE_NAME}-wal").write_bytes(b"log %d" % n)
        with opened(tmp_path):
            pass
    names = {path.name: path for path in tmp_path.glob("*.damaged-*")}
    assert sorted(names) == [
        f"{FILE_NAME}.damaged-20261130T201500Z{rest}" for rest in ("", "-1", "-1-wal", "-wal")
    ]
    assert names[f"{FILE_NAME}.damaged-20261130T201500Z-1-wal"].read_bytes() == b"log 1", (
        "beside a new file it would be replayed into that"
    )


def test_a_file_of_the_release_before_is_carried_over(tmp_path: Path) -> None:
    change(
        "PRAGMA journal_mode = WAL",
        "CREATE TABLE state (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
        "INSERT INTO state VALUES ('control/lives', x'34')",
    )(tmp_path / FILE_NAME)
    log = Lines()
    with opened(tmp_path, log) as store:
        assert begin_life(store) == 5
        store.save_series([saved()])
        store.commit()
    assert log.lines == []
    with sqlite3.connect(tmp_path / FILE_NAME) as database:
        assert database.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert database.execute("PRAGMA user_version").fetchone() == (VERSION,)
    database.close()


def test_a_write_that_finds_damage_is_told_and_stops_nothing(tmp_path: Path) -> None:
    log = Lines()
    with opened(tmp_path, log) as store:
        assert store._writer._database is not None
        store._writer._database._execute("DROP TABLE slots")
        store.save_series([saved([Slot(0, NOW, 1, 0, 0)])])
        store.commit()
        until(lambda: not store.reading().up)
        assert "no such table: slots" in store.reading().reason
        assert store.read("a") is None
    assert log.lines == [LOST, "the last state was not kept"]
    with opened(tmp_path, log) as store:
        assert "damaged" in store.reading().set_aside, "the next life begins anew"


# --- slots in their places --------------------------------------------------------------------------


def test_a_slot_takes_the_place_of_one_that_has_left_the_ring(tmp_path: Path) -> None:
    places = 362
    database = Database(str(tmp_path / FILE_NAME))
    for number in range(2 * places + 5):
        batch = Batch()
        batch.save(saved([Slot(0, number, number, 1, 1)]))
        database.write(batch)
    (series,) = database.series()
    assert len(series.slots) <= places
    found = {slot.number: slot.good for slot in series.slots}
    newest = max(found)
    assert newest == 2 * places + 4
    assert set(found) == set(range(newest - places + 1, newest + 1))
    assert all(good == number for number, good in found.items()), "with their true numbers"
    database.close()


def test_nothing_stays_of_a_forgotten_series(tmp_path: Path) -> None:
    other = SeriesKey("fedcba9876543210", "")
    first, forgetting, again = Batch(), Batch(), Batch()
    first.save(saved([Slot(0, NOW, 1, 0, 0)]))
    first.save(saved([Slot(0, NOW, 2, 0, 0)], key=other))
    forgetting.forget(KEY)
    again.save(saved([Slot(0, NOW + 1, 3, 0, 0)]))
    database = Database(str(tmp_path / FILE_NAME))
    database.write(first)
    database.write(forgetting)
    database.close()
    database = Database(str(tmp_path / FILE_NAME))
    assert [(each.key, list(each.slots)) for each in database.series()] == [
        (other, [Slot(0, NOW, 2, 0, 0)])
    ]
    database.write(again)
    assert {each.key: list(each.slots) for each in database.series()} == {
        other: [Slot(0, NOW, 2, 0, 0)],
        KEY: [Slot(0, NOW + 1, 3, 0, 0)],
    }
    database.close()


def test_a_batch_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    database = Database(str(tmp_path / FILE_NAME))
    batch = Batch()
    batch.values["a"] = b"1"
    batch.save(saved(good=1))
    database.write(batch)
    batch.values["a"] = b"2"
    batch.save(saved(good=2**63))
    with pytest.raises(OverflowError):
        database.write(batch)
    assert database.values() == {"a": b"1"}
    assert [each.good for each in database.series()] == [1]
    database.close()


# --- a slow disk ------------------------------------------------------------------------------------


class SlowDisk:
    """Each write waits until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.began, self.go_on = threading.Semaphore(0), threading.Semaphore(0)
        self.batches: list[Batch] = []
        self.is_broken = False
        write = Database.write

        def slowly(database: Database, batch: Batch) -> None:
            self.batches.append(batch)
            self.began.release()
            assert self.go_on.acquire(timeout=PATIENCE_SECONDS)
            if self.is_broken:
                raise sqlite3.OperationalError("disk I/O error")
            write(database, batch)

        monkeypatch.setattr(Database, "write", slowly)


def test_a_slow_disk_holds_up_nobody_and_later_ticks_merge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    disk, log = SlowDisk(monkeypatch), Lines()
    store = SqliteStore(str(tmp_path), log, clock=lambda: now[0])
    for tick in range(50):
        store.write("tick", b"%d" % tick)
        store.save_series([saved([Slot(0, NOW + tick // 10, tick, 0, 0)], good=tick)])
        store.commit()
        if tick == 0:
            assert disk.began.acquire(timeout=PATIENCE_SECONDS)
        assert store.read("tick") == b"%d" % tick
        now[0] += 1.0
    assert len(disk.batches) == 1, "fifty commits have come back, and the first is not written yet"
    assert store.reading().behind_seconds == 50.0
    assert store.reading().up
    disk.go_on.release()
    assert disk.began.acquire(timeout=PATIENCE_SECONDS)
    assert len(disk.batches) == 2, "all the others are one"
    assert store.reading().behind_seconds == 49.0
    assert [slot.good for slot in disk.batches[1].slots[KEY]] == [9, 19, 29, 39, 49]
    disk.go_on.release()
    until(lambda: store.reading().behind_seconds == 0.0)
    store.close()
    assert log.lines == []
    with opened(tmp_path) as later:
        (series,) = later.read_series()
        assert (later.read("tick"), series.good, len(series.slots)) == (b"49", 49, 5)


def test_what_a_slow_disk_did_not_take_is_written_with_what_came_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SlowDisk(monkeypatch)
    store = SqliteStore(str(tmp_path), Lines())
    disk.is_broken = True
    for key, slot in (("a", NOW), ("b", NOW + 1)):
        store.write(key, b"1")
        store.save_series([saved([Slot(0, slot, 1, 0, 0)])])
        store.commit()
        if key == "a":
            assert disk.began.acquire(timeout=PATIENCE_SECONDS)
    disk.go_on.release()
    until(lambda: not store.reading().up)
    assert (store.read("a"), store.read("b")) == (b"1", b"1")
    disk.is_broken = False
    disk.go_on.release(2)
    until(lambda: store.reading().behind_seconds == 0.0)
    store.close()
    monkeypatch.undo()
    with opened(tmp_path) as later:
        assert (later.read("a"), later.read("b")) == (b"1", b"1")
        assert [slot.number for slot in later.read_series()[0].slots] == [NOW, NOW + 1]


def test_the_end_waits_for_what_was_committed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SlowDisk(monkeypatch)
    store = SqliteStore(str(tmp_path), Lines())
    store.write("a", b"1")
    store.commit()
    assert disk.began.acquire(timeout=PATIENCE_SECONDS)
    store.write("a", b"2")
    store.commit()
    disk.go_on.release(2)
    store.close()
    monkeypatch.undo()
    assert kept_in(tmp_path, "a") == b"2"


def test_at_the_end_it_is_tried_once_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sidecar.store.writer.RETRY_SECONDS", PATIENCE_SECONDS)
    disk = SlowDisk(monkeypatch)
    disk.is_broken = True
    store = SqliteStore(str(tmp_path), Lines())
    store.write("a", b"1")
    store.commit()
    disk.go_on.release()
    until(lambda: not store.reading().up)
    disk.is_broken = False
    disk.go_on.release()
    store.close()
    monkeypatch.undo()
    assert kept_in(tmp_path, "a") == b"1"


def test_the_end_does_not_wait_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "CLOSE_SECONDS", 0.01)
    disk, log = SlowDisk(monkeypatch), Lines()
    store = SqliteStore(str(tmp_path), log)
    store.write("a", b"1")
    store.commit()
    assert disk.began.acquire(timeout=PATIENCE_SECONDS)
    store.close()
    assert log.lines == ["the last state was not kept"]
    disk.go_on.release()
    store._writer._thread.join(PATIENCE_SECONDS)
    assert not store._writer._thread.is_alive()


def test_a_disk_that_is_slow_to_open_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path)
    monkeypatch.setattr(store_module, "OPEN_SECONDS", 0.01)
    go_on = threading.Event()
    hold = StateFolder.__init__

    def slowly(folder: StateFolder, path: str) -> None:
        assert go_on.wait(PATIENCE_SECONDS)
        hold(folder, path)

    monkeypatch.setattr(StateFolder, "__init__", slowly)
    log = Lines()
    store = SqliteStore(str(tmp_path), log)
    assert log.lines == ["state_dir is slow; beginning without what it holds"]
    assert not store.reading().up
    assert store.read_series() == store.take_late() == []
    store.save_series([saved([Slot(0, NOW + 1, 5, 0, 0)], good=5)])
    store.commit()
    go_on.set()
    until(lambda: store.reading().up)
    (before,) = store.take_late()
    assert store.take_late() == store.read_series() == [], "once"
    store.save_series([saved([Slot(0, NOW + 1, 6, 0, 0)], good=6)])
    store.commit()
    until(lambda: store.reading().behind_seconds == 0.0)
    store.close()
    monkeypatch.undo()
    with opened(tmp_path) as later:
        (series,) = later.read_series()
        assert set(series.slots) == {*before.slots, Slot(0, NOW + 1, 6, 0, 0)}


# --- a full disk ------------------------------------------------------------------------------------


def test_a_full_disk_is_told_once_and_so_is_its_recovery(tmp_path: Path) -> None:
    log = Lines()
    with opened(tmp_path, log) as store:
        database = store._writer._database
        assert database is not None
        # What SQLite says of a file that may not grow is what it says of a disk that is full.
        database._execute("PRAGMA max_page_count = 6")
        store.write("large", bytes(100_000))
        store.commit()
        until(lambda: not store.reading().up)
        store.write("a", b"1")
        store.commit()
        assert log.lines == [LOST], "once"
        assert store.reading().reason == "database or disk is full"
        assert store.read("a") == b"1"
        database._execute("PRAGMA max_page_count = 1000")
        until(lambda: store.reading().behind_seconds == 0.0)
        store.commit()
        assert log.lines == [LOST, KEPT_AGAIN]
    assert kept_in(tmp_path, "a") == b"1"
    assert kept_in(tmp_path, "large") == bytes(100_000), "the first that could not be written"


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """Mount a file system of 256 kB, where that is allowed."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def fill(place: Path) -> Path:
    """Leave no room."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    assert os.statvfs(place).f_bfree == 0
    return ballast


def test_what_is_on_a_full_disk_is_read_and_what_comes_is_written_once_there_is_room(
    tmp_path: Path,
) -> None:
    log = Lines()
    with small_disk(tmp_path / "disk") as disk:
        with opened(disk) as store:
            store.write("a", b"1")
            store.commit()
        ballast = fill(disk)
        with opened(disk, log) as store:
            assert store.read("a") == b"1"
            store.write("a", b"2")
            store.commit()
            until(lambda: not store.reading().up)
            store.commit()
            assert log.lines == [LOST]
            ballast.unlink()
            until(lambda: store.reading().up)
        assert log.lines == [LOST, KEPT_AGAIN]
        assert kept_in(disk, "a") == b"2"


# --- a folder that cannot be written, or is another's -----------------------------------------------

# Root may write everywhere; this is somebody who owns nothing.
AS_ANOTHER_USER = """\
import os, sys
from pathlib import Path
from sidecar.store.sqlite import SqliteStore
from tests.fakes.lines import Lines
if os.geteuid() == 0:
    os.setuid(65_534)
store = SqliteStore(sys.argv[1], Lines())
store.write("a", b"1")
store.commit()
store.close()
print(store.reading().up, "denied" in store.reading().reason, Path(store.reading().set_aside).name)
"""


def as_nobody(folder: Path) -> str:
    """Open a folder as a user who owns nothing, and say how that went."""
    command = [sys.executable, "-c", AS_ANOTHER_USER, str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that another user can reach; pytest's own are closed to them."""
    with TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        folder = Path(place) / "state"
        folder.mkdir()
        yield folder


def test_in_a_folder_that_cannot_be_written_it_goes_on_without(open_to_all: Path) -> None:
    filled(open_to_all)
    open_to_all.chmod(0o555)
    assert as_nobody(open_to_all).strip() == "False True"
    open_to_all.chmod(0o755)
    with opened(open_to_all) as store:
        assert store.read("key-1") is not None, "as it was"


def test_a_file_that_cannot_be_written_is_set_aside_where_the_folder_can(open_to_all: Path) -> None:
    filled(open_to_all).chmod(0o444)
    (open_to_all / "wayside.lock").chmod(0o666)
    open_to_all.chmod(0o777)
    up, _, aside = as_nobody(open_to_all).split()
    assert up == "True"
    assert aside.startswith(f"{FILE_NAME}.read-only-")


def test_a_folder_that_is_a_file_is_told_and_tried_again(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    log = Lines()
    with opened(tmp_path / "state", log) as store:
        assert begin_life(store) == 1
        assert log.lines == [LOST]
        assert not store.reading().up
        (tmp_path / "state").unlink()
        until(lambda: store.reading().up)
        store.commit()
        assert log.lines == [LOST, KEPT_AGAIN]
    with opened(tmp_path / "state") as store:
        assert begin_life(store) == 2


def test_a_second_one_waits_until_the_folder_is_free_and_goes_on_with_what_lies_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Batch] = []
    write = Database.write

    def noted(database: Database, batch: Batch) -> None:
        written.append(batch)
        write(database, batch)

    monkeypatch.setattr(Database, "write", noted)
    log, other = Lines(), SeriesKey("fedcba9876543210", "other")
    theirs = [Slot(0, NOW, 1, 0, 0), Slot(0, NOW + 5, 4, 0, 0)]
    with opened(tmp_path, log) as first:
        first.save_series([saved(theirs), saved(key=other, good=9)])
        first.write("theirs", b"1")
        first.commit()
        second = SqliteStore(str(tmp_path), log)
        assert log.lines == [LOST]
        assert not second.reading().up
        assert "another Wayside keeps its state in" in second.reading().reason
        assert second.read_series() == second.take_late() == []
        second.save_series([saved([Slot(0, NOW + 5, 2, 2, 1)], good=2)])
        second.commit()
    written.clear()
    until(lambda: second.reading().up)
    second.save_series([saved([Slot(0, NOW + 5, 3, 2, 1)], good=3)])
    second.commit()
    found = {each.key: each for each in second.take_late()}
    assert list(found[KEY].slots) == theirs, "what was handed over does not know of it yet"
    assert second.read("theirs") == b"1"
    second.save_series([saved([Slot(0, NOW + 5, 7, 2, 1), Slot(0, NOW + 6, 1, 0, 0)], good=4)])
    second.commit()
    until(lambda: not second.reading().behind_seconds)
    second.close()
    assert [batch.heads[KEY].good for batch in written] == [4], "whatever ends it, nothing is lost"
    assert log.lines == [LOST, KEPT_AGAIN]
    with opened(tmp_path) as later:
        found = {each.key: each for each in later.read_series()}
        assert found[other].good == 9, "it had none of that"
        assert list(found[KEY].slots) == [
            Slot(0, NOW, 1, 0, 0),
            Slot(0, NOW + 5, 7, 2, 1),
            Slot(0, NOW + 6, 1, 0, 0),
        ]


def test_a_second_one_that_ends_before_it_could_join_them_leaves_both(tmp_path: Path) -> None:
    with opened(tmp_path) as first:
        first.save_series([saved([Slot(0, NOW, 1, 0, 0)])])
        first.commit()
        second = SqliteStore(str(tmp_path), Lines())
        second.save_series([saved([Slot(0, NOW + 5, 2, 2, 1)], good=2)])
        second.commit()
    until(lambda: second.reading().up)
    second.close()
    with opened(tmp_path) as later:
        (series,) = later.read_series()
        assert list(series.slots) == [Slot(0, NOW, 1, 0, 0), Slot(0, NOW + 5, 2, 2, 1)]


def test_somebody_who_looks_at_the_file_keeps_nobody_from_it(tmp_path: Path) -> None:
    filled(tmp_path)
    looking = sqlite3.connect(tmp_path / FILE_NAME)
    assert looking.execute("SELECT count(*) FROM series").fetchone() == (1,)
    with opened(tmp_path) as store:
        assert store.reading().up
        assert [each.key for each in store.read_series()] == [KEY]
        store.write("a", b"1")
        store.commit()
        until(lambda: store.reading().behind_seconds == 0.0)
        assert looking.execute("SELECT count(*) FROM state WHERE key = 'a'").fetchone() == (1,)
    looking.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_writer_that_ends_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise AssertionError("nobody thought of this")

    log = Lines()
    with opened(tmp_path, log) as store:
        monkeypatch.setattr(Database, "write", broken)
        store.write("a", b"1")
        store.commit()
        until(lambda: not store.reading().up)
        assert store.reading().reason == "nobody thought of this"
        assert store.read("a") == b"1"
    assert log.lines[0] == LOST


def test_the_folder_is_free_when_the_one_who_held_it_is_gone(tmp_path: Path) -> None:
    program = (
        "import os, sys; from sidecar.store.state_folder import StateFolder; "
        "StateFolder(sys.argv[1]); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=ROOT)
    assert killed.returncode == -9
    StateFolder(str(tmp_path)).release()
