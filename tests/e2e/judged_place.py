"""A tap with objectives of our own before a server that says what a script says for it, and what the tap judges."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from sidecar.cli.launch import extend_python_path, find_tap
from sidecar.config.compile import compile_policy
from sidecar.config.sources import Sources
from sidecar.model.objective import Objective
from sidecar.tapclient import tap_pb2 as pb
from sidecar.tapclient.encode import policy_bytes
from sidecar.tapclient.frames import FrameReader
from tests.harness.ports import free_ports
from tests.harness.running import Running, accepts, running, wait_until
from tests.hazards.passage import Upstream, upstream
from tests.provision.parts import ROOT

CONFIG = (
    'listeners: [{{listen: "{listen}", upstream: "{upstream}"}}]\nserver: {{probe_models: false}}\n'
)

Events: TypeAlias = "dict[str, int]"
"""How many events are good, bad, or left out for each reason, where there are any."""


@dataclass(frozen=True)
class Judged:
    """A running tap, whose snapshots are written to a file every second."""

    server: Upstream
    address: str
    tap: Running
    snapshots: Path

    def newest(self) -> pb.Snapshot:
        """Return the newest snapshot; an empty one before the first."""
        found = pb.Snapshot()
        for envelope in FrameReader().feed(self.snapshots.read_bytes()):
            if envelope.WhichOneof("body") == "snapshot":
                found = envelope.snapshot
        return found

    def events(self, objective: Objective, model: str = "") -> Events:
        """Return what was judged of an objective so far."""
        for each in self.newest().events:
            if (each.objective, each.model) == (objective.id, model):
                told = {"good": each.good, "bad": each.bad}
                told |= {count.label: count.value for count in each.excluded_by}
                return {word: count for word, count in told.items() if count}
        raise LookupError(f"no events of {objective.name} {model}")

    def wait_for(self, objective: Objective, wanted: Events, model: str = "") -> None:
        """Wait for a snapshot that tells so of an objective."""

        def told() -> bool:
            with contextlib.suppress(LookupError):
                return self.events(objective, model) == wanted
            return False

        self.tap.wait_for(told)

    def let_pass(self, seconds: float) -> None:
        """Wait for a snapshot that was made so long after the newest there is."""
        since = self.newest().uptime_nanos
        self.tap.wait_for(lambda: self.newest().uptime_nanos - since > seconds * 1e9)


@contextlib.contextmanager
def judged(*objectives: Objective) -> Iterator[Judged]:
    """Run a tap with these objectives and a recorder in control's place."""
    (port,) = free_ports(1)
    with upstream() as server, tempfile.TemporaryDirectory() as at:
        address, snapshots = f"127.0.0.1:{port}", Path(at, "snapshots")
        config, policy_file = Path(at, "wayside.yaml"), Path(at, "policy")
        config.write_text(CONFIG.format(listen=address, upstream=server.address))
        compiled = compile_policy(Sources(file=str(config)))
        assert compiled.policy is not None, compiled.problems
        argv = (sys.executable, "-m", "tests.seam.recorder", str(snapshots))
        policy = replace(compiled.policy, objectives=objectives, control_argv=argv)
        policy_file.write_bytes(policy_bytes(policy))
        extend_python_path()
        script = 'exec "$0" --policy-fd 3 3<"$1"'
        command: Sequence[str | Path] = ["/bin/sh", "-c", script, find_tap(), policy_file]
        with running(list(command), cwd=ROOT) as tap:
            wait_until(lambda: accepts(address) and snapshots.exists())
            yield Judged(server, address, tap, snapshots)
