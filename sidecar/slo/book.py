"""All series of events: which there are, how each stood in an earlier life, and what is to be saved of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sidecar.model.windows import MAX_PERIOD_NANOS, RINGS, SeriesKey
from sidecar.slo.series import Series, terms_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from sidecar.model.objective import Objective
    from sidecar.model.series import EventView
    from sidecar.model.windows import SavedSeries

# As the tap counts (INSTANCES in its limits.rs); models of its earlier lives are shown while there is room.
MAX_SERIES = 500
# A definition that was changed and is changed back finds its windows again; beyond these the oldest are forgotten.
MAX_WAITING = 64
# Of so many forgotten ones the tap's counts are known on: all that it may itself keep of definitions out of force.
MAX_LEFT = 1024
# A tap that has counted for longer than this before anybody looked: nobody knows when its events came.
UNKNOWN_AFTER_NANOS = 60 * 1_000_000_000
# Without a disk a series is saved whole, and so not each tick; what came since is in the tap's own counts.
WHOLE_EVERY_NANOS = RINGS[0].slot_nanos


class Book:
    """Series by key; those whose objective is not in force wait for it."""

    def __init__(self, saved: Iterable[SavedSeries], longest_nanos: int) -> None:
        """Begin with what an earlier life left; no window longer than `longest_nanos` is kept."""
        self._longest = longest_nanos
        self._waiting: dict[SeriesKey, SavedSeries] = {each.key: each for each in saved}
        self._series: dict[SeriesKey, Series] = {}
        self._saved_at: dict[SeriesKey, int] = {}
        self._left: dict[SeriesKey, tuple[int, tuple[int, int, int]]] = {}
        """Where forgotten ones stood in a life of the tap, so that none of their events is ever new again."""
        self.forgotten: list[SeriesKey] = []
        """Nobody will ask for these again; whoever has told the store empties it."""

    def __len__(self) -> int:
        return len(self._series)

    def begin(self, objectives: Sequence[Objective], told: Container[SeriesKey], now: int) -> None:
        """Begin a tick: what is not in force any more goes to wait, what is again comes back, all others go on.

        `told`: what the tap counts. It goes on telling of a silent model, so that one is not let go.
        """
        by_id = {each.id: each for each in objectives}
        for key in [key for key in self._series if key.objective_id not in by_id]:
            self._waiting[key] = self._series.pop(key).saved(whole=True)
        for key in [key for key in self._waiting if key.objective_id in by_id]:
            terms = terms_of(by_id[key.objective_id], self._longest)
            self._series[key] = Series.restored(self._waiting.pop(key), terms, now)
        for series in self._series.values():
            series.windows.advance(now)
            series.adapt(terms_of(by_id[series.key.objective_id], self._longest))
        self._forget_waiting(now)
        self._forget_models(told, now)

    def models_of(
        self, objective: Objective, events: Mapping[SeriesKey, EventView]
    ) -> Iterator[str]:
        """Yield the models that an objective is counted for, those the tap counts first; "" for one that is not so."""
        if not objective.per_model:
            yield ""
            return
        told = [key.model for key in events if key.objective_id == objective.id]
        yield from told
        known = (key.model for key in list(self._series) if key.objective_id == objective.id)
        yield from (model for model in known if model not in told)

    def series(self, objective: Objective, model: str, now: int) -> Series:
        """Return a series, and begin it where there is none."""
        key = SeriesKey(objective.id, model)
        found = self._series.get(key)
        if found is None:
            found = self._series[key] = Series(key, terms_of(objective, self._longest), now)
            if key in self._left:
                found.epoch, found.counts = self._left.pop(key)
        return found

    def unsaved(self, *, whole: bool, now: int) -> Iterator[SavedSeries]:
        """Yield what is to be saved now. `whole`: with all slots, and each only now and then, unless a tier changed."""
        for key, series in self._series.items():
            if not series.changed or (whole and not self._is_due(key, series, now)):
                continue
            yield series.saved(whole=whole)

    def _is_due(self, key: SeriesKey, series: Series, now: int) -> bool:
        due = series.tiers_changed or now - self._saved_at.get(key, 0) >= WHOLE_EVERY_NANOS
        if due:
            self._saved_at[key] = now
        return due

    def _forget_waiting(self, now: int) -> None:
        """Let go of what is older than any period, and of what has waited longest."""
        old = [
            key
            for key, each in self._waiting.items()
            if now - each.last_traffic_nanos > MAX_PERIOD_NANOS
        ]
        by_age = sorted(self._waiting, key=lambda key: self._waiting[key].last_traffic_nanos)
        old += by_age[: max(len(by_age) - MAX_WAITING, 0)]
        for key in dict.fromkeys(old):
            gone = self._waiting.pop(key)
            counts = (gone.good, gone.bad, gone.excluded)
            self._left[key] = (gone.epoch_unix_nanos, counts)
            self.forgotten.append(key)
        while len(self._left) > MAX_LEFT:
            del self._left[next(iter(self._left))]

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
