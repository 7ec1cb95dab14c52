"""The wheel: one for every Python, built from the sdist alone, and all that is needed to work."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

import pytest

from sidecar import __version__
from sidecar.cli.launch import find_tap
from tests.provision.parts import ROOT

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
OWN_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
PACKAGES = ("sidecar", "exporters", "alerts")
DIST_INFO = f"wayside-{__version__}.dist-info"
TAP = f"wayside-{__version__}.data/scripts/wayside-tap"
BUILD_SECONDS = 900
GOOD = "listeners: [{listen: ':8001', upstream: '127.0.0.1:9001'}]\n"


@pytest.fixture(scope="module")
def dist() -> Path:
    """Build both, once."""
    done = subprocess.run(
        [ROOT / "dev" / "wheel.sh"],
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return ROOT / "dist"


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    """The one wheel there is."""
    (found,) = dist.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def inside(wheel: Path) -> Iterator[zipfile.ZipFile]:
    """The wheel, opened."""
    with zipfile.ZipFile(wheel) as opened:
        yield opened


def tracked() -> set[str]:
    """Name every file of the packages that git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *PACKAGES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return {name for name in listed.split("\0") if name and (ROOT / name).exists()}


def test_the_tag_fits_every_python_and_this_platform_alone(
    wheel: Path, inside: zipfile.ZipFile
) -> None:
    """It holds a program and no extension."""
    assert re.fullmatch(rf"wayside-{__version__}-py3-none-[a-z0-9_]*linux_\w+\.whl", wheel.name)
    told = Parser().parsestr(inside.read(f"{DIST_INFO}/WHEEL").decode())
    assert told["Root-Is-Purelib"] == "false"
    assert told.get_all("Tag") == ["-".join(wheel.stem.split("-")[2:])]
    assert [name for name in inside.namelist() if name.endswith(".so")] == []


def test_the_metadata_says_what_it_is(inside: zipfile.ZipFile) -> None:
    told = Parser().parsestr(inside.read(f"{DIST_INFO}/METADATA").decode())
    assert (told["Name"], told["Version"]) == ("wayside", __version__)
    assert told["Requires-Python"] == ">=3.10"
    assert told["License-Expression"] == "Apache-2.0"
    entry_points = inside.read(f"{DIST_INFO}/entry_points.txt").decode()
    assert "wayside = sidecar.cli:main" in entry_points


def test_it_holds_the_packages_whole_and_nothing_else(inside: zipfile.ZipFile) -> None:
    """Catalogues, protos and type stubs included; neither tests nor tools."""
    names = {name for name in inside.namelist() if not name.endswith("/")}
    extra = {name for name in names if not name.startswith(f"{DIST_INFO}/")} - {TAP}
    assert extra == tracked()
    assert inside.read(f"{DIST_INFO}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()


def test_the_program_is_one(inside: zipfile.ZipFile) -> None:
    info = inside.getinfo(TAP)
    assert info.external_attr >> 16 & 0o111 == 0o111
    assert inside.read(info)[:4] == b"\x7fELF"


def test_the_program_is_the_one_that_all_tests_run(inside: zipfile.ZipFile) -> None:
    """There is one release build: what was shown of a program in the tree was shown of the wheel's."""
    assert inside.read(TAP) == Path(find_tap()).read_bytes()


def test_the_record_is_of_every_file(inside: zipfile.ZipFile) -> None:
    rows = csv.reader(io.StringIO(inside.read(f"{DIST_INFO}/RECORD").decode()))
    recorded = {name: digest for name, digest, _ in rows}
    for name in inside.namelist():
        digest = base64.urlsafe_b64encode(hashlib.sha256(inside.read(name)).digest())
        own = name == f"{DIST_INFO}/RECORD"
        assert recorded.pop(name) == ("" if own else "sha256=" + digest.rstrip(b"=").decode())
    assert recorded == {}


def test_the_sdist_has_the_sources_and_no_tests(dist: Path) -> None:
    (archive,) = dist.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert tracked() <= names
    assert {"LICENSE", "dataplane/Cargo.lock", "dataplane/proto/tap.proto"} <= names
    assert {name for name in names if name.split("/")[0] in {"tests", "bench", "target"}} == set()


def interpreter(version: str) -> str:
    """Find a Python of a version that can make environments, or skip."""
    if version == OWN_PYTHON:
        return sys.executable
    kept = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    for found in (shutil.which(f"python{version}"), *map(str, kept)):
        check = [found or "false", "-c", "import venv, ensurepip"]
        if subprocess.run(check, capture_output=True, check=False).returncode == 0 and found:
            return found
    pytest.skip(f"Python {version} is not on this machine")


@pytest.mark.slow
@pytest.mark.parametrize("version", PYTHONS)
def test_installed_it_works_from_anywhere(wheel: Path, tmp_path: Path, version: str) -> None:
    """In an environment of its own, from a folder of its own, with nothing in the way of variables."""
    bin_folder = tmp_path / "env" / "bin"

    def run(*command: str | Path) -> str:
        keep = {key: value for key, value in os.environ.items() if key.startswith(("PIP_", "SSL_"))}
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env={**keep, "PATH": f"{bin_folder}:/usr/bin:/bin", "HOME": str(tmp_path)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run(interpreter(version), "-m", "venv", bin_folder.parent)
    run(bin_folder / "python", "-m", "pip", "install", "--quiet", f"{wheel}[demo]")
    assert __version__ in run("wayside", "--version")
    (tmp_path / "wayside.yaml").write_text(GOOD)
    assert "listen :8001 -> 127.0.0.1:9001" in run("wayside", "check", "wayside.yaml")
    where = run("python", "-c", "import sidecar; print(sidecar.__file__)")
    assert Path(where.strip()).is_relative_to(bin_folder.parent)
    said = run("wayside", "demo", "--for", "4s")
    answered = re.search(r"^ +resnet50 .* ok (\d+)", said, re.MULTILINE)
    assert answered, said
    assert int(answered[1]) > 0
