"""An engine of objectives with a clock of its own, and a tap that counts what it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sidecar.model.objective import Objective
from sidecar.model.sections.objectives import ObjectiveReading, Objectives, TierReading
from sidecar.model.sections.tap import Tap
from sidecar.model.sections.traffic import Traffic
from sidecar.model.windows import SavedSeries, SeriesKey
from sidecar.slo.engine import Moment, ObjectivesEngine
from sidecar.slo.timeline import Instant
from sidecar.tapclient import tap_pb2 as pb
from tests.fakes import facts

SECOND = 1_000_000_000
START = 1_800_000_000 * SECOND  # a full hour, so that every ring's slots begin there


@dataclass
class FakeTap:
    """Cumulative counts of one life of the tap."""

    epoch: int = START
    counts: dict[SeriesKey, list[int]] = field(default_factory=dict)
    last_events: dict[SeriesKey, int] = field(default_factory=dict)
    slept: int = 0
    """Its clock stands still while the machine sleeps."""

    def uptime(self, now: int) -> int:
        """What its clock says."""
        return now - self.epoch - self.slept

    def count(self, key: SeriesKey, good: int, bad: int, excluded: int = 0, at: int = 0) -> None:
        """Count events, the newest of them at this moment of its uptime."""
        self.last_events[key] = at
        held = self.counts.setdefault(key, [0, 0, 0])
        for at, more in enumerate((good, bad, excluded)):
            held[at] += more

    def traffic(self, *, up: bool = True) -> Traffic:
        """What a pull would bring."""
        events = {
            key: pb.EventSeries(
                objective=key.objective_id,
                good=good,
                bad=bad,
                excluded=excluded,
                last_event_nanos=self.last_events.get(key, 0),
            )
            for key, (good, bad, excluded) in self.counts.items()
        }
        return Traffic(events=events, upstreams=(facts.upstream(up),))


class Ticker:
    """Ticks an engine; time is what it is told to be."""

    def __init__(
        self,
        objectives: Sequence[Objective],
        *,
        on_disk: bool = True,
        saved: Sequence[SavedSeries] = (),
        tap: FakeTap | None = None,
        now: int = START,
    ) -> None:
        self.objectives = objectives
        self.tap = tap or FakeTap()
        for each in objectives:
            if not each.per_model:
                self.tap.counts.setdefault(SeriesKey(each.id, ""), [0, 0, 0])
        self.engine = ObjectivesEngine(saved, on_disk=on_disk)
        self.now = now
        self.wall_ahead = 0
        self.boot = "boot"

    def tick(
        self, now: int, good: int = 0, bad: int = 0, excluded: int = 0, *, up: bool = True
    ) -> Objectives:
        """Go on to `now`; these events of the first objective came since."""
        self.now = now
        if good or bad or excluded:
            key = SeriesKey(self.objectives[0].id, "")
            self.tap.count(key, good, bad, excluded, self.tap.uptime(now))
        return self.engine.judge(
            self.objectives,
            self.tap.traffic(up=up),
            Tap(facts.tap_stats(), draining=False),
            self.moment(),
            observing=True,
        )

    def moment(self) -> Moment:
        """What the clocks say."""
        instant = Instant(self.boot, self.now - START, self.now + self.wall_ahead)
        return Moment(self.tap.epoch, self.tap.uptime(self.now), instant)


def tier(reading: ObjectiveReading, name: str) -> TierReading:
    """The tier of this name."""
    assert reading.burn is not None
    return next(each for each in reading.burn.tiers if each.name == name)
