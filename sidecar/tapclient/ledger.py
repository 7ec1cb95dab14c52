"""What is known so far: the newest message of every series, merged from snapshots that carry only changes.

Messages stay as they arrived, inside their snapshots, which live as long as any of them is the newest of its series.
Asking for everything now and then lets the old ones go.
"""

from __future__ import annotations

from sidecar.tapclient import tap_pb2 as pb

# The tap forgets a series that has not changed for an hour; only an answer with everything tells, by its absence.
# Asking for everything this often forgets it here too, costs one large answer in 16, and bounds how many old snapshots
# are held by a series that last changed in them.
RESYNC_TICKS = 16

# The tap holds at most 500 series by default. This many kept means that most are stale: ask for everything at once.
MAX_SERIES_KEPT = 4_000


class Ledger:
    """Accumulates snapshots of one tap. `since` is what to pull next."""

    def __init__(self) -> None:
        self.since = 0
        self.epoch = 0
        self.counters: tuple[pb.CounterSeries, ...] = ()
        self.timings: tuple[pb.TimingSeries, ...] = ()
        self.tokens: tuple[pb.TokenSeries, ...] = ()
        self.shapes: tuple[pb.ShapeSeries, ...] = ()
        self._counters: dict[int, pb.CounterSeries] = {}
        self._timings: dict[int, pb.TimingSeries] = {}
        self._tokens: dict[int, pb.TokenSeries] = {}
        self._shapes: dict[int, pb.ShapeSeries] = {}
        self._merges = 0

    def merge(self, snapshot: pb.Snapshot) -> bool:
        """Take an answer to Pull{since}. False: it was of another tap's life, so all is forgotten; pull again."""
        if self.epoch and snapshot.epoch_unix_nanos != self.epoch and self.since:
            self.epoch = snapshot.epoch_unix_nanos
            self._forget()
            self.since = 0
            return False
        if self.since == 0:
            self._forget()
        self.epoch = snapshot.epoch_unix_nanos
        self._take(snapshot)
        self._merges += 1
        kept = len(self._counters) + len(self._timings) + len(self._tokens) + len(self._shapes)
        stale = self._merges % RESYNC_TICKS == 0 or kept > MAX_SERIES_KEPT
        self.since = 0 if stale else snapshot.sequence
        return True

    def _take(self, snapshot: pb.Snapshot) -> None:
        self._counters.update((series.id, series) for series in snapshot.counters)
        self._timings.update((series.id, series) for series in snapshot.timings)
        self._tokens.update((series.id, series) for series in snapshot.tokens)
        self._shapes.update((series.id, series) for series in snapshot.shapes)
        if snapshot.counters:
            self.counters = tuple(self._counters.values())
        if snapshot.timings:
            self.timings = tuple(self._timings.values())
        if snapshot.tokens:
            self.tokens = tuple(self._tokens.values())
        if snapshot.shapes:
            self.shapes = tuple(self._shapes.values())

    def _forget(self) -> None:
        self._counters.clear()
        self._timings.clear()
        self._tokens.clear()
        self._shapes.clear()
        self.counters = ()
        self.timings = ()
        self.tokens = ()
        self.shapes = ()
