"""A real Python model server for tests: `with running_model_server("kserve", "kserve_iris.py") as server: ...`."""

from __future__ import annotations

import contextlib
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.harness.ports import free_ports
from tests.harness.running import running
from tests.provision.parts import require

SERVERS = Path(__file__).resolve().parent / "model_servers"
START_SECONDS = 90.0  # imports take 5 s on an idle machine
PROBE_SECONDS = 10.0
PORT = "{}"
# Nothing is written beside its program, and nothing is told to anyone.
QUIET = {"PYTHONDONTWRITEBYTECODE": "1", "BENTOML_DO_NOT_TRACK": "True"}


@dataclass(frozen=True)
class ModelServer:
    """Where a running server answers, as host:port."""

    http: str
    grpc: str
    more: tuple[str, ...] = ()
    """Of the ports that follow, in the order of the words."""


@contextlib.contextmanager
def running_model_server(part: str, *words: str, ready: str) -> Iterator[ModelServer]:
    """Run a part's interpreter with these words until the block ends.

    A word `{}` is a free port, the first for HTTP, the second for gRPC; `ready` is the path that answers once all is.
    """
    python = require(part) / "bin" / "python"
    ports = free_ports(max(2, words.count(PORT)))
    numbers = iter(ports)
    command: list[str | Path] = [
        python,
        *(str(next(numbers)) if word == PORT else word for word in words),
    ]
    with tempfile.TemporaryDirectory(prefix=f"wayside-{part}-") as home:
        environment = {**os.environ, "HOME": home, **QUIET}
        with running(command, cwd=SERVERS, environment=environment) as process:
            http, grpc, *more = (f"127.0.0.1:{port}" for port in ports)
            process.wait_for(lambda: _answers(f"http://{http}{ready}"), START_SECONDS)
            yield ModelServer(http, grpc, tuple(more))


def _answers(url: str) -> bool:
    with (
        contextlib.suppress(urllib.error.URLError, OSError),
        urllib.request.urlopen(url, timeout=PROBE_SECONDS),
    ):
        return True
    return False
