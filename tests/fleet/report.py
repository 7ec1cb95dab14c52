"""What happens to a fleet, told as it happens: what was done, what was expected, what was seen, and when."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

POLL_SECONDS = 1.0
STATUS_SECONDS = 30.0
"""How often it is said how the fleet is; on a terminal each time it is looked at, in one line that is drawn anew."""
CLEAR_LINE = "\r\033[K"


def terminal_columns() -> int:
    """Return how much of a line can be drawn over: a longer one would leave its beginning behind."""
    return shutil.get_terminal_size().columns - 1


def clock(seconds: float) -> str:
    """Write minutes and seconds since the beginning."""
    return f"{int(seconds) // 60:02}:{int(seconds) % 60:02}"


@dataclass(frozen=True)
class Row:
    """Something that was to be seen, or is told."""

    at_seconds: float
    what: str
    expected: str
    seen: str
    holds: bool


@dataclass
class Report:
    """The rows so far; `status` says in a line how the fleet is."""

    status: Callable[[], str]
    began: float = field(default_factory=time.monotonic)
    rows: list[Row] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Return how long it has lasted."""
        return time.monotonic() - self.began

    def note(self, text: str) -> None:
        """Say what is being done."""
        clear = CLEAR_LINE if sys.stdout.isatty() else ""
        print(f"{clear}{clock(self.seconds)}  {text}", flush=True)

    def expect(self, what: str, expected: object, seen: object, holds: bool | None = None) -> None:
        """Add a row; it holds where what is seen is what is expected, unless said."""
        so = seen == expected if holds is None else holds
        self.rows.append(Row(self.seconds, what, str(expected), str(seen), so))
        self.note(f"{'  ok' if so else '  NO'}  {what}: {seen} (expected: {expected})")

    def tell(self, what: str, seen: object) -> None:
        """Add a row of which nothing is expected."""
        self.rows.append(Row(self.seconds, what, "", str(seen), True))
        self.note(f"      {what}: {seen}")

    def wait(self, found: Callable[[], object], at_most_seconds: float) -> float | None:
        """Wait until something is so, saying meanwhile how the fleet is; return after how long, or None."""
        began = said = time.monotonic()
        while not found():
            now = time.monotonic()
            if now - began > at_most_seconds:
                return None
            if sys.stdout.isatty():
                line = f"{clock(self.seconds)}        {self.status()}"
                print(f"{CLEAR_LINE}{line[: terminal_columns()]}", end="", flush=True)
            elif now - said >= STATUS_SECONDS:
                said = now
                self.note(f"      {self.status()}")
            time.sleep(POLL_SECONDS)
        return time.monotonic() - began

    def hold(self, seconds: float) -> None:
        """Let it go on for so long."""
        until = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() >= until, seconds + POLL_SECONDS)


def table(rows: list[Row]) -> str:
    """Write all rows for people."""
    lines = [("at", "what", "expected", "seen", "")]
    lines += [
        (clock(row.at_seconds), row.what, row.expected, row.seen, "" if row.holds else "NO")
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
