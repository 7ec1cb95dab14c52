"""Rust programs that only tests use, built on demand; cargo does next to nothing where nothing has changed."""

from __future__ import annotations

import json
import subprocess
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


def cargo_built(*selection: str) -> Path:
    """Build the one program that these arguments of `cargo build` select, and return where it lies."""
    built = subprocess.run(
        [*BUILD, *selection],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    messages = (json.loads(line) for line in built.stdout.splitlines())
    (program,) = (path for message in messages if (path := message.get("executable")))
    return Path(program)
