"""What this process itself costs: its CPU time and resident memory, from the kernel."""

from __future__ import annotations

import os
import time

from sidecar.model.sections.control import Control

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class SelfCost:
    """Reads /proc/self/statm through one descriptor kept open: a few microseconds per tick."""

    def __init__(self) -> None:
        self._statm = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)

    def section(self, life: int) -> Control:
        """Return the section of this moment, in this life."""
        pages = int(os.pread(self._statm, 128, 0).split()[1])
        return Control(time.process_time(), pages * _PAGE_BYTES, life)
