"""A memory cgroup for tests, version 1 or 2, whichever this machine has."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.harness.running import wait_until
from tests.provision.parts import missing

V1 = Path("/sys/fs/cgroup/memory")
V2 = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class MemoryCgroup:
    """A group with a bound, and what became of it."""

    folder: Path
    version: int

    def enter(self) -> list[str]:
        """Return the words to put before a command so that it, and all it starts, run inside."""
        return ["/bin/sh", "-c", f'echo $$ > {self.folder}/cgroup.procs && exec "$@"', "sh"]

    def oom_kills(self) -> int:
        """Return how often the kernel killed somebody in it."""
        file = "memory.oom_control" if self.version == 1 else "memory.events"
        return self._value(file, "oom_kill")

    def limit_hits(self) -> int:
        """Return how often its limit was hit: memory.failcnt, or memory.events' `max`."""
        if self.version == 1:
            return int((self.folder / "memory.failcnt").read_text())
        return self._value("memory.events", "max")

    def peak_bytes(self) -> int:
        """Return the most it ever held."""
        file = "memory.max_usage_in_bytes" if self.version == 1 else "memory.peak"
        return int((self.folder / file).read_text())

    def _value(self, file: str, key: str) -> int:
        lines = (self.folder / file).read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.split()[0] == key)


@contextlib.contextmanager
def memory_cgroup(limit_bytes: int) -> Iterator[MemoryCgroup]:
    """Make a group, and remove it when everyone in it has ended."""
    version = 1 if (V1 / "memory.limit_in_bytes").exists() else 2
    folder = (V1 if version == 1 else V2) / f"wayside-test-{os.getpid()}"
    try:
        folder.mkdir()
        limit = "memory.limit_in_bytes" if version == 1 else "memory.max"
        (folder / limit).write_text(str(limit_bytes))
    except OSError as error:
        missing(
            f"a memory cgroup cannot be made here (it takes root, and a writable /sys/fs/cgroup): {error}"
        )
    group = MemoryCgroup(folder, version)
    try:
        yield group
    finally:
        wait_until(lambda: not (folder / "cgroup.procs").read_text().strip())
        folder.rmdir()
