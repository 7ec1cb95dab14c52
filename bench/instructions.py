"""What reading costs, in instructions, which do not depend on what else the machine does.

`python -m bench.instructions` counts under callgrind how many instructions `wire` spends on a unary call, on one
300-byte message of a stream and on one server-sent event, and compares with bench/instructions.json; `--write` makes
what was counted the new baseline. The aims are in AIMS.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.harness.cargo import cargo_built

ROOT = Path(__file__).resolve().parents[1]
BASELINE = ROOT / "bench" / "instructions.json"

# What the example calls it: what it is, and how many instructions it may take.
WHAT = {
    "unary": "a unary call",
    "stream": "a 300-byte message of a stream",
    "events": "a 300-byte server-sent event",
}
AIMS = {"unary": 3500, "stream": 500, "events": 1500}

# More than this over the baseline is a change that somebody has to look at: compilers and C libraries differ by less.
TOLERANCE = 0.03

# The difference of two runs is free of what starting costs.
FEW, MANY = 2_000, 12_000


class CannotCountError(Exception):
    """A tool is missing or failed; says what to do."""


@dataclass(frozen=True)
class Count:
    """Instructions for one thing, beside the committed figure."""

    what: str
    instructions: float
    baseline: float | None

    @property
    def is_worse(self) -> bool:
        """Tell whether it takes more than the tolerance allows."""
        return self.baseline is not None and self.instructions > self.baseline * (1 + TOLERANCE)

    def verdict(self) -> str:
        """Say whether the aim is met, or by how much it is missed."""
        excess = self.instructions / AIMS[self.what] - 1
        return "met" if excess <= 0 else f"**missed by {excess:.0%}**".replace("%", " %")

    def __str__(self) -> str:
        """Return one line: measured, baseline and aim."""
        was = "no baseline" if self.baseline is None else f"baseline {self.baseline:,.0f}"
        change = f" ({self.instructions / self.baseline - 1:+.1%})" if self.baseline else ""
        return (
            f"{WHAT[self.what]}: {self.instructions:,.0f}; {was}{change}; aim {AIMS[self.what]:,}"
        )


def baselines() -> dict[str, float]:
    """Return the committed counts; empty where there are none yet."""
    try:
        read: dict[str, float] = json.loads(BASELINE.read_text())
    except FileNotFoundError:
        return {}
    return read


def build() -> Path:
    """Compile the replay program and return its path. Raises CannotCountError."""
    try:
        return cargo_built("--release", "--package=wire", "--example=instructions")
    except FileNotFoundError:
        raise CannotCountError("cargo is missing: install Rust 1.85 or later") from None
    except subprocess.CalledProcessError as error:
        raise CannotCountError(f"the replay program does not build: {error}") from error


def collected(program: Path, what: str, times: int) -> int:
    """Return the instructions of one run. Raises CannotCountError."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        raise CannotCountError("valgrind is missing: apt-get install valgrind")
    command = [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    done = subprocess.run(
        [*command, str(program), what, str(times)], capture_output=True, text=True, check=False
    )
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or found is None:
        raise CannotCountError(f"callgrind failed:\n{done.stderr[-2000:]}")
    return int(found.group(1))


def count(program: Path) -> list[Count]:
    """Count everything there is to count."""
    known = baselines()

    def one(what: str) -> Count:
        more = collected(program, what, MANY) - collected(program, what, FEW)
        return Count(what, more / (MANY - FEW), known.get(what))

    return [one(what) for what in WHAT]


def main() -> int:
    """Count, print, compare; exit status 1 when something got dearer."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.instructions", description=(__doc__ or "").split("\n", maxsplit=1)[0]
    )
    parser.add_argument(
        "--write", action="store_true", help="make what is counted the new baseline"
    )
    write = parser.parse_args().write
    try:
        counts = count(build())
    except CannotCountError as error:
        print(f"instructions: {error}", file=sys.stderr)
        return 2
    for one in counts:
        print(one)
    if write:
        figures = {one.what: round(one.instructions) for one in counts}
        BASELINE.write_text(json.dumps(figures, indent=2) + "\n")
        return 0
    return int(any(one.is_worse for one in counts))


if __name__ == "__main__":
    sys.exit(main())
