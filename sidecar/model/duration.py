"""Durations as people write them: the units of the configuration, the largest first, and nothing that is zero."""

from __future__ import annotations

NANOS_OF_UNIT = {
    "d": 86_400_000_000_000,
    "h": 3_600_000_000_000,
    "m": 60_000_000_000,
    "s": 1_000_000_000,
    "ms": 1_000_000,
    "us": 1_000,
    "ns": 1,
}
SECOND = NANOS_OF_UNIT["s"]
MINUTE = NANOS_OF_UNIT["m"]
HOUR = NANOS_OF_UNIT["h"]
DAY = NANOS_OF_UNIT["d"]


def duration_text(nanos: int) -> str:
    """Write `1h30m`, `500ms` or `30d`; exact, so that it can be read back. 0 is `0s`."""
    parts, rest = [], nanos
    for unit, size in NANOS_OF_UNIT.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
