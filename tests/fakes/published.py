"""Snapshots as control publishes them, without a control."""

from __future__ import annotations

from collections.abc import Sequence

from sidecar.model.indicator import LatencyBelow
from sidecar.model.objective import Objective, State
from sidecar.model.profiles import PageSettings, Profile
from sidecar.model.sections.config import Config
from sidecar.model.sections.control import Control
from sidecar.model.sections.moment import Moment
from sidecar.model.sections.objectives import Events, ObjectiveReading, Objectives
from sidecar.model.sections.tap import Tap
from sidecar.model.sections.traffic import Traffic
from sidecar.model.server_metrics import Number, PollFailure, ServerReading
from sidecar.model.snapshot import Snapshot
from sidecar.model.windows import SeriesKey
from sidecar.tapclient import tap_pb2 as pb


def watched(name: str) -> Objective:
    """An objective as control knows it."""
    return Objective(name, LatencyBelow(100_000_000), "0.999", "resnet50")


def published(
    answer: pb.Snapshot,
    objectives: Sequence[Objective] = (),
    tick: int = 1,
    server: ServerReading | None = None,
    profile: Profile = Profile.DEFAULT,
) -> Snapshot:
    """Publish an answer of the tap."""
    events = {
        each.objective: Events(
            each.good,
            each.bad,
            each.excluded,
            tuple((reason.label, reason.value) for reason in each.excluded_by),
        )
        for each in answer.events
    }
    return Snapshot(
        moment=Moment(
            tick=tick,
            version="0.1.0",
            tap_version="fake",
            epoch_unix_nanos=answer.epoch_unix_nanos,
            sequence=answer.sequence,
            at_unix_nanos=answer.at_unix_nanos,
            uptime_nanos=answer.uptime_nanos,
        ),
        traffic=Traffic(
            counters=tuple(answer.counters),
            timings=tuple(answer.timings),
            tokens=tuple(answer.tokens),
            shapes=tuple(answer.shapes),
            batch_limits=answer.batch_limits,
            flights=answer.flights,
            events={SeriesKey(event.objective, event.model): event for event in answer.events},
            upstreams=answer.upstreams,
        ),
        tap=Tap(answer.tap, answer.tap.draining),
        objectives=Objectives(
            tuple(
                ObjectiveReading(each, State.OK, events.get(each.id, Events()))
                for each in objectives
            )
        ),
        config=Config(1, True, True, "hash", PageSettings(profile)),
        control=Control(0.5, 30_000_000, 1),
        server=server,
    )


def server_reading() -> ServerReading:
    """What a server told of itself that tells all there is; one poll before it failed."""
    return ServerReading(
        up=True,
        failed_polls={**dict.fromkeys(PollFailure, 0), PollFailure.TIMEOUT: 1},
        server="triton",
        numbers={
            Number.QUEUE_DEPTH: {"bert": 0, "resnet50": 3},
            Number.RUNNING: {"bert": 2},
            Number.KV_CACHE_USAGE: {"": 0.25},
            Number.EXECUTED_BATCH_SIZE: {"resnet50": 5.5},
        },
        models=("bert", "resnet50"),
        left_out=1,
    )
