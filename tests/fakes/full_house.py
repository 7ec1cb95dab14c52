"""A moment of which every metric there is has something to show."""

from __future__ import annotations

from dataclasses import replace

from sidecar.model.profiles import Profile
from sidecar.model.sections.alerts import AlertmanagerReading
from sidecar.model.sections.objectives import Objectives
from sidecar.model.sections.store import StoreReading
from sidecar.model.snapshot import Snapshot
from sidecar.tapclient import tap_pb2 as pb
from tests.fakes import facts
from tests.fakes.burning import named, on_fire, reading
from tests.fakes.facts import INFER, STREAM, snapshot
from tests.fakes.published import published, server_reading, watched


def everything(profile: Profile = Profile.FULL) -> Snapshot:
    """A snapshot of which every family has something to show."""
    return replace(
        published(full_house(), server=server_reading(), profile=profile),
        objectives=Objectives((reading("fast", on_fire(), excluded=1),)),
        alertmanagers=(
            AlertmanagerReading("http://am:9093", 5, 2, 1, 3, 1_760_000_000_000_000_000),
        ),
        store=StoreReading("disk", set_aside="wayside.db.damaged-20261130T201500Z"),
    )


def burning_objectives(count: int) -> Objectives:
    """Objectives of which each shows all it can."""
    return named([watched(f"objective-{n}") for n in range(count)], on_fire())


def full_house(models: list[str] | None = None) -> pb.Snapshot:
    """A moment at which everything that can be shown is shown."""
    counters, timings, flights = [], [], []
    for model in models or ["resnet50"]:
        for method in (INFER, STREAM):
            counters += [
                facts.calls(model, method=method, code=code) for code in ("OK", "INTERNAL", "LOST")
            ]
            timings += [facts.timing(model, method, failed) for failed in (False, True)]
            for timing in timings[-2:]:
                timing.batch_size.CopyFrom(facts.sizes(*range(1, 2_000)))
        counters.append(
            facts.calls(model, code="CANCELLED", ended_by="client", outcome="cancelled")
        )
        counters.append(
            facts.calls(model, method=STREAM, code="IN_BAND_ERROR", outcome="server_error")
        )
        flights.append(facts.flight(model, open_requests=1))
    for method in ("grpc.health.v1.Health/Check", "inference.GRPCInferenceService/ServerLive"):
        counters.append(facts.calls("unknown", method=method, kind="probe"))
    tap = facts.tap_stats(blind=1)
    tap.throttled_nanos = 5
    tap.control_restarts.add(label="exited", value=1)
    tokens = [
        facts.tokens(model, direction, source)
        for model in models or ["resnet50"]
        for direction, source in (("input", "usage"), ("output", "usage"), ("output", "chunks"))
    ]
    limits = [facts.batch_limit(model) for model in models or ["resnet50"]]
    return snapshot(
        counters=counters,
        timings=timings,
        flights=flights,
        tokens=tokens,
        tap=tap,
        batch_limits=limits,
        events=[facts.event(reading("fast", on_fire()).objective.id)],
        shapes=[facts.shapes(model) for model in models or ["resnet50"]],
    )
