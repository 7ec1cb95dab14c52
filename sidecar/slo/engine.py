"""The engine of objectives: events, windows, tiers and states. Pure: facts and `now` in, a section out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sidecar.model.sections.objectives import Events, ObjectiveReading, Objectives
from sidecar.model.windows import LONGEST_WITHOUT_DISK_NANOS, MAX_PERIOD_NANOS, SeriesKey
from sidecar.slo.blindness import Blindness
from sidecar.slo.book import UNKNOWN_AFTER_NANOS, Book
from sidecar.slo.refusals import Refusals
from sidecar.slo.state import Evidence, Subject, state_of
from sidecar.slo.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sidecar.model.objective import Objective, State
    from sidecar.model.sections.objectives import TierReading
    from sidecar.model.sections.tap import Tap
    from sidecar.model.sections.traffic import Traffic
    from sidecar.model.series import EventView
    from sidecar.model.windows import SavedClock, SavedSeries
    from sidecar.slo.series import Series
    from sidecar.slo.timeline import Instant


class Moment(NamedTuple):
    """When a tick's facts were told."""

    epoch_unix_nanos: int  # the tap's start: cumulative counts restart with it
    uptime_nanos: int  # of the tap: the clock of every age in its facts
    instant: Instant  # of the machine


@dataclass(frozen=True, slots=True)
class Change:
    """An objective that is in another state than in the tick before."""

    reading: ObjectiveReading
    before: State


@dataclass(frozen=True, slots=True)
class TierChange:
    """A tier that fires and did not in the tick before, or the other way round."""

    reading: ObjectiveReading
    tier: TierReading


class ObjectivesEngine:
    """Keeps what is known of events beyond one tick, and begins with what an earlier life of it knew."""

    def __init__(
        self,
        saved: Iterable[SavedSeries] = (),
        clock: SavedClock | None = None,
        *,
        on_disk: bool = False,
    ) -> None:
        """`on_disk`: whole periods are kept; else windows end at 6 h."""
        longest = MAX_PERIOD_NANOS if on_disk else LONGEST_WITHOUT_DISK_NANOS
        self._on_disk = on_disk
        self._book = Book(saved, longest)
        self._timeline = Timeline(clock)
        self._blindness = Blindness()
        self._refusals = Refusals()
        self._states: dict[SeriesKey, State] = {}
        self._is_first = True
        self._now = 0
        self.changes: list[Change] = []
        """Of the last tick, for whoever tells people."""
        self.tier_changes: list[TierChange] = []
        """The same of tiers. What an earlier life left firing is none."""

    def judge(
        self,
        objectives: Sequence[Objective],
        traffic: Traffic,
        tap: Tap,
        moment: Moment,
        *,
        observing: bool,
    ) -> Objectives:
        """Return the section of this tick; `observing` says that the tap is to read at all."""
        self._now = self._timeline.now(moment.instant)
        evidence = Evidence(
            flights=traffic.flights,
            timings=traffic.timings,
            unreachable=self._refusals.unreachable(traffic.upstreams, moment.uptime_nanos),
            blind_ratio=self._blindness.ratio(tap.stats, moment.uptime_nanos),
            observing=observing,
        )
        self.tier_changes = []
        self._book.begin(objectives, traffic.events, self._now)
        readings = tuple(
            self._reading(objective, model, traffic, evidence, moment)
            for objective in objectives
            for model in self._book.models_of(objective, traffic.events)
        )
        self._is_first = False
        self._note_states(readings)
        return Objectives(readings, self._timeline.moved_nanos)

    def join(self, saved: Sequence[SavedSeries]) -> None:
        """Take what could not be read when this began: another Wayside's, until it let go of the folder.

        Between two ticks. Its clock and ours both began at the wall clock's time.
        """
        self._book.join(saved)

    def unsaved(self) -> list[SavedSeries]:
        """Return the series to be saved now: those of which something has changed."""
        return list(self._book.unsaved(whole=not self._on_disk, now=self._now))

    def take_forgotten(self) -> list[SeriesKey]:
        """Return the series that nobody will ask for again, once."""
        forgotten, self._book.forgotten = self._book.forgotten, []
        return forgotten

    def clock(self) -> SavedClock | None:
        """Return where the clock of the windows stands."""
        return self._timeline.saved()

    # --- steps -------------------------------------------------------------------------------

    def _reading(
        self,
        objective: Objective,
        model: str,
        traffic: Traffic,
        evidence: Evidence,
        moment: Moment,
    ) -> ObjectiveReading:
        event = traffic.events.get(SeriesKey(objective.id, model))
        events = _events(event)
        series = self._book.series(objective, model, self._now)
        last_event = event.last_event_nanos if event else 0
        if event is not None:
            epoch = moment.epoch_unix_nanos
            if series.is_new and self._is_first and not self._book.remembers(objective, epoch):
                _meet(series, events, moment)
            at = self._now - (moment.uptime_nanos - last_event) if last_event else 0
            series.count(events, moment.epoch_unix_nanos, at)
        subject = Subject.of(objective, model)
        state = state_of(subject, last_event, evidence, moment.uptime_nanos)
        fired = set(series.firing)
        burn = series.judge(state, self._timeline.moved_nanos)
        reading = ObjectiveReading(objective, state, events, model, burn)
        self.tier_changes += [
            TierChange(reading, tier) for tier in burn.tiers if tier.firing != (tier.name in fired)
        ]
        return reading

    def _note_states(self, readings: Sequence[ObjectiveReading]) -> None:
        before, self._states = self._states, {_key(each): each.state for each in readings}
        self.changes = [
            Change(each, before[_key(each)])
            for each in readings
            if before.get(_key(each), each.state) is not each.state
        ]


def _meet(series: Series, events: Events, moment: Moment) -> None:
    """See a series for the first time of which no earlier life has told, in a tap that may have counted before."""
    if moment.uptime_nanos > UNKNOWN_AFTER_NANOS:
        series.begin_at(events, moment.epoch_unix_nanos)
    else:
        series.since -= moment.uptime_nanos


def _key(reading: ObjectiveReading) -> SeriesKey:
    return SeriesKey(reading.objective.id, reading.model)


def _events(event: EventView | None) -> Events:
    if event is None:
        return Events()
    reasons = tuple((each.label, each.value) for each in event.excluded_by)
    return Events(event.good, event.bad, event.excluded, reasons)
