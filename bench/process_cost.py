"""What a process and its children have cost: processor time in nanoseconds, resident memory in bytes.

Processor time is read from schedstat, task by task: /proc/PID/stat rounds to 10 ms and would drown the differences.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """One reading: the process itself, and all that it started."""

    own_cpu_nanos: int
    children_cpu_nanos: int
    own_resident_bytes: int
    children_resident_bytes: int


def descendants(pid: int) -> list[int]:
    """Return the living children of a process, and theirs."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            if state not in "ZX":
                parents[int(entry.name)] = int(parent)
    found, grown = {pid}, True
    while grown:
        more = {child for child, parent in parents.items() if parent in found} - found
        found |= more
        grown = bool(more)
    return sorted(found - {pid})


def cpu_nanos(pid: int) -> int:
    """Add up the time on a processor of all threads of one process."""
    total = 0
    for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError):
            total += int(task.read_text().split()[0])
    return total


def resident_bytes(pid: int) -> int:
    """Read VmRSS of one process; 0 where it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found.group(1)) * 1024 if found else 0


def cost(pid: int) -> Cost:
    """Read a process and its children now."""
    children = descendants(pid)
    return Cost(
        cpu_nanos(pid),
        sum(cpu_nanos(child) for child in children),
        resident_bytes(pid),
        sum(resident_bytes(child) for child in children),
    )
