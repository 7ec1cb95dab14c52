"""Ports are reserved: whoever looks for some at the same time is given others."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness import ports
from tests.harness.ports import BLOCK_PORTS, NoPortsError, blocks, free_ports, reserve
from tests.provision.parts import ROOT

HOLD = """\
import sys
from pathlib import Path
from tests.harness.ports import reserve
print(reserve(Path(sys.argv[1])).start, flush=True)
sys.stdin.read()
"""


def holder(locks: Path) -> subprocess.Popen[str]:
    """Start a process that reserves a block, says which, and keeps it until its standard input ends."""
    command = [sys.executable, "-c", HOLD, str(locks)]
    return subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def block_of(process: subprocess.Popen[str]) -> int:
    """Read which block it has."""
    assert process.stdout is not None
    return int(process.stdout.readline())


def test_each_process_has_a_block_of_its_own_and_gives_it_back(tmp_path: Path) -> None:
    with holder(tmp_path) as one, holder(tmp_path) as other:
        taken = {block_of(one), block_of(other)}
        assert len(taken) == 2
        assert reserve(tmp_path).start not in taken
        other.communicate()
        one.kill()
        one.communicate()
    assert {reserve(tmp_path).start, reserve(tmp_path).start} == taken, "given back, also by a kill"


def test_blocks_lie_below_the_ports_of_clients_and_do_not_overlap() -> None:
    kernels = int(ports.CLIENT_PORTS.read_text().split()[0])
    first_client_port = max(kernels, 2 * ports.FIRST_PORT)
    every = [port for block in blocks() for port in block]
    assert len(every) == len(set(every))
    assert max(every) < first_client_port
    assert {len(block) for block in blocks()} == {BLOCK_PORTS}


def test_when_every_block_is_taken_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "blocks", lambda: [range(10_000, 10_400)])
    reserve(tmp_path)
    with pytest.raises(NoPortsError, match="every block of ports has its lock in"):
        reserve(tmp_path)


def test_no_port_is_handed_out_again_soon_and_a_strangers_never() -> None:
    (taken,) = free_ports(1)
    block = range(taken - (taken - ports.FIRST_PORT) % BLOCK_PORTS, 0).start
    assert len({taken, *free_ports(BLOCK_PORTS // 2)}) == 1 + BLOCK_PORTS // 2
    with socket.create_server(("127.0.0.1", taken)):
        rest = {port for _ in range(BLOCK_PORTS) for port in free_ports(1)}
    assert taken not in rest
    assert rest <= set(range(block, block + BLOCK_PORTS))


def test_more_ports_than_a_block_has_are_refused() -> None:
    with pytest.raises(NoPortsError, match="are free"):
        free_ports(BLOCK_PORTS + 1)
