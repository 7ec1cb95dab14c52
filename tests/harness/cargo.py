"""Rust programs that only tests use, built on demand; cargo does next to nothing where nothing has changed."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.provision.parts import ROOT

MANIFEST = ROOT / "dataplane/Cargo.toml"
BUILD = [
    "cargo",
    "build",
    "--quiet",
    f"--manifest-path={MANIFEST}",
    "--message-format=json-render-diagnostics",
]
# rustup's home is not on the PATH of every shell.
SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path.home() / ".cargo/bin")])
LOCK = ROOT / "target" / "tests.lock"


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Let one process at a time build: others wait for what they may then find built."""
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def cargo_built(*selection: str) -> Path:
    """Build the one program that these arguments of `cargo build` select, and return where it lies.

    Raises FileNotFoundError where there is no cargo, CalledProcessError where the program does not build.
    """
    with alone():
        built = subprocess.run(
            [*BUILD, *selection],
            cwd=ROOT,
            env={**os.environ, "PATH": SEARCH_PATH},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    messages = (json.loads(line) for line in built.stdout.splitlines())
    (program,) = (path for message in messages if (path := message.get("executable")))
    return Path(program)
