"""All series of events: which there are, how each stood in an earlier life, and what is to be saved of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sidecar.model.duration import MINUTE
from sidecar.model.windows import MAX_PERIOD_NANOS, RINGS, SavedSeries, SeriesKey
from sidecar.slo.series import Series, terms_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from sidecar.model.objective import Objective
    from sidecar.model.series import EventView
    from sidecar.slo.series import Terms

# As the tap counts (INSTANCES in its limits.rs); models of its earlier lives are shown while there is room.
MAX_SERIES = 500
# A definition that was changed and is changed back finds its windows again, with all models that it may have; beyond
# these the oldest are forgotten.
MAX_WAITING = MAX_SERIES
# Of so many forgotten ones the tap's counts are known on: all that it may itself keep of definitions out of force.
MAX_LEFT = 1024
# A tap that has counted for longer than this before anybody looked: nobody knows when its events came.
UNKNOWN_AFTER_NANOS = MINUTE
# Without a disk a series is saved whole, and so not each tick; what came since is in the tap's own counts.
WHOLE_EVERY_NANOS = RINGS[0].slot_nanos
# Nor all in one tick: to pack one takes a millisecond and 150 kB for that long.
MAX_WHOLE = 50


class _Waiting(NamedTuple):
    """A series whose objective is not in force; one of this life as it is, a tenth of what a list of slots takes."""

    last_traffic: int
    epoch: int
    counts: tuple[int, int, int]
    whole: SavedSeries | Series

    @classmethod
    def saved(cls, one: SavedSeries) -> _Waiting:
        """Return one that an earlier life left."""
        counts = (one.good, one.bad, one.excluded)
        return cls(one.last_traffic_nanos, one.epoch_unix_nanos, counts, one)

    @classmethod
    def going(cls, series: Series) -> _Waiting:
        """Return one that was in force until now."""
        return cls(series.last_traffic, series.epoch, series.counts, series)

    def back(self, terms: Terms, now: int) -> Series:
        """Return it in force again; whoever has it goes on to `now`."""
        if isinstance(self.whole, Series):
            return self.whole
        return Series.restored(self.whole, terms, now)


class Book:
    """Series by key; those whose objective is not in force wait for it."""

    def __init__(self, saved: Iterable[SavedSeries], longest_nanos: int) -> None:
        """Begin with what an earlier life left; no window longer than `longest_nanos` is kept."""
        self._longest = longest_nanos
        self._waiting = {each.key: _Waiting.saved(each) for each in saved}
        self._remembered = {(key.objective_id, each.epoch) for key, each in self._waiting.items()}
        self._series: dict[SeriesKey, Series] = {}
        self._saved_at = dict.fromkeys(self._waiting, 0)
        """Those that the store knows, and when they were last given to it; 0: in an earlier life."""
        self._left: dict[SeriesKey, tuple[int, tuple[int, int, int]]] = {}
        """Where forgotten ones stood in a life of the tap, so that none of their events is ever new again."""
        self._left_unsaved: list[SavedSeries] = []
        """The same for the next life of control, which may find them in force again: heads without slots."""
        self.forgotten: list[SeriesKey] = []
        """Of these nothing is to be found again but what is saved later; whoever has told the store empties it."""

    def __len__(self) -> int:
        return len(self._series)

    def begin(self, objectives: Sequence[Objective], told: Container[SeriesKey], now: int) -> None:
        """Begin a tick: what is not in force any more goes to wait, what is again comes back, all others go on.

        `told`: what the tap counts. It goes on telling of a silent model, so that one is not let go.
        """
        by_id = {each.id: each for each in objectives}
        for key in [key for key in self._series if key.objective_id not in by_id]:
            self._waiting[key] = _Waiting.going(self._series.pop(key))
        for key in [key for key in self._waiting if key.objective_id in by_id]:
            terms = terms_of(by_id[key.objective_id], self._longest)
            self._series[key] = self._waiting.pop(key).back(terms, now)
        for series in self._series.values():
            series.windows.advance(now)
            series.adapt(terms_of(by_id[series.key.objective_id], self._longest))
        self._forget_waiting(now)
        self._forget_models(told, now)

    def join(self, saved: Iterable[SavedSeries]) -> None:
        """Take what was kept by others until now: of a series that is here it is added, any other waits as ever."""
        for each in saved:
            waiting = self._waiting.get(each.key)
            ours = self._series.get(each.key) or (waiting.whole if waiting else None)
            if isinstance(ours, Series):
                ours.join(each)
            elif each.key not in self._left:
                self._waiting[each.key] = _Waiting.saved(each)
                self._saved_at[each.key] = 0

    def models_of(
        self, objective: Objective, events: Mapping[SeriesKey, EventView]
    ) -> Iterator[str]:
        """Yield the models that an objective is counted for, those the tap counts first; "" for one that is not so."""
        if not objective.per_model:
            yield ""
            return
        told = {key.model: None for key in events if key.objective_id == objective.id}
        known = {key.model: None for key in self._series if key.objective_id == objective.id}
        yield from told | known

    def series(self, objective: Objective, model: str, now: int) -> Series:
        """Return a series, and begin it where there is none."""
        key = SeriesKey(objective.id, model)
        found = self._series.get(key)
        if found is None:
            found = self._series[key] = Series(key, terms_of(objective, self._longest), now)
            if key in self._left:
                found.epoch, found.counts = self._left.pop(key)
        return found

    def remembers(self, objective: Objective, epoch: int) -> bool:
        """Say whether an earlier life of control has seen an objective in this life of the tap.

        What is new of it then, a model, came since.
        """
        return (objective.id, epoch) in self._remembered

    def unsaved(self, *, whole: bool, now: int) -> Iterator[SavedSeries]:
        """Yield what is to be saved now. `whole`: with all slots, and each only now and then, unless a tier changed."""
        left, self._left_unsaved = self._left_unsaved, []
        yield from left
        changed = [each for each in self._series.values() if each.changed]
        for series in self._due(changed, now) if whole else changed:
            self._saved_at[series.key] = now
            yield series.saved(whole=whole)

    def _due(self, changed: list[Series], now: int) -> list[Series]:
        """Return what cannot wait, and of the rest those that have waited longest."""
        at_once = [each for each in changed if each.tiers_changed or each.key not in self._saved_at]
        keys = {each.key for each in at_once}
        rest = [each for each in changed if each.key not in keys]
        rest = [each for each in rest if now - self._saved_at[each.key] >= WHOLE_EVERY_NANOS]
        rest.sort(key=lambda each: self._saved_at[each.key])
        return at_once + rest[:MAX_WHOLE]

    def _forget_waiting(self, now: int) -> None:
        """Let go of what is older than any period, and of what has waited longest."""
        old = [
            key for key, each in self._waiting.items() if now - each.last_traffic > MAX_PERIOD_NANOS
        ]
        by_age = sorted(self._waiting, key=lambda key: self._waiting[key].last_traffic)
        old += by_age[: max(len(by_age) - MAX_WAITING, 0)]
        for key in dict.fromkeys(old):
            gone = self._waiting.pop(key)
            self._left[key] = (gone.epoch, gone.counts)
            self.forgotten.append(key)
            if now - gone.last_traffic <= MAX_PERIOD_NANOS:
                head = SavedSeries(key, gone.epoch, *gone.counts, gone.last_traffic, now)
                self._left_unsaved.append(head)
        while len(self._left) > MAX_LEFT:
            key = next(iter(self._left))
            del self._left[key]
            self.forgotten.append(key)

    def _forget_models(self, told: Container[SeriesKey], now: int) -> None:
        """Let go of models of earlier lives of the tap that were silent for a period, or are beyond the cap."""
        models = [key for key in self._series if key.model and key not in told]
        silent = [key for key in models if _has_been_silent(self._series[key], now)]
        if len(self._series) > MAX_SERIES:
            models.sort(key=lambda key: self._series[key].last_traffic)
            silent += models[: len(self._series) - MAX_SERIES]
        for key in dict.fromkeys(silent):
            del self._series[key]
            self._saved_at.pop(key, None)
            self.forgotten.append(key)


def _has_been_silent(series: Series, now: int) -> bool:
    return now - max(series.last_traffic, series.since) > series.terms.period_nanos
