"""A place where one Wayside after another runs, for tests that restart it."""

from __future__ import annotations

import contextlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.harness.ports import free_ports
from tests.harness.running import Running, accepts, running
from tests.harness.samples import metric
from tests.harness.wayside import COMMAND

ANSWER_SECONDS = 120.0
END_SECONDS = 120.0
"""How long a Wayside may take to end by itself: all its clients leave first. It decides nothing else."""


@dataclass(frozen=True)
class Door:
    """One Wayside's place; whoever runs there at the moment is another matter."""

    listen: str
    health: str
    admin: str

    @contextlib.contextmanager
    def open(self, upstream: str, *flags: str) -> Iterator[Running]:
        """Run a Wayside there until the block ends."""
        doors = [f"--listen={self.listen}", f"--upstream={upstream}"]
        doors += [f"--health={self.health}", f"--admin={self.admin}"]
        command: list[str | Path] = [COMMAND, "run", *doors, *flags]
        with running(command) as process:
            process.wait_for(lambda: accepts(self.listen))
            yield process

    def status(self, path: str, *, host: str = "", token: str = "") -> int:
        """Ask a probe, by another address of this machine if need be; 0 when nobody answers."""
        own, _, port = self.health.rpartition(":")
        headers = {"authorization": f"Bearer {token}"} if token else {}
        asked = urllib.request.Request(f"http://{host or own}:{port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(asked, timeout=ANSWER_SECONDS) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return 0

    def metric(self, name: str, **labels: str) -> float:
        """Scrape one metric; 0 where it is not there, or control has not come up to say so."""
        try:
            with urllib.request.urlopen(
                f"http://{self.admin}/metrics", timeout=ANSWER_SECONDS
            ) as answer:
                return metric(answer.read().decode(), name, **labels)
        except (OSError, http.client.HTTPException, KeyError):
            return 0


def new_door() -> Door:
    """Find three free ports."""
    return Door(*(f"127.0.0.1:{port}" for port in free_ports(3)))
