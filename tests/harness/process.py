"""What the kernel knows of a process: its memory now and at its highest, its processor time, its children."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path


def _status_bytes(pid: int, key: str) -> int:
    found = re.search(rf"^{key}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.M)
    assert found is not None
    return int(found.group(1)) * 1024


def resident_bytes(pid: int) -> int:
    """Return its resident memory."""
    return _status_bytes(pid, "VmRSS")


def peak_bytes(pid: int) -> int:
    """Return the most resident memory it had since `forget_peak`."""
    return _status_bytes(pid, "VmHWM")


def forget_peak(pid: int) -> None:
    """Begin to look for a new highest (proc(5), clear_refs)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def cpu_seconds(pid: int) -> float:
    """Return the time its threads ran, in nanoseconds' grain: /proc/PID/stat rounds to 10 ms."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def descriptors(pid: int) -> int:
    """Return how many descriptors it has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def children(pid: int, mark: str) -> list[int]:
    """Return the children of a process whose command line holds a mark; the dead and unreaped are none."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            command = (entry / "cmdline").read_text().replace("\0", " ")
            if int(parent) == pid and state not in "ZX" and mark in command:
                found.append(int(entry.name))
    return found
