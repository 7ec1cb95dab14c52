"""One tick's facts: immutable, published once per tick, read by every outlet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sidecar.model.objective import State
    from sidecar.model.series import (
        BatchLimitView,
        CounterView,
        EventView,
        FlightView,
        RecordView,
        ShapeView,
        TapView,
        TimingView,
        TokenView,
        UpstreamView,
    )
    from sidecar.model.server_metrics import ServerReading


@dataclass(frozen=True, slots=True)
class WatchedObjective:
    """An objective as control knows it: what outlets show beside its counts."""

    id: str
    name: str
    spec_hash: str
    ratio: str  # decimal string
    good: str
    model_glob: str
    method_glob: str


@dataclass(frozen=True, slots=True)
class ObjectiveReading:
    """An objective and the state it is in this tick."""

    objective: WatchedObjective
    state: State


@dataclass(frozen=True, slots=True)
class ConfigState:
    """Which configuration is in force, and whether the files still say the same."""

    generation: int
    valid: bool  # nothing was left out of the policy in force
    last_reload_successful: bool
    hash: str


@dataclass(frozen=True, slots=True)
class ControlReading:
    """The control process about itself."""

    cpu_seconds: float
    resident_bytes: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Cumulative values since `epoch_unix_nanos`, the tap's start; views as they arrived over the seam."""

    tick: int  # counts ticks of this life of control: a cache key
    version: str
    tap_version: str
    epoch_unix_nanos: int
    sequence: int
    at_unix_nanos: int  # wall clock, for display only
    uptime_nanos: int  # monotonic, for ages
    counters: tuple[CounterView, ...]
    timings: tuple[TimingView, ...]
    flights: Sequence[FlightView]
    events: Mapping[str, EventView]  # by Objective.id
    upstreams: Sequence[UpstreamView]
    tap: TapView
    objectives: tuple[ObjectiveReading, ...]
    config: ConfigState
    control: ControlReading
    draining: bool = False
    tokens: tuple[TokenView, ...] = ()
    shapes: tuple[ShapeView, ...] = ()
    batch_limits: Sequence[BatchLimitView] = ()  # of models of which it is known
    records: tuple[RecordView, ...] = ()  # the newest few, oldest first
    server: ServerReading | None = None  # the model server's own numbers, where they are asked for
    server_models: tuple[
        str, ...
    ] = ()  # models that the server's own page names; one: the server serves that
