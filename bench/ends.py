"""The servers a load ends at, both on the core that they share with the client.

nghttpd answers each call with its own request and the trailer `grpc-status: 0`. bench.token_server answers each with
a stream of messages, one a step.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.harness.ports import free_ports
from tests.harness.running import accepts, running

ROOT = Path(__file__).resolve().parents[1]


def on_core(core: int) -> list[str]:
    """Return the words before a command that keep it, and all it starts, on one core."""
    return ["taskset", "--cpu-list", str(core)]


def own_tmp() -> list[str]:
    """Return the words before a command that give it a /tmp in memory; none where this user may not mount.

    nghttpd keeps each upload in a file under /tmp. On a disk that costs more than the rest of the call, and more with
    every call: what is measured would then depend on when it is measured.
    """
    words = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs /tmp && exec "$@"', "sh"]
    try:
        done = subprocess.run([*words, "true"], capture_output=True, check=False)
    except OSError:
        return []
    return words if done.returncode == 0 else []


@contextlib.contextmanager
def echo_server(program: Path, core: int) -> Iterator[str]:
    """Run nghttpd until the block ends; yields its address."""
    (port,) = free_ports(1)
    address = f"127.0.0.1:{port}"
    options = ["--no-tls", "--address=127.0.0.1", "--echo-upload", "--trailer=grpc-status: 0"]
    with running([*own_tmp(), *on_core(core), program, *options, str(port)]) as process:
        process.wait_for(lambda: accepts(address))
        yield address


@contextlib.contextmanager
def token_server(core: int) -> Iterator[str]:
    """Run the server of token streams until the block ends; yields its address."""
    (port,) = free_ports(1)
    address = f"127.0.0.1:{port}"
    command = [*on_core(core), sys.executable, "-m", "bench.token_server", str(port)]
    with running(command, cwd=ROOT) as process:
        process.wait_for(lambda: accepts(address))
        yield address
