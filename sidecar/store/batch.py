"""What waits to be written: of each key and each slot the newest, so that it grows no larger than what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sidecar.store.slot_table import SlotTable

if TYPE_CHECKING:
    from sidecar.model.windows import SavedSeries, SeriesKey


class Batch:
    """The writes of one tick, or of several, of which the later ones won. Forgetting comes before saving."""

    def __init__(self, since: float = 0.0) -> None:
        """`since`: when the oldest tick in it was committed, on the clock of whoever asks."""
        self.since = since
        self.values: dict[str, bytes] = {}
        self.heads: dict[SeriesKey, SavedSeries] = {}
        self.slots: dict[SeriesKey, SlotTable] = {}
        self.forgotten: set[SeriesKey] = set()

    def __bool__(self) -> bool:
        return bool(self.values or self.heads or self.forgotten)

    def save(self, series: SavedSeries) -> None:
        """Take a head, and the slots that come with it."""
        key = series.key
        self.heads[key] = series
        table = self.slots.get(key)
        if table is None:
            table = self.slots[key] = SlotTable()
        for slot in series.slots:
            table.put(slot)

    def forget(self, key: SeriesKey) -> None:
        """Leave nothing of a series, neither here nor in the file."""
        self.heads.pop(key, None)
        self.slots.pop(key, None)
        self.forgotten.add(key)

    def merge(self, later: Batch) -> None:
        """Take what was committed after this."""
        self.values.update(later.values)
        for key in later.forgotten:
            self.forget(key)
        for key, series in later.heads.items():
            if key in self.slots:
                self.heads[key] = series
                for slot in later.slots[key]:
                    self.slots[key].put(slot)
            else:
                self.heads[key], self.slots[key] = series, later.slots[key]
