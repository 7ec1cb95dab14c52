"""The one loop: each tick asks every storey once, in one fixed order, and publishes one immutable snapshot.

No storey knows another: what one needs of an earlier one is handed to it as that one's section. Outlets read the
snapshot and nothing else, and only when a client asks: no series is converted unless a page shows it, so the cost of a
tick follows the number of series that changed, not the number of calls.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from sidecar import __version__
from sidecar.alerting.engine import AlertingEngine, Now
from sidecar.model.duration import SECOND
from sidecar.model.sections import moment
from sidecar.model.snapshot import Snapshot
from sidecar.runtime.delivery import host_name
from sidecar.runtime.machine_clock import MachineClock
from sidecar.runtime.self_cost import SelfCost
from sidecar.slo.engine import Moment, ObjectivesEngine
from sidecar.store.alerts import read_alerts, write_alerts
from sidecar.store.clock import read_clock, write_clock
from sidecar.store.lives import begin_life

if TYPE_CHECKING:
    from sidecar.model.log import Log
    from sidecar.model.sections.objectives import ObjectiveReading
    from sidecar.runtime.delivery import Delivery
    from sidecar.runtime.reload import Reload
    from sidecar.sources.server_page import ServerPagePoller
    from sidecar.store.face import Store
    from sidecar.tapclient.facts import Facts
    from sidecar.tapclient.tap_client import TapClient


class Beside(NamedTuple):
    """What runs beside the loop, and is never waited for."""

    server: ServerPagePoller
    delivery: Delivery


class Loop:
    """Everything that a tick goes through."""

    def __init__(
        self,
        tap: TapClient,
        reload: Reload,
        beside: Beside,
        store: Store,
        log: Log,
    ) -> None:
        self._tap = tap
        self._reload = reload
        self._server, self._delivery = beside
        self._store = store
        self._log = log
        self._life = begin_life(store)
        self._clock = MachineClock()
        self._objectives = ObjectivesEngine(
            store.read_series(), read_clock(store), on_disk=store.keeps_slots
        )
        self._alerts = AlertingEngine(read_alerts(store), host_name())
        self._self_cost = SelfCost()
        self._ticks = 0
        self._current: Snapshot | None = None

    def snapshot(self) -> Snapshot:
        """Return the newest snapshot; pages are served only after the first."""
        assert self._current is not None
        return self._current

    async def tick(self) -> None:
        """Pull, each storey in its order, keep what they wrote, publish. Raises SeamError when the tap is gone."""
        facts = await self._tap.pull()
        self._reload.follow(facts.policy_generation, facts.policy_error)
        settings = self._reload.settings
        self._server.follow(settings.server_metrics)
        self._delivery.follow(settings.alerts, self._reload.policy.admin)
        instant = self._clock.now()

        if late := self._store.take_late():
            self._objectives.join(late)
        # traffic → (batches → gpu →) objectives → alerts (→ scaling)
        server = self._server.reading()
        if server is not None and server.up:
            self._tap.name(server.models)
        objectives = self._objectives.judge(
            settings.objectives,
            facts.traffic,
            facts.tap,
            Moment(facts.epoch_unix_nanos, facts.uptime_nanos, instant),
            observing=self._reload.policy.observe,
        )
        config = self._reload.section(facts.policy_generation)
        now = Now(instant.unix_nanos, round(settings.tick_seconds * SECOND))
        alerts = self._alerts.judge(settings.alerts, objectives, config, now)

        self._tell_changes()
        self._keep()
        self._delivery.hand_on(alerts)
        self._current = Snapshot(
            moment=self._told_of(facts),
            traffic=facts.traffic,
            tap=facts.tap,
            server=server,
            objectives=objectives,
            config=config,
            control=self._self_cost.section(self._life),
            store=self._store.reading(),
            alerts=alerts,
            alertmanagers=self._delivery.readings(),
        )

    async def run(self) -> None:
        """Tick until the tap asks for the flush; raises SeamError when it is gone without asking."""
        clock = asyncio.get_running_loop().time
        due, last = clock(), False
        while not last:
            # A late tick is not made up for: the counts are cumulative.
            due = max(due + self._reload.settings.tick_seconds, clock())
            last = await self._tap.quiet_until(due)
            await self.tick()

    def _keep(self) -> None:
        """Give the store what this tick changed: counts, the slots that they feed, and what fires, in one piece."""
        if forgotten := self._objectives.take_forgotten():
            self._store.forget_series(forgotten)
        if unsaved := self._objectives.unsaved():
            self._store.save_series(unsaved)
            write_clock(self._store, self._objectives.clock())
        if (alerts := self._alerts.unsaved()) is not None:
            write_alerts(self._store, alerts)
        self._store.commit()

    def _told_of(self, facts: Facts) -> moment.Moment:
        self._ticks += 1
        return moment.Moment(
            tick=self._ticks,
            version=__version__,
            tap_version=self._tap.version,
            epoch_unix_nanos=facts.epoch_unix_nanos,
            sequence=facts.sequence,
            at_unix_nanos=facts.at_unix_nanos,
            uptime_nanos=facts.uptime_nanos,
        )

    def _tell_changes(self) -> None:
        """A change of state, or of a tier, is worth a line in the log."""
        for change in self._objectives.changes:
            self._log.info(
                "objective changed state",
                **_named(change.reading),
                state=change.reading.state.value,
                before=change.before.value,
            )
        for each in self._objectives.tier_changes:
            tell = self._log.warning if each.tier.firing else self._log.info
            message = "budget burns: tier fires" if each.tier.long_nanos else "tier fires"
            tell(
                message if each.tier.firing else "tier no longer fires",
                **_named(each.reading),
                tier=each.tier.name,
                severity=each.tier.severity,
            )


def _named(reading: ObjectiveReading) -> dict[str, str]:
    """Return which objective a line in the log is about."""
    name = {"slo": reading.objective.name}
    return name | {"model": reading.model} if reading.model else name
