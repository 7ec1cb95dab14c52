"""What one Alertmanager has not taken yet: of each alert the newest word, so that nothing stale is ever sent after it.

Of a word that is late Alertmanager would believe too much: with ranges that overlap it keeps the later end of two that
fire, and a firing one whose end has passed meanwhile is to it a resolved one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sidecar.model.sections.alerts import Alert, Pairs

# Twice what an engine holds; of some 1.5 KB each, and all Alertmanagers share them.
MAX_QUEUED = 1_000
# As Prometheus' --alertmanager.notification-batch-size.
MAX_BATCH = 256


class Mailbox:
    """A queue in which a later word replaces an earlier one of the same alert, in its place."""

    def __init__(self) -> None:
        self._queued: dict[Pairs, Alert] = {}
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._queued)

    def put(self, alerts: Iterable[Alert]) -> None:
        """Queue alerts; where there is no room the oldest go."""
        for each in alerts:
            self._queued[each.labels] = each
        self._make_room()

    def take(self, now_unix_nanos: int) -> list[Alert]:
        """Take the next batch. What should have been sent by now to mean what it says is dropped."""
        batch: list[Alert] = []
        while self._queued and len(batch) < MAX_BATCH:
            alert = self._queued.pop(next(iter(self._queued)))
            if alert.resolved or alert.ends_at_unix_nanos > now_unix_nanos:
                batch.append(alert)
            else:
                self.dropped += 1
        return batch

    def put_back(self, batch: Iterable[Alert]) -> None:
        """Queue what could not be sent, before all else; but not where a later word has come."""
        later = self._queued
        self._queued = {each.labels: later.pop(each.labels, each) for each in batch}
        self._queued.update(later)
        self._make_room()

    def _make_room(self) -> None:
        while len(self._queued) > MAX_QUEUED:
            del self._queued[next(iter(self._queued))]
            self.dropped += 1
