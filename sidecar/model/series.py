"""What the tap counted, as read-only views.

The protobuf messages of the seam fit these shapes as they are. That is the point: control keeps what arrived and
converts a series only when someone asks for it, so its cost does not follow the traffic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

INFERENCE = "inference"


class HistogramView(Protocol):
    """A histogram by the cells and by the bounds of sidecar.model.grid; counts are not cumulative."""

    @property
    def count(self) -> int: ...
    @property
    def sum_nanos(self) -> int: ...
    @property
    def cells(self) -> Sequence[int]: ...  # ascending, each with a count
    @property
    def counts(self) -> Sequence[int]: ...
    @property
    def classes(self) -> Sequence[int]: ...  # one for each bound, and one above the last


class SizeHistogramView(Protocol):
    """Sizes by powers of two, as sidecar.model.grid has their edges; counts are not cumulative."""

    @property
    def count(self) -> int: ...
    @property
    def sum(self) -> int: ...
    @property
    def counts(self) -> Sequence[int]: ...


class ExemplarView(Protocol):
    """A recent request with a trace, as it came; sidecar.model.exemplar has it as it is shown."""

    @property
    def trace_id(self) -> bytes: ...  # 16; empty: there is none
    @property
    def value_nanos(self) -> int: ...
    @property
    def unix_nanos(self) -> int: ...


class CounterView(Protocol):
    """Cumulative counters of one combination of labels, since the tap's start."""

    @property
    def id(self) -> int: ...  # stays with the series; lower = seen earlier
    @property
    def model(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def ended_by(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def calls(self) -> int: ...
    @property
    def requests(self) -> int: ...
    @property
    def request_bytes(self) -> int: ...
    @property
    def response_bytes(self) -> int: ...
    @property
    def since_nanos(self) -> int: ...  # uptime at which it counted nothing yet


class TimingView(Protocol):
    """Distributions of one (model, method, failed or not)."""

    @property
    def id(self) -> int: ...  # stays with the series; lower = seen earlier
    @property
    def model(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def failed(self) -> bool: ...
    @property
    def streaming(self) -> bool: ...
    @property
    def latency(self) -> HistogramView: ...
    @property
    def call_duration(self) -> HistogramView: ...
    @property
    def first_response(self) -> HistogramView: ...
    @property
    def response_gap(self) -> HistogramView: ...
    @property
    def batch_size(self) -> SizeHistogramView: ...
    @property
    def latency_exemplar(self) -> ExemplarView: ...  # of the slowest of a minute
    @property
    def first_response_exemplar(self) -> ExemplarView: ...
    @property
    def since_nanos(self) -> int: ...  # uptime at which it counted nothing yet


class BatchLimitView(Protocol):
    """How large a batch a model takes; 0 = none."""

    @property
    def model(self) -> str: ...
    @property
    def max_batch_size(self) -> int: ...


class TokenView(Protocol):
    """Tokens of one (model, method), direction and source; sources are never mixed in one series."""

    @property
    def id(self) -> int: ...  # stays with the series; lower = seen earlier
    @property
    def model(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def direction(self) -> str: ...  # input | output
    @property
    def source(self) -> str: ...  # usage | ids | chunks
    @property
    def tokens(self) -> int: ...
    @property
    def since_nanos(self) -> int: ...  # uptime at which it counted nothing yet


class ShapeView(Protocol):
    """Requests of one model by the shape of their first input: all that are shown."""

    @property
    def id(self) -> int: ...  # stays with the series; lower = seen earlier
    @property
    def model(self) -> str: ...
    @property
    def shapes(self) -> Sequence[CountView]: ...


class FlightView(Protocol):
    """What is open now, of one (model, method)."""

    @property
    def model(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def in_flight(self) -> int: ...
    @property
    def open_requests(self) -> int: ...
    @property
    def oldest_open_nanos(self) -> int: ...
    @property
    def last_completed_nanos(self) -> int: ...


class EventView(Protocol):
    """Judged events of one objective, or of one model of it, counted at the call."""

    @property
    def objective(self) -> str: ...
    @property
    def model(self) -> str: ...  # a label, or unknown; empty unless it is counted by model
    @property
    def good(self) -> int: ...
    @property
    def bad(self) -> int: ...
    @property
    def excluded(self) -> int: ...
    @property
    def excluded_by(self) -> Sequence[CountView]: ...  # by reason, from 0
    @property
    def last_event_nanos(self) -> int: ...  # uptime at which one was seen open, or ended; 0 = never
    @property
    def exemplar(self) -> ExemplarView: ...  # of the last bad one with a trace
    @property
    def since_nanos(self) -> int: ...  # uptime at which it counted nothing yet


class UpstreamView(Protocol):
    """One upstream of one listener."""

    @property
    def listener(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def up(self) -> bool: ...
    @property
    def refused(self) -> int: ...
    @property
    def connections(self) -> int: ...
    @property
    def connections_open(self) -> int: ...


class CountView(Protocol):
    """A labelled count."""

    @property
    def label(self) -> str: ...
    @property
    def value(self) -> int: ...


class BlindCauseView(Protocol):
    """What was wrong with connections that are no longer read; equal causes are one."""

    @property
    def reason(self) -> str: ...
    @property
    def cause(self) -> str: ...
    @property
    def direction(self) -> str: ...  # to_server | to_client: who sent it
    @property
    def offset(
        self,
    ) -> int: ...  # of the newest: bytes of this direction before the read in which it was found
    @property
    def count(self) -> int: ...
    @property
    def last_unix_nanos(self) -> int: ...


class TapView(Protocol):
    """The tap about itself."""

    @property
    def connections_by_protocol(self) -> Sequence[CountView]: ...
    @property
    def blind(self) -> Sequence[CountView]: ...
    @property
    def client_frames(self) -> Sequence[CountView]: ...
    @property
    def server_frames(self) -> Sequence[CountView]: ...
    @property
    def added_latency(self) -> HistogramView: ...
    @property
    def cpu_nanos(self) -> int: ...
    @property
    def resident_bytes(self) -> int: ...
    @property
    def unsent_bytes(self) -> int: ...
    @property
    def records_dropped(self) -> int: ...
    @property
    def log_lines_dropped(self) -> int: ...
    @property
    def series_capped(self) -> int: ...
    @property
    def control_restarts(self) -> Sequence[CountView]: ...
    @property
    def connections_cap(self) -> int: ...
    @property
    def accept_pauses(self) -> int: ...
    @property
    def cut_connections(self) -> int: ...
    @property
    def draining(self) -> bool: ...
    @property
    def goaways_inserted(self) -> int: ...
    @property
    def throttled_nanos(self) -> int: ...  # meaningful only if HasField says so
    @property
    def heads_truncated(self) -> int: ...
    @property
    def upgraded(self) -> int: ...
    @property
    def keeps_refused(self) -> int: ...
    @property
    def slo_models_capped(
        self,
    ) -> int: ...  # events counted as of an unknown model for want of room
    def HasField(self, field_name: str) -> bool: ...


class RecordView(Protocol):
    """One chosen call: failed, slow or sampled."""

    @property
    def model(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def ended_by(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def request_id(self) -> str: ...
    @property
    def start_unix_nanos(self) -> int: ...
    @property
    def call_duration_nanos(self) -> int: ...
    @property
    def latency_nanos(self) -> int: ...
    @property
    def message(self) -> str: ...
    @property
    def reason(self) -> str: ...
