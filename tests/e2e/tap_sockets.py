"""A socket of the tap's, so that a test may say of it what the kernel does when a network goes away."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
from pathlib import Path

PIDFD_GETFD = 438
"""pidfd_getfd(2), the same number on every machine that Linux runs on since 5.6."""


def borrow(pid: int, client: socket.socket) -> socket.socket:
    """Return a descriptor of the socket by which a process of ours holds its end of a client's connection.

    Raises OSError where the kernel does not lend it.
    """
    wanted = f"socket:[{_inode(client.getpeername()[1], client.getsockname()[1])}]"
    descriptor = next(
        int(each.name) for each in Path(f"/proc/{pid}/fd").iterdir() if _leads_to(each) == wanted
    )
    process = os.pidfd_open(pid)
    try:
        lent = ctypes.CDLL(None, use_errno=True).syscall(PIDFD_GETFD, process, descriptor, 0)
    finally:
        os.close(process)
    if lent < 0:
        raise OSError(ctypes.get_errno(), "pidfd_getfd")
    return socket.socket(fileno=lent)


def _leads_to(link: Path) -> str:
    with contextlib.suppress(OSError):
        return str(link.readlink())
    return ""


def _inode(local_port: int, remote_port: int) -> str:
    """Look a connection up in the kernel's table (proc(5), /proc/net/tcp)."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        ports = [int(address.rpartition(":")[2], 16) for address in fields[1:3]]
        if ports == [local_port, remote_port]:
            return fields[9]
    raise LookupError(f"no connection from port {remote_port} to port {local_port}")
