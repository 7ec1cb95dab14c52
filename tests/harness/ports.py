"""Ports of this machine that belong to one run of tests alone.

A port that is looked for, found free and let go again belongs to nobody until its server binds it: a second run, or a
second worker of the same run, may find it too. So each process takes a block of ports, by a lock on a file that the
kernel gives back when the process ends, and hands out the ports of its block in turn.

The blocks lie below the range from which the kernel serves clients, as far as there is room below it: a load of many
connections, running beside, would take a port from that range before the process it was meant for has bound it.
"""

from __future__ import annotations

import fcntl
import functools
import itertools
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

FIRST_PORT = 10_000
BLOCK_PORTS = 400
"""More than the tests of one file ask for at once; a port comes round again long after its connections are gone."""
CLIENT_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOCKS = Path(tempfile.gettempdir()) / f"wayside-ports-{os.getuid()}"


class NoPortsError(RuntimeError):
    """Every block is taken, or every port of ours is in use."""


def blocks() -> list[range]:
    """Divide the ports below the kernel's own for clients."""
    end = max(int(CLIENT_PORTS.read_text().split()[0]), 2 * FIRST_PORT)
    return [
        range(first, first + BLOCK_PORTS)
        for first in range(FIRST_PORT, end - BLOCK_PORTS + 1, BLOCK_PORTS)
    ]


def reserve(locks: Path) -> range:
    """Take the first block that nobody has, until this process ends. Raises NoPortsError."""
    locks.mkdir(mode=0o700, exist_ok=True)
    for block in blocks():
        # Never closed, and not inherited: the lock is this process's own, however it ends.
        descriptor = os.open(locks / f"{block.start}", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            continue
        return block
    raise NoPortsError(f"every block of ports has its lock in {locks}: too many runs at once")


@functools.cache
def _own() -> tuple[range, Iterator[int]]:
    block = reserve(LOCKS)
    return block, itertools.cycle(block)


def _is_bound(port: int) -> bool:
    """Tell whether somebody who takes no part in this has the port."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def free_ports(count: int) -> list[int]:
    """Take the next ports of this process's block, leaving out those that a stranger has. Raises NoPortsError."""
    block, ports = _own()
    free: list[int] = []
    for port in itertools.islice(ports, len(block)):
        if len(free) == count:
            break
        if not _is_bound(port):
            free.append(port)
    if len(free) < count:
        raise NoPortsError(f"of ports {block.start} to {block.stop - 1} only {len(free)} are free")
    return free
