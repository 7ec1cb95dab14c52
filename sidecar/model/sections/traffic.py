"""What passed: cumulative counts and distributions, and what is open now, as views that arrived over the seam."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sidecar.model.series import (
        BatchLimitView,
        CounterView,
        EventView,
        FlightView,
        RecordView,
        ShapeView,
        TimingView,
        TokenView,
        UpstreamView,
    )
    from sidecar.model.windows import SeriesKey


@dataclass(frozen=True, slots=True)
class Traffic:
    """The tap's facts about calls, and about the servers behind."""

    counters: Sequence[CounterView] = ()
    timings: Sequence[TimingView] = ()
    tokens: Sequence[TokenView] = ()
    shapes: Sequence[ShapeView] = ()
    batch_limits: Sequence[BatchLimitView] = ()  # of models of which it is known
    flights: Sequence[FlightView] = ()
    events: Mapping[SeriesKey, EventView] = field(default_factory=dict)
    upstreams: Sequence[UpstreamView] = ()
    records: Sequence[RecordView] = ()  # the newest few, oldest first
