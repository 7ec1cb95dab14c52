"""The last version that was released: built of its own commit, in an environment of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.provision.parts import ROOT, VENVS


class NoReleaseError(RuntimeError):
    """There is none in the history of this tree, or it could not be built."""


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoReleaseError(f"git {words[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


def newest_release(changelog: str) -> tuple[str, str]:
    """Return (number, heading) of the newest version that a changelog has a date for. Raises NoReleaseError."""
    found = re.search(r"^## \[(\d[\w.]*)\] - \d{4}-\d{2}-\d{2}$", changelog, re.M)
    if found is None:
        raise NoReleaseError("CHANGELOG.md has no version with a date")
    return found[1], found[0]


def _commit_of(number: str, heading: str) -> str:
    """Return the commit of a version: its tag, else the one that wrote its heading, which a shallow clone lacks."""
    tags = _git("tag", "--list", number, f"v{number}")
    if tags:
        return _git("rev-list", "-n1", tags.splitlines()[0])
    wrote = _git("log", "-n1", "--format=%H", f"-S{heading}", "--", "CHANGELOG.md")
    if not wrote:
        raise NoReleaseError(f"no commit of this history wrote {heading!r}")
    return wrote


def build_released() -> tuple[Path, str]:
    """Return the command `wayside` of the last release, and its number; it is built once. Raises NoReleaseError."""
    number, heading = newest_release((ROOT / "CHANGELOG.md").read_text())
    commit = _commit_of(number, heading)
    venv = VENVS / f"wayside-{number}-{commit[:8]}"
    if not (venv / ".complete").exists():
        with tempfile.TemporaryDirectory(prefix="wayside-released-") as folder:
            _install(commit, Path(folder), venv)
        (venv / ".complete").touch()
    return venv / "bin" / "wayside", number


def _install(commit: str, folder: Path, venv: Path) -> None:
    """Take the tree of a commit and install it, compiled in release mode, as a user would."""
    shutil.rmtree(venv, ignore_errors=True)
    archive = folder / "tree.tar"
    _git("archive", f"--output={archive}", commit)
    tree = folder / "tree"
    shutil.unpack_archive(archive, tree)
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    environment = {**os.environ, "CARGO_TARGET_DIR": str(folder / "target")}
    command = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", str(tree)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoReleaseError(f"{commit[:8]} could not be built: {done.stderr[-2000:]}")
