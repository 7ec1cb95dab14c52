"""Noticing changed files: once, when still, through symlink swaps."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sidecar.runtime.watch import Watch


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration file."""
    path = tmp_path / "wayside.yaml"
    path.write_text("one")
    return path


def looks(watch: Watch, times: int = 4) -> list[bool]:
    """What several ticks say."""
    return [watch.changed() for _ in range(times)]


def test_a_file_that_stays_says_nothing(file: Path) -> None:
    assert looks(Watch((str(file),), settled=True)) == [False] * 4


def test_a_change_is_told_once_after_one_still_tick(file: Path) -> None:
    watch = Watch((str(file),), settled=True)
    file.write_text("another")
    assert looks(watch) == [False, True, False, False]


def test_a_file_still_being_written_is_waited_for(file: Path) -> None:
    watch = Watch((str(file),), settled=True)
    for size in range(3, 6):
        file.write_text("x" * size * 10)
        assert not watch.changed()
    assert watch.changed()


def test_a_file_known_to_differ_is_told_at_the_first_still_tick(file: Path) -> None:
    assert looks(Watch((str(file),), settled=False)) == [True, False, False, False]


def test_the_swap_of_a_mounted_config_map_is_a_change(tmp_path: Path) -> None:
    """Kubernetes: wayside.yaml -> ..data/wayside.yaml, ..data -> a folder that is replaced by rename."""
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "wayside.yaml").write_text("same size")
        os.utime(tmp_path / name / "wayside.yaml", (1, 1))
    (tmp_path / "..data").symlink_to("first")
    path = tmp_path / "wayside.yaml"
    path.symlink_to("..data/wayside.yaml")
    watch = Watch((str(path),), settled=True)
    (tmp_path / "..data_tmp").symlink_to("second")
    os.rename(tmp_path / "..data_tmp", tmp_path / "..data")
    assert looks(watch) == [False, True, False, False]


def test_a_file_that_goes_and_one_that_comes_back_are_changes(file: Path) -> None:
    watch = Watch((str(file),), settled=True)
    file.unlink()
    assert looks(watch) == [False, True, False, False]
    file.write_text("one")
    assert looks(watch) == [False, True, False, False]


def test_what_failed_for_another_reason_is_told_again(file: Path) -> None:
    watch = Watch((str(file),), settled=True)
    watch.again()
    assert looks(watch) == [True, False, False, False]


def test_a_pattern_is_the_files_that_it_matches_now(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("one")
    watch = Watch((str(tmp_path / "*.yaml"),), settled=True)
    assert looks(watch, 2) == [False, False]
    (tmp_path / "b.yaml").write_text("new")
    assert looks(watch) == [False, True, False, False]
    (tmp_path / "b.yaml").write_text("other words")
    assert looks(watch) == [False, True, False, False]
    (tmp_path / "b.yaml").rename(tmp_path / "c.yaml")
    assert looks(watch) == [False, True, False, False]
    (tmp_path / "c.txt").write_text("of no concern")
    (tmp_path / "d.yaml").mkdir()
    assert looks(watch) == [False] * 4
    (tmp_path / "a.yaml").unlink()
    assert looks(watch) == [False, True, False, False]


def test_the_swap_of_a_mounted_folder_of_files_is_a_change(tmp_path: Path) -> None:
    """Kubernetes: each file is a link into ..data, and a file that is new is a new link."""
    for name, files in (("first", ["a"]), ("second", ["a", "b"])):
        (tmp_path / name).mkdir()
        for file in files:
            (tmp_path / name / f"{file}.yaml").write_text("same size")
    (tmp_path / "..data").symlink_to("first")
    (tmp_path / "a.yaml").symlink_to("..data/a.yaml")
    watch = Watch((str(tmp_path / "*.yaml"),), settled=True)
    (tmp_path / "..data_tmp").symlink_to("second")
    os.rename(tmp_path / "..data_tmp", tmp_path / "..data")
    assert looks(watch) == [False, True, False, False]
    (tmp_path / "b.yaml").symlink_to("..data/b.yaml")
    assert looks(watch) == [False, True, False, False]
