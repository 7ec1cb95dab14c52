"""Snapshots as control publishes them, without a control."""

from __future__ import annotations

from collections.abc import Sequence

from sidecar.model.objective import State
from sidecar.model.snapshot import (
    ConfigState,
    ControlReading,
    ObjectiveReading,
    Snapshot,
    WatchedObjective,
)
from sidecar.tapclient import tap_pb2 as pb


def watched(name: str) -> WatchedObjective:
    """An objective as control knows it."""
    return WatchedObjective(
        f"id-{name}", name, f"hash-{name}", "0.999", "latency_below", "resnet50", ""
    )


def published(
    answer: pb.Snapshot, objectives: Sequence[WatchedObjective] = (), tick: int = 1
) -> Snapshot:
    """Publish an answer of the tap."""
    return Snapshot(
        tick=tick,
        version="0.1.0",
        tap_version="fake",
        epoch_unix_nanos=answer.epoch_unix_nanos,
        sequence=answer.sequence,
        at_unix_nanos=answer.at_unix_nanos,
        uptime_nanos=answer.uptime_nanos,
        counters=tuple(answer.counters),
        timings=tuple(answer.timings),
        tokens=tuple(answer.tokens),
        batch_limits=answer.batch_limits,
        flights=answer.flights,
        events={event.objective: event for event in answer.events},
        upstreams=answer.upstreams,
        tap=answer.tap,
        objectives=tuple(ObjectiveReading(each, State.OK) for each in objectives),
        config=ConfigState(1, True, True, "hash"),
        control=ControlReading(0.5, 30_000_000),
    )
