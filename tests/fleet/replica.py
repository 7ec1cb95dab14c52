"""One replica: a demo server of its own and the Wayside before it, under the name of its pod."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.door import Door, new_door
from tests.e2e.restarts import ended
from tests.fleet.server import received
from tests.harness.running import Running, running
from tests.harness.wayside import COMMAND, HTTP_SECONDS

# Less than Prometheus waits between two scrapes: what a pod counts after its last one is lost, but for `final_scrape`.
FLAGS = ("--drain-delay=1s", "--drain=30s")
FINAL_SCRAPE = "drain: {final_scrape: 35s}\n"


@dataclass
class Replica:
    """A pod: its server, its doors, and the Wayside that runs there now."""

    pod: str
    door: Door
    folder: Path
    config: Path
    final_scrape: bool
    server: Running
    _whole: contextlib.ExitStack
    """Ends the server."""
    _place: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    """Ends the Wayside."""
    _wayside: Running | None = None

    @property
    def upstream(self) -> str:
        """Return where its server listens."""
        return self.server.first_line()

    @property
    def program(self) -> Path:
        """Return the program that its Wayside has become."""
        assert self._wayside is not None
        return Path(f"/proc/{self._wayside.pid}/exe").resolve()

    def kept_good(self) -> int:
        """Return the good events in its own longest window, over all of its lives."""
        address = f"http://{self.door.admin}/api/v1/slo"
        with urllib.request.urlopen(address, timeout=HTTP_SECONDS) as answer:
            (objective,) = json.load(answer)["objectives"]
        longest: float = max(window["good"] for window in objective["windows"])
        return round(longest)

    def fail(self, ratio: float) -> None:
        """Have its server fail a share of its calls from now on; 0 is none."""
        self.server.tell(f"failing {ratio}" if ratio else "well")

    def begin(self, program: Path = COMMAND) -> None:
        """Run a Wayside there, of this version or another, until it is ready."""
        door = self.door
        doors = [f"--listen={door.listen}", f"--upstream={self.upstream}"]
        doors += [f"--health={door.health}", f"--admin={door.admin}"]
        command: list[str | Path] = [program, "run", "-c", self.config, *doors, *FLAGS]
        # A log of its own, outside the tree: its modules are those of its own version.
        self._wayside = self._place.enter_context(running(command, cwd=self.folder))
        self._wayside.wait_for(lambda: door.status("/readyz") == 200)

    def tell_to_end(self) -> None:
        """Have its Wayside drain, if one runs there."""
        if self._wayside is not None:
            self._wayside.process.send_signal(signal.SIGTERM)

    def ended(self) -> Iterator[str]:
        """Wait for its Wayside to end; yield how it failed, and what it says that it cut."""
        assert self._wayside is not None
        yield from (f"{self.pod}: {each}" for each in ended(self._wayside))
        self._place.close()

    def close(self) -> tuple[int, int]:
        """End what is left of it; return the calls that its server received, and how many of them were distinct."""
        self._place.close()
        self.server.stop()
        seen = received(self.server.text())
        self._whole.close()
        return seen


def new_replica(
    pod: str, folder: Path, objectives: str, *, final_scrape: bool, seed: int
) -> Replica:
    """Start the server of a replica; its Wayside is still to begin."""
    folder.mkdir()
    config = folder / "wayside.yaml"
    ending = FINAL_SCRAPE if final_scrape else ""
    config.write_text(f"{objectives}{ending}state_dir: {folder}/state\n")
    whole = contextlib.ExitStack()
    command = [sys.executable, "-m", "tests.fleet.server", str(seed)]
    server = whole.enter_context(running(command, listens=True))
    return Replica(pod, new_door(), folder, config, final_scrape, server, whole)
