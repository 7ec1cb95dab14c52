"""The one loop: each tick pulls, merges, judges and publishes one immutable snapshot. Outlets read only that.

Everything else waits for the loop or is asked for by a client: no series is converted unless a page shows it, so the
cost of a tick follows the number of series that changed, not the number of calls.
"""

from __future__ import annotations

import asyncio
import gc
import socket
from typing import TYPE_CHECKING

from sidecar import __version__
from sidecar.model.snapshot import ConfigState, ObjectiveReading, Snapshot
from sidecar.net.http_server import Server
from sidecar.runtime.reload import Reload
from sidecar.runtime.self_cost import OwnCost
from sidecar.slo.blindness import Blindness
from sidecar.slo.state import Facts, state_of
from sidecar.sources.server_page import ServerMetrics
from sidecar.tapclient.frames import SeamError
from sidecar.tapclient.ledger import Ledger
from sidecar.tapclient.seam import connect
from sidecar.web.pages import Site

if TYPE_CHECKING:
    from sidecar.model.objective import State
    from sidecar.runtime.log import StderrLog
    from sidecar.tapclient.messages import HelloMessage, SnapshotMessage
    from sidecar.tapclient.seam import Seam

# The tap says hello at once. Without it there is nothing to do.
HELLO_TIMEOUT_SECONDS = 10.0


class Control:
    """One life of the control process."""

    def __init__(self, seam: Seam, hello: HelloMessage, log: StderrLog) -> None:
        self._seam = seam
        self._hello = hello
        self._log = log
        self._ledger = Ledger()
        self._reload = Reload(hello.policy, seam.offer, log)
        self._own = OwnCost()
        self._server = ServerMetrics(log)
        self._ticks = 0
        self._blindness = Blindness()
        self._states: dict[str, State] = {}
        self.current: Snapshot | None = None
        self._log.format = self._reload.settings.log_format

    def snapshot(self) -> Snapshot:
        """Return the newest snapshot; pages are served only after the first."""
        assert self.current is not None
        return self.current

    async def tick(self) -> None:
        """Pull, merge, judge, publish. Raises SeamError when the tap is gone."""
        answer = await self._seam.pull(self._ledger.since)
        if not self._ledger.merge(answer):
            answer = await self._seam.pull(self._ledger.since)
            self._ledger.merge(answer)
        self._reload.answered(answer)
        self._reload.tick()
        self._server.follow(self._reload.settings.server_metrics)
        self._publish(answer)

    async def run(self) -> None:
        """Tick until the tap asks for the flush; raises SeamError when it is gone without asking."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        last = False
        while not last:
            # A late tick is not made up for: the counts are cumulative.
            due = max(due + self._reload.settings.tick_seconds, loop.time())
            await self._seam.quiet_until(due)
            last = self._seam.flush_asked.is_set()
            await self.tick()

    def stop(self) -> None:
        """Let go of what runs beside the loop."""
        self._reload.stop()
        self._server.stop()
        self._seam.close()

    def _publish(self, answer: SnapshotMessage) -> None:
        """Replace the snapshot every outlet reads."""
        self._ticks += 1
        reload = self._reload
        server = self._server.reading()
        facts = Facts(
            flights=answer.flights,
            timings=self._ledger.timings,
            upstreams=answer.upstreams,
            blind_ratio=self._blindness.ratio(answer.tap, answer.uptime_nanos),
            observing=reload.policy.observe,
        )
        self.current = Snapshot(
            tick=self._ticks,
            version=__version__,
            tap_version=self._hello.tap_version,
            epoch_unix_nanos=answer.epoch_unix_nanos,
            sequence=answer.sequence,
            at_unix_nanos=answer.at_unix_nanos,
            uptime_nanos=answer.uptime_nanos,
            counters=self._ledger.counters,
            timings=self._ledger.timings,
            tokens=self._ledger.tokens,
            shapes=self._ledger.shapes,
            batch_limits=answer.batch_limits,
            flights=answer.flights,
            events={event.objective: event for event in answer.events},
            upstreams=answer.upstreams,
            tap=answer.tap,
            objectives=self._judge(facts, answer.uptime_nanos),
            config=ConfigState(
                generation=answer.policy_generation,
                valid=reload.policy.config_valid,
                last_reload_successful=reload.successful,
                hash=reload.policy.config_hash,
            ),
            control=self._own.read(),
            draining=self._seam.draining,
            records=tuple(self._seam.records),
            server=server,
            server_models=server.models if server else (),
        )

    def _judge(self, facts: Facts, now_nanos: int) -> tuple[ObjectiveReading, ...]:
        """Return every objective with its state; a change of state is worth a log line."""
        readings = []
        for objective in self._reload.settings.objectives:
            state = state_of(objective, facts, now_nanos)
            before = self._states.get(objective.id)
            if before is not state:
                self._states[objective.id] = state
                if before is not None:
                    self._log.info(
                        "objective changed state",
                        slo=objective.name,
                        state=state.value,
                        before=before.value,
                    )
            readings.append(ObjectiveReading(objective, state))
        return tuple(readings)


async def live(seam_fd: int, admin_fd: int | None, log: StderrLog) -> int:
    """Live one life of control on inherited descriptors; return the exit status."""
    seam = await connect(seam_fd)
    control: Control | None = None
    server: Server | None = None
    try:
        hello = await asyncio.wait_for(seam.hello, HELLO_TIMEOUT_SECONDS)
        control = Control(seam, hello, log)
        await control.tick()
        if admin_fd is not None:
            # Only now, with something to show: until then scrapes wait in the socket's queue.
            server = Server(Site(control.snapshot).handle)
            await server.start(socket.socket(fileno=admin_fd))
        _settle()
        log.info("control is up", generation=hello.policy.generation)
        await control.run()
    except SeamError as error:
        log.warning("control ends", reason=error)
    except asyncio.TimeoutError:
        log.error("control ends", reason="the tap did not say hello")
        return 1
    finally:
        if server is not None:
            server.close()
        if control is not None:
            control.stop()
    return 0


def _settle() -> None:
    """Take all that start-up made out of the garbage collector's rounds: it lives as long as the process."""
    gc.collect()
    gc.freeze()
