"""Wayside itself under test: `with running_wayside(upstream) as wayside: ...`, started by its own command."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.harness.ports import free_ports
from tests.harness.process import children
from tests.harness.running import Running, running

COMMAND = Path(sys.executable).parent / "wayside"
# A page waits while control is being replaced, which is nice and so comes late on a busy machine.
CONTROL = "sidecar.runtime"
"""What the command line of control holds, and no other child's of the tap."""
HTTP_SECONDS = 60.0
# So that a test sees what there is, whatever a smaller page leaves out.
SHOW_ALL = "metrics: {profile: full}\n"


@dataclass(frozen=True)
class Wayside:
    """A running Wayside and its three doors."""

    address: str
    admin: str
    health: str
    config: Path
    running: Running

    def controls(self) -> list[int]:
        """Find the process ids of control that are alive now: one, or none while it is being replaced."""
        return children(self.running.pid, CONTROL)

    def get(self, door: str, path: str, accept: str = "*/*") -> bytes:
        """Fetch a path from the admin or the health address; raises OSError for anything but success."""
        request = urllib.request.Request(f"http://{door}{path}", headers={"accept": accept})
        with urllib.request.urlopen(request, timeout=HTTP_SECONDS) as answer:
            body: bytes = answer.read()
        return body

    def answers(self, door: str, path: str) -> bool:
        """Tell whether a path answers with success."""
        try:
            self.get(door, path)
        except (OSError, http.client.HTTPException):
            return False
        return True

    def metrics(self) -> str:
        """Scrape /metrics."""
        return self.get(self.admin, "/metrics").decode()

    def snapshot(self) -> dict[str, Any]:
        """Fetch the snapshot of the newest tick."""
        document: dict[str, Any] = json.loads(self.get(self.admin, "/api/v1/snapshot"))
        return document

    def total(self, field: str, **labels: str) -> int:
        """Add up a field of the snapshot's calls, over the rows with these labels."""
        rows = self.snapshot()["calls"]
        return sum(row[field] for row in rows if labels.items() <= row.items())

    def wait_for_total(self, wanted: int, field: str, **labels: str) -> None:
        """Wait for the tick in which a sum has reached a number."""
        self.running.wait_for(lambda: self.total(field, **labels) >= wanted)


@contextlib.contextmanager
def running_wayside(
    upstream: str,
    *,
    config: str = "",
    flags: Sequence[str] = (),
    before: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    ready: bool = True,
) -> Iterator[Wayside]:
    """Run `wayside run` before an upstream, on free ports, until the block ends.

    `config` is the YAML beside flags, with all of /metrics unless it says otherwise; `before` the words before the
    command, such as those that enter a cgroup. Not `ready`: the upstream is still to come.
    """
    address, admin, health = (f"127.0.0.1:{port}" for port in free_ports(3))
    with tempfile.TemporaryDirectory(prefix="wayside-config-") as folder:
        file = Path(folder) / "wayside.yaml"
        file.write_text(config if re.search("^metrics:", config, re.M) else f"{config}\n{SHOW_ALL}")
        doors = [
            f"--listen={address}",
            f"--upstream={upstream}",
            f"--admin={admin}",
            f"--health={health}",
        ]
        drain = ["--drain-delay=1ms", "--drain=500ms"]
        command: list[str | Path] = [*before, COMMAND, "run", "-c", file, *doors, *drain, *flags]
        with running(command, environment=environment) as process:
            wayside = Wayside(address, admin, health, file, process)
            process.wait_for(lambda: wayside.answers(health, "/readyz" if ready else "/livez"))
            process.wait_for(lambda: wayside.answers(admin, "/api/v1/snapshot"))
            yield wayside
