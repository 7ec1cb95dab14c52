"""What reading and counting cost, in instructions, which do not depend on what else the machine does.

`python -m bench.instructions` counts under callgrind how many instructions `wire` spends on a unary call, on one
300-byte message of a stream and on one server-sent event, and how many they are with what the ledger counts of them;
it compares with bench/instructions.json, and `--write` makes what was counted the new baseline. The aims are in AIMS.
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

# What is counted: what it is, and how many instructions it may take.
WHAT = {
    "unary": "a unary call",
    "stream": "a 300-byte message of a stream",
    "events": "a 300-byte server-sent event",
    "counted_unary": "a unary call, read and counted",
    "counted_stream": "a 300-byte message of a stream, read and counted",
}
AIMS = {
    "unary": 3500,
    "stream": 500,
    "events": 1500,
    "counted_unary": 5000,
    "counted_stream": 700,
}
COUNTED = "counted_"
"""What begins so is done by the program of `tap`, through a real ledger; the rest by that of `wire`."""

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


@dataclass(frozen=True)
class Programs:
    """Programs that replay calls, and how they are to be asked."""

    wire: Path
    ledger: Path

    def command(self, what: str) -> list[str]:
        """Return the program for one thing, and what that calls it."""
        if what.startswith(COUNTED):
            return [str(self.ledger), what.removeprefix(COUNTED)]
        return [str(self.wire), what]


def build() -> Programs:
    """Compile the replay programs. Raises CannotCountError."""
    try:
        return Programs(
            wire=cargo_built("--release", "--package=wire", "--example=instructions"),
            ledger=cargo_built("--release", "--package=tap", "--example=ledger"),
        )
    except FileNotFoundError:
        raise CannotCountError("cargo is missing: install Rust 1.85 or later") from None
    except subprocess.CalledProcessError as error:
        raise CannotCountError(f"a replay program does not build: {error}") from error


def collected(command: list[str], times: int) -> int:
    """Return the instructions of one run. Raises CannotCountError."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        raise CannotCountError("valgrind is missing: apt-get install valgrind")
    counting = [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    done = subprocess.run(
        [*counting, *command, str(times)], capture_output=True, text=True, check=False
    )
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or found is None:
        raise CannotCountError(f"callgrind failed:\n{done.stderr[-2000:]}")
    return int(found.group(1))


def count(programs: Programs) -> list[Count]:
    """Count everything there is to count."""
    known = baselines()

    def one(what: str) -> Count:
        command = programs.command(what)
        more = collected(command, MANY) - collected(command, FEW)
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
