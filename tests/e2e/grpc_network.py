"""Connections as the kernel has them: a client's word is not enough, because its library shares them unasked."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass

from tests.provision.parts import require

PING_BYTES = 17  # a frame's head of 9 and 8 of its own


@dataclass(frozen=True)
class Connection:
    """An established connection, seen from the side that opened it."""

    local: str
    sent_bytes: int
    received_bytes: int


def connections_to(address: str) -> list[Connection]:
    """List the established connections to an address."""
    port = address.rpartition(":")[2]
    command = [str(require("ss")), "-HOtni", "state", "established", f"( dport = :{port} )"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [_connection(line) for line in listed.splitlines()]


def _connection(line: str) -> Connection:
    def number(name: str) -> int:
        found = re.search(rf"\b{name}:(\d+)", line)
        return int(found.group(1)) if found else 0

    return Connection(line.split()[2], number("bytes_sent"), number("bytes_received"))
