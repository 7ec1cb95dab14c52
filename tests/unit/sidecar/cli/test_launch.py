"""Finding the binary, and handing the policy over."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from sidecar.cli import launch
from sidecar.cli.launch import LaunchError


def program(path: Path) -> Path:
    """An executable file."""
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No binary anywhere, until a test puts one."""
    monkeypatch.delenv("WAYSIDE_TAP", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    (tmp_path / "path").mkdir()
    (tmp_path / "bin").mkdir()


def test_the_environment_wins_then_beside_python_then_the_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    on_path = program(tmp_path / "path" / "wayside-tap")
    assert launch.find_tap() == str(on_path)
    beside = program(tmp_path / "bin" / "wayside-tap")
    assert launch.find_tap() == str(beside)
    named = program(tmp_path / "mine")
    monkeypatch.setenv("WAYSIDE_TAP", str(named))
    assert launch.find_tap() == str(named)


def test_a_missing_binary_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LaunchError, match="make build"):
        launch.find_tap()
    monkeypatch.setenv("WAYSIDE_TAP", "/nonexistent")
    with pytest.raises(LaunchError, match="WAYSIDE_TAP"):
        launch.find_tap()


def test_the_policy_is_read_from_a_descriptor_at_its_start_however_long() -> None:
    content = b"p" * 1_000_000
    fd = launch._readable(content)
    with os.fdopen(fd, "rb") as reader:
        assert reader.read() == content


def test_children_find_the_package_in_a_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "ROOT", Path("/home/me/wayside"))
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    launch.extend_python_path()
    launch.extend_python_path()
    assert os.environ["PYTHONPATH"] == f"/home/me/wayside{os.pathsep}/elsewhere"


def test_an_installed_package_changes_no_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "ROOT", Path("/usr/lib/python3/site-packages"))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    launch.extend_python_path()
    assert "PYTHONPATH" not in os.environ
