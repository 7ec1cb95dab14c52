"""Numbers and times as people read them, and what the paper can show."""

from __future__ import annotations

import math
import os
import textwrap
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING

from sidecar.model.duration import DAY, SECOND

if TYPE_CHECKING:
    from typing import TextIO

COLUMNS = 100
BAR_CELLS = 20
_LOUD, _PLAIN = "\x1b[1;31m", "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Paper:
    """What the lines are written on."""

    colour: bool = False
    unicode: bool = False
    zone: tzinfo | None = None  # None: local time

    def loud(self, text: str) -> str:
        """Return text that is not overlooked."""
        return f"{_LOUD}{text}{_PLAIN}" if self.colour else text

    def bar(self, filled_ratio: float) -> str:
        """Draw a share of one; what is below 0 or above 1 looks empty or full."""
        full, empty = ("█", "░") if self.unicode else ("#", "-")
        cells = math.ceil(min(max(filled_ratio, 0.0), 1.0) * BAR_CELLS)
        return f"[{full * cells}{empty * (BAR_CELLS - cells)}]"

    def clock(self, unix_nanos: int, now_unix_nanos: int) -> str:
        """Write a moment: the time of day; a day away or more the date, and no seconds."""
        moment = datetime.fromtimestamp(unix_nanos // SECOND, self.zone)
        distant = abs(now_unix_nanos - unix_nanos) >= DAY
        return moment.strftime("%Y-%m-%d %H:%M" if distant else "%H:%M:%S")


def paper_of(output: TextIO) -> Paper:
    """Return what a stream can show: no colour but on a terminal, and none where NO_COLOR is set (no-color.org)."""
    terminal = output.isatty() and os.environ.get("TERM") != "dumb"
    encoding = (getattr(output, "encoding", None) or "").lower()
    return Paper(
        colour=terminal and not os.environ.get("NO_COLOR"), unicode=encoding.startswith("utf")
    )


def clear_to_end(lines: list[str]) -> str:
    """Return lines that are drawn over what stands on a terminal, without a flicker."""
    return "\x1b[H" + "".join(f"{line}\x1b[K\n" for line in lines) + "\x1b[J"


def span(seconds: float) -> str:
    """Write an age in its two largest units."""
    whole = int(seconds)
    for unit, size, smaller, part in (
        ("d", 86_400, "h", 3_600),
        ("h", 3_600, "m", 60),
        ("m", 60, "s", 1),
    ):
        if whole >= size:
            return f"{whole // size}{unit} {whole % size // part}{smaller}"
    return f"{whole}s"


def significant(value: float) -> str:
    """Write three digits of a number, however small or large it is: 14.4, 0.0012, 1,230."""
    return f"{Decimal(f'{value:.3g}'):,f}"


def percent(ratio: float | str) -> str:
    """Write a ratio as a percentage: a decimal string with all its digits, a float with three."""
    if isinstance(ratio, str):
        return f"{(Decimal(ratio) * 100).normalize():f}%"
    return f"{significant(100 * ratio)}%"


def count(events: float) -> str:
    """Write a number of events; of a window's oldest slot a share counts, so there may be a part of one."""
    whole = events >= 100 or events == int(events)
    return f"{events:,.0f}" if whole else f"{events:,.1f}"


def counted(number: float, one: str) -> str:
    """Write a number and what it counts: 1 minute, 2 minutes."""
    return f"{count(number)} {one}{'' if number == 1 else 's'}"


def printable(text: str) -> str:
    """Return a name from the wire without what would move a terminal's cursor."""
    return "".join(each if each.isprintable() else "?" for each in text)


def cut(text: str, columns: int) -> str:
    """Return as much of a text as there is room for."""
    return text if len(text) <= columns else f"{text[: columns - 3]}..."


def entry(key: str, text: str) -> list[str]:
    """Return `key` and what is to say about it, wrapped; every line is at most COLUMNS wide."""
    indent = " " * 12
    return textwrap.wrap(
        printable(text),
        COLUMNS,
        initial_indent=f"  {key:<10}",
        subsequent_indent=indent,
        break_on_hyphens=False,
    )
