from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KIND_INFERENCE: _ClassVar[Kind]
    KIND_PROBE: _ClassVar[Kind]
    KIND_ADMIN: _ClassVar[Kind]

class JsonRead(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    JSON_READ_STRING: _ClassVar[JsonRead]
    JSON_READ_INT: _ClassVar[JsonRead]
    JSON_READ_PRESENT: _ClassVar[JsonRead]
    JSON_READ_ITEMS: _ClassVar[JsonRead]
    JSON_READ_PROMPTS: _ClassVar[JsonRead]
    JSON_READ_DIMENSIONS: _ClassVar[JsonRead]

class Read(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    READ_STRING: _ClassVar[Read]
    READ_INT: _ClassVar[Read]
    READ_PRESENT: _ClassVar[Read]
    READ_COUNT: _ClassVar[Read]
    READ_VARINT_AT: _ClassVar[Read]
    READ_VARINTS: _ClassVar[Read]
    READ_LENGTH: _ClassVar[Read]
    READ_SUM: _ClassVar[Read]
    READ_FIRST_STRING: _ClassVar[Read]
    READ_DIMENSIONS: _ClassVar[Read]
    READ_DIMENSION_OF_EACH: _ClassVar[Read]

class Slot(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SLOT_MODEL: _ClassVar[Slot]
    SLOT_VERSION: _ClassVar[Slot]
    SLOT_REQUEST_ID: _ClassVar[Slot]
    SLOT_BATCH_SIZE: _ClassVar[Slot]
    SLOT_ERROR: _ClassVar[Slot]
    SLOT_FINAL: _ClassVar[Slot]
    SLOT_TOKENS_IN: _ClassVar[Slot]
    SLOT_TOKENS_OUT: _ClassVar[Slot]
    SLOT_OUTPUT: _ClassVar[Slot]
    SLOT_SHAPE: _ClassVar[Slot]
    SLOT_MAX_BATCH_SIZE: _ClassVar[Slot]
    SLOT_BATCH_SHAPE: _ClassVar[Slot]
    SLOT_DATATYPE: _ClassVar[Slot]
    SLOT_ERROR_TEXT: _ClassVar[Slot]
    SLOT_STREAM: _ClassVar[Slot]
    SLOT_TOKENS_CACHED: _ClassVar[Slot]
    SLOT_NAMES: _ClassVar[Slot]
KIND_INFERENCE: Kind
KIND_PROBE: Kind
KIND_ADMIN: Kind
JSON_READ_STRING: JsonRead
JSON_READ_INT: JsonRead
JSON_READ_PRESENT: JsonRead
JSON_READ_ITEMS: JsonRead
JSON_READ_PROMPTS: JsonRead
JSON_READ_DIMENSIONS: JsonRead
READ_STRING: Read
READ_INT: Read
READ_PRESENT: Read
READ_COUNT: Read
READ_VARINT_AT: Read
READ_VARINTS: Read
READ_LENGTH: Read
READ_SUM: Read
READ_FIRST_STRING: Read
READ_DIMENSIONS: Read
READ_DIMENSION_OF_EACH: Read
SLOT_MODEL: Slot
SLOT_VERSION: Slot
SLOT_REQUEST_ID: Slot
SLOT_BATCH_SIZE: Slot
SLOT_ERROR: Slot
SLOT_FINAL: Slot
SLOT_TOKENS_IN: Slot
SLOT_TOKENS_OUT: Slot
SLOT_OUTPUT: Slot
SLOT_SHAPE: Slot
SLOT_MAX_BATCH_SIZE: Slot
SLOT_BATCH_SHAPE: Slot
SLOT_DATATYPE: Slot
SLOT_ERROR_TEXT: Slot
SLOT_STREAM: Slot
SLOT_TOKENS_CACHED: Slot
SLOT_NAMES: Slot

class Envelope(_message.Message):
    __slots__ = ("version", "hello", "pull", "snapshot", "records", "policy", "drain", "flush", "keep", "names", "scraped")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    HELLO_FIELD_NUMBER: _ClassVar[int]
    PULL_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    FLUSH_FIELD_NUMBER: _ClassVar[int]
    KEEP_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    SCRAPED_FIELD_NUMBER: _ClassVar[int]
    version: int
    hello: Hello
    pull: Pull
    snapshot: Snapshot
    records: Records
    policy: Policy
    drain: Drain
    flush: Flush
    keep: Keep
    names: Names
    scraped: Scraped
    def __init__(self, version: _Optional[int] = ..., hello: _Optional[_Union[Hello, _Mapping]] = ..., pull: _Optional[_Union[Pull, _Mapping]] = ..., snapshot: _Optional[_Union[Snapshot, _Mapping]] = ..., records: _Optional[_Union[Records, _Mapping]] = ..., policy: _Optional[_Union[Policy, _Mapping]] = ..., drain: _Optional[_Union[Drain, _Mapping]] = ..., flush: _Optional[_Union[Flush, _Mapping]] = ..., keep: _Optional[_Union[Keep, _Mapping]] = ..., names: _Optional[_Union[Names, _Mapping]] = ..., scraped: _Optional[_Union[Scraped, _Mapping]] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("epoch_unix_nanos", "tap_version", "policy", "kept")
    EPOCH_UNIX_NANOS_FIELD_NUMBER: _ClassVar[int]
    TAP_VERSION_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    KEPT_FIELD_NUMBER: _ClassVar[int]
    epoch_unix_nanos: int
    tap_version: str
    policy: Policy
    kept: _containers.RepeatedCompositeFieldContainer[Keep]
    def __init__(self, epoch_unix_nanos: _Optional[int] = ..., tap_version: _Optional[str] = ..., policy: _Optional[_Union[Policy, _Mapping]] = ..., kept: _Optional[_Iterable[_Union[Keep, _Mapping]]] = ...) -> None: ...

class Keep(_message.Message):
    __slots__ = ("key", "value")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    key: str
    value: bytes
    def __init__(self, key: _Optional[str] = ..., value: _Optional[bytes] = ...) -> None: ...

class Names(_message.Message):
    __slots__ = ("models",)
    MODELS_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, models: _Optional[_Iterable[str]] = ...) -> None: ...

class Scraped(_message.Message):
    __slots__ = ("sequence",)
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    def __init__(self, sequence: _Optional[int] = ...) -> None: ...

class Pull(_message.Message):
    __slots__ = ("since",)
    SINCE_FIELD_NUMBER: _ClassVar[int]
    since: int
    def __init__(self, since: _Optional[int] = ...) -> None: ...

class Snapshot(_message.Message):
    __slots__ = ("epoch_unix_nanos", "sequence", "at_unix_nanos", "uptime_nanos", "policy_generation", "policy_error", "counters", "timings", "flights", "events", "upstreams", "tap", "tokens", "batch_limits", "shapes", "blind_causes")
    EPOCH_UNIX_NANOS_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    AT_UNIX_NANOS_FIELD_NUMBER: _ClassVar[int]
    UPTIME_NANOS_FIELD_NUMBER: _ClassVar[int]
    POLICY_GENERATION_FIELD_NUMBER: _ClassVar[int]
    POLICY_ERROR_FIELD_NUMBER: _ClassVar[int]
    COUNTERS_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_FIELD_NUMBER: _ClassVar[int]
    FLIGHTS_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    UPSTREAMS_FIELD_NUMBER: _ClassVar[int]
    TAP_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    BATCH_LIMITS_FIELD_NUMBER: _ClassVar[int]
    SHAPES_FIELD_NUMBER: _ClassVar[int]
    BLIND_CAUSES_FIELD_NUMBER: _ClassVar[int]
    epoch_unix_nanos: int
    sequence: int
    at_unix_nanos: int
    uptime_nanos: int
    policy_generation: int
    policy_error: str
    counters: _containers.RepeatedCompositeFieldContainer[CounterSeries]
    timings: _containers.RepeatedCompositeFieldContainer[TimingSeries]
    flights: _containers.RepeatedCompositeFieldContainer[Flight]
    events: _containers.RepeatedCompositeFieldContainer[EventSeries]
    upstreams: _containers.RepeatedCompositeFieldContainer[Upstream]
    tap: TapStats
    tokens: _containers.RepeatedCompositeFieldContainer[TokenSeries]
    batch_limits: _containers.RepeatedCompositeFieldContainer[BatchLimit]
    shapes: _containers.RepeatedCompositeFieldContainer[ShapeSeries]
    blind_causes: _containers.RepeatedCompositeFieldContainer[BlindCause]
    def __init__(self, epoch_unix_nanos: _Optional[int] = ..., sequence: _Optional[int] = ..., at_unix_nanos: _Optional[int] = ..., uptime_nanos: _Optional[int] = ..., policy_generation: _Optional[int] = ..., policy_error: _Optional[str] = ..., counters: _Optional[_Iterable[_Union[CounterSeries, _Mapping]]] = ..., timings: _Optional[_Iterable[_Union[TimingSeries, _Mapping]]] = ..., flights: _Optional[_Iterable[_Union[Flight, _Mapping]]] = ..., events: _Optional[_Iterable[_Union[EventSeries, _Mapping]]] = ..., upstreams: _Optional[_Iterable[_Union[Upstream, _Mapping]]] = ..., tap: _Optional[_Union[TapStats, _Mapping]] = ..., tokens: _Optional[_Iterable[_Union[TokenSeries, _Mapping]]] = ..., batch_limits: _Optional[_Iterable[_Union[BatchLimit, _Mapping]]] = ..., shapes: _Optional[_Iterable[_Union[ShapeSeries, _Mapping]]] = ..., blind_causes: _Optional[_Iterable[_Union[BlindCause, _Mapping]]] = ...) -> None: ...

class ShapeSeries(_message.Message):
    __slots__ = ("model", "shapes", "id")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SHAPES_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    model: str
    shapes: _containers.RepeatedCompositeFieldContainer[Count]
    id: int
    def __init__(self, model: _Optional[str] = ..., shapes: _Optional[_Iterable[_Union[Count, _Mapping]]] = ..., id: _Optional[int] = ...) -> None: ...

class TokenSeries(_message.Message):
    __slots__ = ("model", "method", "direction", "source", "tokens", "id", "since_nanos")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    SINCE_NANOS_FIELD_NUMBER: _ClassVar[int]
    model: str
    method: str
    direction: str
    source: str
    tokens: int
    id: int
    since_nanos: int
    def __init__(self, model: _Optional[str] = ..., method: _Optional[str] = ..., direction: _Optional[str] = ..., source: _Optional[str] = ..., tokens: _Optional[int] = ..., id: _Optional[int] = ..., since_nanos: _Optional[int] = ...) -> None: ...

class CounterSeries(_message.Message):
    __slots__ = ("model", "version", "method", "kind", "code", "ended_by", "outcome", "calls", "requests", "request_bytes", "response_bytes", "request_messages", "response_messages", "id", "since_nanos")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    ENDED_BY_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_BYTES_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_BYTES_FIELD_NUMBER: _ClassVar[int]
    REQUEST_MESSAGES_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_MESSAGES_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    SINCE_NANOS_FIELD_NUMBER: _ClassVar[int]
    model: str
    version: str
    method: str
    kind: str
    code: str
    ended_by: str
    outcome: str
    calls: int
    requests: int
    request_bytes: int
    response_bytes: int
    request_messages: int
    response_messages: int
    id: int
    since_nanos: int
    def __init__(self, model: _Optional[str] = ..., version: _Optional[str] = ..., method: _Optional[str] = ..., kind: _Optional[str] = ..., code: _Optional[str] = ..., ended_by: _Optional[str] = ..., outcome: _Optional[str] = ..., calls: _Optional[int] = ..., requests: _Optional[int] = ..., request_bytes: _Optional[int] = ..., response_bytes: _Optional[int] = ..., request_messages: _Optional[int] = ..., response_messages: _Optional[int] = ..., id: _Optional[int] = ..., since_nanos: _Optional[int] = ...) -> None: ...

class TimingSeries(_message.Message):
    __slots__ = ("model", "method", "kind", "failed", "streaming", "latency", "call_duration", "first_response", "response_gap", "id", "batch_size", "latency_exemplar", "first_response_exemplar", "since_nanos")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    STREAMING_FIELD_NUMBER: _ClassVar[int]
    LATENCY_FIELD_NUMBER: _ClassVar[int]
    CALL_DURATION_FIELD_NUMBER: _ClassVar[int]
    FIRST_RESPONSE_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_GAP_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    LATENCY_EXEMPLAR_FIELD_NUMBER: _ClassVar[int]
    FIRST_RESPONSE_EXEMPLAR_FIELD_NUMBER: _ClassVar[int]
    SINCE_NANOS_FIELD_NUMBER: _ClassVar[int]
    model: str
    method: str
    kind: str
    failed: bool
    streaming: bool
    latency: Histogram
    call_duration: Histogram
    first_response: Histogram
    response_gap: Histogram
    id: int
    batch_size: SizeHistogram
    latency_exemplar: Exemplar
    first_response_exemplar: Exemplar
    since_nanos: int
    def __init__(self, model: _Optional[str] = ..., method: _Optional[str] = ..., kind: _Optional[str] = ..., failed: _Optional[bool] = ..., streaming: _Optional[bool] = ..., latency: _Optional[_Union[Histogram, _Mapping]] = ..., call_duration: _Optional[_Union[Histogram, _Mapping]] = ..., first_response: _Optional[_Union[Histogram, _Mapping]] = ..., response_gap: _Optional[_Union[Histogram, _Mapping]] = ..., id: _Optional[int] = ..., batch_size: _Optional[_Union[SizeHistogram, _Mapping]] = ..., latency_exemplar: _Optional[_Union[Exemplar, _Mapping]] = ..., first_response_exemplar: _Optional[_Union[Exemplar, _Mapping]] = ..., since_nanos: _Optional[int] = ...) -> None: ...

class SizeHistogram(_message.Message):
    __slots__ = ("count", "sum", "counts")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    SUM_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    count: int
    sum: int
    counts: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, count: _Optional[int] = ..., sum: _Optional[int] = ..., counts: _Optional[_Iterable[int]] = ...) -> None: ...

class BatchLimit(_message.Message):
    __slots__ = ("model", "max_batch_size")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    MAX_BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    model: str
    max_batch_size: int
    def __init__(self, model: _Optional[str] = ..., max_batch_size: _Optional[int] = ...) -> None: ...

class Histogram(_message.Message):
    __slots__ = ("count", "sum_nanos", "cells", "counts", "classes")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    SUM_NANOS_FIELD_NUMBER: _ClassVar[int]
    CELLS_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    count: int
    sum_nanos: int
    cells: _containers.RepeatedScalarFieldContainer[int]
    counts: _containers.RepeatedScalarFieldContainer[int]
    classes: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, count: _Optional[int] = ..., sum_nanos: _Optional[int] = ..., cells: _Optional[_Iterable[int]] = ..., counts: _Optional[_Iterable[int]] = ..., classes: _Optional[_Iterable[int]] = ...) -> None: ...

class Exemplar(_message.Message):
    __slots__ = ("trace_id", "value_nanos", "unix_nanos")
    TRACE_ID_FIELD_NUMBER: _ClassVar[int]
    VALUE_NANOS_FIELD_NUMBER: _ClassVar[int]
    UNIX_NANOS_FIELD_NUMBER: _ClassVar[int]
    trace_id: bytes
    value_nanos: int
    unix_nanos: int
    def __init__(self, trace_id: _Optional[bytes] = ..., value_nanos: _Optional[int] = ..., unix_nanos: _Optional[int] = ...) -> None: ...

class Flight(_message.Message):
    __slots__ = ("model", "method", "kind", "in_flight", "open_requests", "oldest_open_nanos", "last_completed_nanos")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    OPEN_REQUESTS_FIELD_NUMBER: _ClassVar[int]
    OLDEST_OPEN_NANOS_FIELD_NUMBER: _ClassVar[int]
    LAST_COMPLETED_NANOS_FIELD_NUMBER: _ClassVar[int]
    model: str
    method: str
    kind: str
    in_flight: int
    open_requests: int
    oldest_open_nanos: int
    last_completed_nanos: int
    def __init__(self, model: _Optional[str] = ..., method: _Optional[str] = ..., kind: _Optional[str] = ..., in_flight: _Optional[int] = ..., open_requests: _Optional[int] = ..., oldest_open_nanos: _Optional[int] = ..., last_completed_nanos: _Optional[int] = ...) -> None: ...

class EventSeries(_message.Message):
    __slots__ = ("objective", "good", "bad", "excluded", "excluded_by", "last_event_nanos", "model", "exemplar", "since_nanos")
    OBJECTIVE_FIELD_NUMBER: _ClassVar[int]
    GOOD_FIELD_NUMBER: _ClassVar[int]
    BAD_FIELD_NUMBER: _ClassVar[int]
    EXCLUDED_FIELD_NUMBER: _ClassVar[int]
    EXCLUDED_BY_FIELD_NUMBER: _ClassVar[int]
    LAST_EVENT_NANOS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    EXEMPLAR_FIELD_NUMBER: _ClassVar[int]
    SINCE_NANOS_FIELD_NUMBER: _ClassVar[int]
    objective: str
    good: int
    bad: int
    excluded: int
    excluded_by: _containers.RepeatedCompositeFieldContainer[Count]
    last_event_nanos: int
    model: str
    exemplar: Exemplar
    since_nanos: int
    def __init__(self, objective: _Optional[str] = ..., good: _Optional[int] = ..., bad: _Optional[int] = ..., excluded: _Optional[int] = ..., excluded_by: _Optional[_Iterable[_Union[Count, _Mapping]]] = ..., last_event_nanos: _Optional[int] = ..., model: _Optional[str] = ..., exemplar: _Optional[_Union[Exemplar, _Mapping]] = ..., since_nanos: _Optional[int] = ...) -> None: ...

class Upstream(_message.Message):
    __slots__ = ("listener", "address", "up", "refused", "connections", "connections_open")
    LISTENER_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    UP_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    CONNECTIONS_FIELD_NUMBER: _ClassVar[int]
    CONNECTIONS_OPEN_FIELD_NUMBER: _ClassVar[int]
    listener: str
    address: str
    up: bool
    refused: int
    connections: int
    connections_open: int
    def __init__(self, listener: _Optional[str] = ..., address: _Optional[str] = ..., up: _Optional[bool] = ..., refused: _Optional[int] = ..., connections: _Optional[int] = ..., connections_open: _Optional[int] = ...) -> None: ...

class Count(_message.Message):
    __slots__ = ("label", "value")
    LABEL_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    label: str
    value: int
    def __init__(self, label: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...

class BlindCause(_message.Message):
    __slots__ = ("reason", "cause", "direction", "offset", "count", "last_unix_nanos")
    REASON_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    LAST_UNIX_NANOS_FIELD_NUMBER: _ClassVar[int]
    reason: str
    cause: str
    direction: str
    offset: int
    count: int
    last_unix_nanos: int
    def __init__(self, reason: _Optional[str] = ..., cause: _Optional[str] = ..., direction: _Optional[str] = ..., offset: _Optional[int] = ..., count: _Optional[int] = ..., last_unix_nanos: _Optional[int] = ...) -> None: ...

class TapStats(_message.Message):
    __slots__ = ("connections_by_protocol", "blind", "added_latency", "cpu_nanos", "resident_bytes", "unsent_bytes", "records_dropped", "log_lines_dropped", "series_capped", "control_restarts", "connections_cap", "accept_pauses", "cut_connections", "draining", "goaways_inserted", "throttled_nanos", "client_frames", "server_frames", "heads_truncated", "keeps_refused", "upgraded", "slo_models_capped")
    CONNECTIONS_BY_PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    BLIND_FIELD_NUMBER: _ClassVar[int]
    ADDED_LATENCY_FIELD_NUMBER: _ClassVar[int]
    CPU_NANOS_FIELD_NUMBER: _ClassVar[int]
    RESIDENT_BYTES_FIELD_NUMBER: _ClassVar[int]
    UNSENT_BYTES_FIELD_NUMBER: _ClassVar[int]
    RECORDS_DROPPED_FIELD_NUMBER: _ClassVar[int]
    LOG_LINES_DROPPED_FIELD_NUMBER: _ClassVar[int]
    SERIES_CAPPED_FIELD_NUMBER: _ClassVar[int]
    CONTROL_RESTARTS_FIELD_NUMBER: _ClassVar[int]
    CONNECTIONS_CAP_FIELD_NUMBER: _ClassVar[int]
    ACCEPT_PAUSES_FIELD_NUMBER: _ClassVar[int]
    CUT_CONNECTIONS_FIELD_NUMBER: _ClassVar[int]
    DRAINING_FIELD_NUMBER: _ClassVar[int]
    GOAWAYS_INSERTED_FIELD_NUMBER: _ClassVar[int]
    THROTTLED_NANOS_FIELD_NUMBER: _ClassVar[int]
    CLIENT_FRAMES_FIELD_NUMBER: _ClassVar[int]
    SERVER_FRAMES_FIELD_NUMBER: _ClassVar[int]
    HEADS_TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    KEEPS_REFUSED_FIELD_NUMBER: _ClassVar[int]
    UPGRADED_FIELD_NUMBER: _ClassVar[int]
    SLO_MODELS_CAPPED_FIELD_NUMBER: _ClassVar[int]
    connections_by_protocol: _containers.RepeatedCompositeFieldContainer[Count]
    blind: _containers.RepeatedCompositeFieldContainer[Count]
    added_latency: Histogram
    cpu_nanos: int
    resident_bytes: int
    unsent_bytes: int
    records_dropped: int
    log_lines_dropped: int
    series_capped: int
    control_restarts: _containers.RepeatedCompositeFieldContainer[Count]
    connections_cap: int
    accept_pauses: int
    cut_connections: int
    draining: bool
    goaways_inserted: int
    throttled_nanos: int
    client_frames: _containers.RepeatedCompositeFieldContainer[Count]
    server_frames: _containers.RepeatedCompositeFieldContainer[Count]
    heads_truncated: int
    keeps_refused: int
    upgraded: int
    slo_models_capped: int
    def __init__(self, connections_by_protocol: _Optional[_Iterable[_Union[Count, _Mapping]]] = ..., blind: _Optional[_Iterable[_Union[Count, _Mapping]]] = ..., added_latency: _Optional[_Union[Histogram, _Mapping]] = ..., cpu_nanos: _Optional[int] = ..., resident_bytes: _Optional[int] = ..., unsent_bytes: _Optional[int] = ..., records_dropped: _Optional[int] = ..., log_lines_dropped: _Optional[int] = ..., series_capped: _Optional[int] = ..., control_restarts: _Optional[_Iterable[_Union[Count, _Mapping]]] = ..., connections_cap: _Optional[int] = ..., accept_pauses: _Optional[int] = ..., cut_connections: _Optional[int] = ..., draining: _Optional[bool] = ..., goaways_inserted: _Optional[int] = ..., throttled_nanos: _Optional[int] = ..., client_frames: _Optional[_Iterable[_Union[Count, _Mapping]]] = ..., server_frames: _Optional[_Iterable[_Union[Count, _Mapping]]] = ..., heads_truncated: _Optional[int] = ..., keeps_refused: _Optional[int] = ..., upgraded: _Optional[int] = ..., slo_models_capped: _Optional[int] = ...) -> None: ...

class Records(_message.Message):
    __slots__ = ("records",)
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    records: _containers.RepeatedCompositeFieldContainer[Record]
    def __init__(self, records: _Optional[_Iterable[_Union[Record, _Mapping]]] = ...) -> None: ...

class Record(_message.Message):
    __slots__ = ("model", "version", "method", "code", "ended_by", "outcome", "request_id", "traceparent", "start_unix_nanos", "call_duration_nanos", "latency_nanos", "first_response_nanos", "request_bytes", "response_bytes", "message", "reason")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    ENDED_BY_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    START_UNIX_NANOS_FIELD_NUMBER: _ClassVar[int]
    CALL_DURATION_NANOS_FIELD_NUMBER: _ClassVar[int]
    LATENCY_NANOS_FIELD_NUMBER: _ClassVar[int]
    FIRST_RESPONSE_NANOS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_BYTES_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    model: str
    version: str
    method: str
    code: str
    ended_by: str
    outcome: str
    request_id: str
    traceparent: str
    start_unix_nanos: int
    call_duration_nanos: int
    latency_nanos: int
    first_response_nanos: int
    request_bytes: int
    response_bytes: int
    message: str
    reason: str
    def __init__(self, model: _Optional[str] = ..., version: _Optional[str] = ..., method: _Optional[str] = ..., code: _Optional[str] = ..., ended_by: _Optional[str] = ..., outcome: _Optional[str] = ..., request_id: _Optional[str] = ..., traceparent: _Optional[str] = ..., start_unix_nanos: _Optional[int] = ..., call_duration_nanos: _Optional[int] = ..., latency_nanos: _Optional[int] = ..., first_response_nanos: _Optional[int] = ..., request_bytes: _Optional[int] = ..., response_bytes: _Optional[int] = ..., message: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class Drain(_message.Message):
    __slots__ = ("deadline_nanos",)
    DEADLINE_NANOS_FIELD_NUMBER: _ClassVar[int]
    deadline_nanos: int
    def __init__(self, deadline_nanos: _Optional[int] = ...) -> None: ...

class Flush(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Policy(_message.Message):
    __slots__ = ("generation", "config_hash", "config_valid", "listeners", "health", "admin", "limits", "methods", "models", "objectives", "drain", "control", "log_format", "control_settings", "observe", "routes", "served_model", "batch_limits", "outcomes", "give_up_nanos", "probe_models", "drain_token_file", "first_scrape_nanos")
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    CONFIG_HASH_FIELD_NUMBER: _ClassVar[int]
    CONFIG_VALID_FIELD_NUMBER: _ClassVar[int]
    LISTENERS_FIELD_NUMBER: _ClassVar[int]
    HEALTH_FIELD_NUMBER: _ClassVar[int]
    ADMIN_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    METHODS_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVES_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    CONTROL_FIELD_NUMBER: _ClassVar[int]
    LOG_FORMAT_FIELD_NUMBER: _ClassVar[int]
    CONTROL_SETTINGS_FIELD_NUMBER: _ClassVar[int]
    OBSERVE_FIELD_NUMBER: _ClassVar[int]
    ROUTES_FIELD_NUMBER: _ClassVar[int]
    SERVED_MODEL_FIELD_NUMBER: _ClassVar[int]
    BATCH_LIMITS_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    GIVE_UP_NANOS_FIELD_NUMBER: _ClassVar[int]
    PROBE_MODELS_FIELD_NUMBER: _ClassVar[int]
    DRAIN_TOKEN_FILE_FIELD_NUMBER: _ClassVar[int]
    FIRST_SCRAPE_NANOS_FIELD_NUMBER: _ClassVar[int]
    generation: int
    config_hash: str
    config_valid: bool
    listeners: _containers.RepeatedCompositeFieldContainer[Listener]
    health: str
    admin: str
    limits: Limits
    methods: _containers.RepeatedCompositeFieldContainer[Method]
    models: _containers.RepeatedScalarFieldContainer[str]
    objectives: _containers.RepeatedCompositeFieldContainer[Objective]
    drain: DrainSettings
    control: Control
    log_format: str
    control_settings: bytes
    observe: bool
    routes: _containers.RepeatedCompositeFieldContainer[Route]
    served_model: str
    batch_limits: _containers.RepeatedCompositeFieldContainer[BatchLimit]
    outcomes: _containers.RepeatedCompositeFieldContainer[OutcomeRule]
    give_up_nanos: int
    probe_models: bool
    drain_token_file: str
    first_scrape_nanos: int
    def __init__(self, generation: _Optional[int] = ..., config_hash: _Optional[str] = ..., config_valid: _Optional[bool] = ..., listeners: _Optional[_Iterable[_Union[Listener, _Mapping]]] = ..., health: _Optional[str] = ..., admin: _Optional[str] = ..., limits: _Optional[_Union[Limits, _Mapping]] = ..., methods: _Optional[_Iterable[_Union[Method, _Mapping]]] = ..., models: _Optional[_Iterable[str]] = ..., objectives: _Optional[_Iterable[_Union[Objective, _Mapping]]] = ..., drain: _Optional[_Union[DrainSettings, _Mapping]] = ..., control: _Optional[_Union[Control, _Mapping]] = ..., log_format: _Optional[str] = ..., control_settings: _Optional[bytes] = ..., observe: _Optional[bool] = ..., routes: _Optional[_Iterable[_Union[Route, _Mapping]]] = ..., served_model: _Optional[str] = ..., batch_limits: _Optional[_Iterable[_Union[BatchLimit, _Mapping]]] = ..., outcomes: _Optional[_Iterable[_Union[OutcomeRule, _Mapping]]] = ..., give_up_nanos: _Optional[int] = ..., probe_models: _Optional[bool] = ..., drain_token_file: _Optional[str] = ..., first_scrape_nanos: _Optional[int] = ...) -> None: ...

class Listener(_message.Message):
    __slots__ = ("name", "listen", "upstream")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LISTEN_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_FIELD_NUMBER: _ClassVar[int]
    name: str
    listen: str
    upstream: str
    def __init__(self, name: _Optional[str] = ..., listen: _Optional[str] = ..., upstream: _Optional[str] = ...) -> None: ...

class Limits(_message.Message):
    __slots__ = ("threads", "unsent_bytes", "connections", "models", "methods", "series")
    THREADS_FIELD_NUMBER: _ClassVar[int]
    UNSENT_BYTES_FIELD_NUMBER: _ClassVar[int]
    CONNECTIONS_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    METHODS_FIELD_NUMBER: _ClassVar[int]
    SERIES_FIELD_NUMBER: _ClassVar[int]
    threads: int
    unsent_bytes: int
    connections: int
    models: int
    methods: int
    series: int
    def __init__(self, threads: _Optional[int] = ..., unsent_bytes: _Optional[int] = ..., connections: _Optional[int] = ..., models: _Optional[int] = ..., methods: _Optional[int] = ..., series: _Optional[int] = ...) -> None: ...

class DrainSettings(_message.Message):
    __slots__ = ("delay_nanos", "total_nanos", "final_scrape_nanos")
    DELAY_NANOS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_NANOS_FIELD_NUMBER: _ClassVar[int]
    FINAL_SCRAPE_NANOS_FIELD_NUMBER: _ClassVar[int]
    delay_nanos: int
    total_nanos: int
    final_scrape_nanos: int
    def __init__(self, delay_nanos: _Optional[int] = ..., total_nanos: _Optional[int] = ..., final_scrape_nanos: _Optional[int] = ...) -> None: ...

class Control(_message.Message):
    __slots__ = ("argv", "memory_bytes")
    ARGV_FIELD_NUMBER: _ClassVar[int]
    MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    argv: _containers.RepeatedScalarFieldContainer[str]
    memory_bytes: int
    def __init__(self, argv: _Optional[_Iterable[str]] = ..., memory_bytes: _Optional[int] = ...) -> None: ...

class Method(_message.Message):
    __slots__ = ("path", "kind", "streaming", "many_requests", "request", "response", "head_bytes", "request_headers", "response_headers", "outcomes")
    PATH_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    STREAMING_FIELD_NUMBER: _ClassVar[int]
    MANY_REQUESTS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    HEAD_BYTES_FIELD_NUMBER: _ClassVar[int]
    REQUEST_HEADERS_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_HEADERS_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    path: str
    kind: Kind
    streaming: bool
    many_requests: bool
    request: Program
    response: Program
    head_bytes: int
    request_headers: _containers.RepeatedCompositeFieldContainer[HeaderExtract]
    response_headers: _containers.RepeatedCompositeFieldContainer[HeaderExtract]
    outcomes: _containers.RepeatedCompositeFieldContainer[OutcomeRule]
    def __init__(self, path: _Optional[str] = ..., kind: _Optional[_Union[Kind, str]] = ..., streaming: _Optional[bool] = ..., many_requests: _Optional[bool] = ..., request: _Optional[_Union[Program, _Mapping]] = ..., response: _Optional[_Union[Program, _Mapping]] = ..., head_bytes: _Optional[int] = ..., request_headers: _Optional[_Iterable[_Union[HeaderExtract, _Mapping]]] = ..., response_headers: _Optional[_Iterable[_Union[HeaderExtract, _Mapping]]] = ..., outcomes: _Optional[_Iterable[_Union[OutcomeRule, _Mapping]]] = ...) -> None: ...

class OutcomeRule(_message.Message):
    __slots__ = ("code", "message", "outcome")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    code: str
    message: str
    outcome: str
    def __init__(self, code: _Optional[str] = ..., message: _Optional[str] = ..., outcome: _Optional[str] = ...) -> None: ...

class Route(_message.Message):
    __slots__ = ("template", "kind", "streaming", "request", "response", "head_bytes", "request_headers", "response_headers", "outcomes", "streams_when_asked", "verbs")
    TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    STREAMING_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    HEAD_BYTES_FIELD_NUMBER: _ClassVar[int]
    REQUEST_HEADERS_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_HEADERS_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    STREAMS_WHEN_ASKED_FIELD_NUMBER: _ClassVar[int]
    VERBS_FIELD_NUMBER: _ClassVar[int]
    template: str
    kind: Kind
    streaming: bool
    request: _containers.RepeatedCompositeFieldContainer[JsonExtract]
    response: _containers.RepeatedCompositeFieldContainer[JsonExtract]
    head_bytes: int
    request_headers: _containers.RepeatedCompositeFieldContainer[HeaderExtract]
    response_headers: _containers.RepeatedCompositeFieldContainer[HeaderExtract]
    outcomes: _containers.RepeatedCompositeFieldContainer[OutcomeRule]
    streams_when_asked: bool
    verbs: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, template: _Optional[str] = ..., kind: _Optional[_Union[Kind, str]] = ..., streaming: _Optional[bool] = ..., request: _Optional[_Iterable[_Union[JsonExtract, _Mapping]]] = ..., response: _Optional[_Iterable[_Union[JsonExtract, _Mapping]]] = ..., head_bytes: _Optional[int] = ..., request_headers: _Optional[_Iterable[_Union[HeaderExtract, _Mapping]]] = ..., response_headers: _Optional[_Iterable[_Union[HeaderExtract, _Mapping]]] = ..., outcomes: _Optional[_Iterable[_Union[OutcomeRule, _Mapping]]] = ..., streams_when_asked: _Optional[bool] = ..., verbs: _Optional[_Iterable[str]] = ...) -> None: ...

class HeaderExtract(_message.Message):
    __slots__ = ("slot", "name", "before_body")
    SLOT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    BEFORE_BODY_FIELD_NUMBER: _ClassVar[int]
    slot: Slot
    name: str
    before_body: bool
    def __init__(self, slot: _Optional[_Union[Slot, str]] = ..., name: _Optional[str] = ..., before_body: _Optional[bool] = ...) -> None: ...

class JsonExtract(_message.Message):
    __slots__ = ("slot", "path", "read", "texts")
    SLOT_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    READ_FIELD_NUMBER: _ClassVar[int]
    TEXTS_FIELD_NUMBER: _ClassVar[int]
    slot: Slot
    path: _containers.RepeatedCompositeFieldContainer[JsonStep]
    read: JsonRead
    texts: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, slot: _Optional[_Union[Slot, str]] = ..., path: _Optional[_Iterable[_Union[JsonStep, _Mapping]]] = ..., read: _Optional[_Union[JsonRead, str]] = ..., texts: _Optional[_Iterable[str]] = ...) -> None: ...

class JsonStep(_message.Message):
    __slots__ = ("key", "item", "each")
    KEY_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    EACH_FIELD_NUMBER: _ClassVar[int]
    key: str
    item: int
    each: bool
    def __init__(self, key: _Optional[str] = ..., item: _Optional[int] = ..., each: _Optional[bool] = ...) -> None: ...

class Program(_message.Message):
    __slots__ = ("variants",)
    VARIANTS_FIELD_NUMBER: _ClassVar[int]
    variants: _containers.RepeatedCompositeFieldContainer[Variant]
    def __init__(self, variants: _Optional[_Iterable[_Union[Variant, _Mapping]]] = ...) -> None: ...

class Variant(_message.Message):
    __slots__ = ("any_of", "none_of", "extracts")
    ANY_OF_FIELD_NUMBER: _ClassVar[int]
    NONE_OF_FIELD_NUMBER: _ClassVar[int]
    EXTRACTS_FIELD_NUMBER: _ClassVar[int]
    any_of: _containers.RepeatedScalarFieldContainer[int]
    none_of: _containers.RepeatedScalarFieldContainer[int]
    extracts: _containers.RepeatedCompositeFieldContainer[Extract]
    def __init__(self, any_of: _Optional[_Iterable[int]] = ..., none_of: _Optional[_Iterable[int]] = ..., extracts: _Optional[_Iterable[_Union[Extract, _Mapping]]] = ...) -> None: ...

class Extract(_message.Message):
    __slots__ = ("slot", "path", "read", "index")
    SLOT_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    READ_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    slot: Slot
    path: _containers.RepeatedCompositeFieldContainer[Step]
    read: Read
    index: int
    def __init__(self, slot: _Optional[_Union[Slot, str]] = ..., path: _Optional[_Iterable[_Union[Step, _Mapping]]] = ..., read: _Optional[_Union[Read, str]] = ..., index: _Optional[int] = ...) -> None: ...

class Step(_message.Message):
    __slots__ = ("field", "map_key")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    MAP_KEY_FIELD_NUMBER: _ClassVar[int]
    field: int
    map_key: str
    def __init__(self, field: _Optional[int] = ..., map_key: _Optional[str] = ...) -> None: ...

class Objective(_message.Message):
    __slots__ = ("id", "name", "model_glob", "method_glob", "conditions", "per_model")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    MODEL_GLOB_FIELD_NUMBER: _ClassVar[int]
    METHOD_GLOB_FIELD_NUMBER: _ClassVar[int]
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    PER_MODEL_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    model_glob: str
    method_glob: str
    conditions: _containers.RepeatedCompositeFieldContainer[Condition]
    per_model: bool
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., model_glob: _Optional[str] = ..., method_glob: _Optional[str] = ..., conditions: _Optional[_Iterable[_Union[Condition, _Mapping]]] = ..., per_model: _Optional[bool] = ...) -> None: ...

class Condition(_message.Message):
    __slots__ = ("available", "latency_below_nanos", "first_token_below", "token_time_below_nanos", "longest_gap_below_nanos")
    AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    LATENCY_BELOW_NANOS_FIELD_NUMBER: _ClassVar[int]
    FIRST_TOKEN_BELOW_FIELD_NUMBER: _ClassVar[int]
    TOKEN_TIME_BELOW_NANOS_FIELD_NUMBER: _ClassVar[int]
    LONGEST_GAP_BELOW_NANOS_FIELD_NUMBER: _ClassVar[int]
    available: Available
    latency_below_nanos: int
    first_token_below: FirstTokenBelow
    token_time_below_nanos: int
    longest_gap_below_nanos: int
    def __init__(self, available: _Optional[_Union[Available, _Mapping]] = ..., latency_below_nanos: _Optional[int] = ..., first_token_below: _Optional[_Union[FirstTokenBelow, _Mapping]] = ..., token_time_below_nanos: _Optional[int] = ..., longest_gap_below_nanos: _Optional[int] = ...) -> None: ...

class Available(_message.Message):
    __slots__ = ("give_up_nanos",)
    GIVE_UP_NANOS_FIELD_NUMBER: _ClassVar[int]
    give_up_nanos: int
    def __init__(self, give_up_nanos: _Optional[int] = ...) -> None: ...

class FirstTokenBelow(_message.Message):
    __slots__ = ("base_nanos", "nanos_per_prompt_token", "up_to_nanos")
    BASE_NANOS_FIELD_NUMBER: _ClassVar[int]
    NANOS_PER_PROMPT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    UP_TO_NANOS_FIELD_NUMBER: _ClassVar[int]
    base_nanos: int
    nanos_per_prompt_token: int
    up_to_nanos: int
    def __init__(self, base_nanos: _Optional[int] = ..., nanos_per_prompt_token: _Optional[int] = ..., up_to_nanos: _Optional[int] = ...) -> None: ...
