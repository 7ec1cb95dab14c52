"""The policy: what the tap is to do, as plain nouns. sidecar.tapclient puts it on the seam."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from sidecar.model.objective import Objective
from sidecar.model.outcomes import DEFAULT_GIVE_UP_NANOS, OutcomeRule


class Kind(enum.Enum):
    """What a method is for. Objectives, batches and scaling see inference only."""

    INFERENCE = "inference"
    PROBE = "probe"
    ADMIN = "admin"


class Slot(enum.Enum):
    """What an extracted value means."""

    MODEL = "model"
    VERSION = "version"
    REQUEST_ID = "request_id"
    BATCH_SIZE = "batch_size"
    ERROR = "error"
    FINAL = "final"
    TOKENS_IN = "tokens_in"
    TOKENS_OUT = "tokens_out"
    TOKENS_CACHED = "tokens_cached"  # of the prompt, beside TOKENS_IN in the same message
    OUTPUT = "output"
    SHAPE = "shape"
    BATCH_SHAPE = "batch_shape"
    DATATYPE = "datatype"
    MAX_BATCH_SIZE = "max_batch_size"
    ERROR_TEXT = "error_text"
    STREAM = "stream"
    NAMES = "names"  # of a response that lists models


class Read(enum.Enum):
    """How to read the field a path ends at."""

    STRING = "string"
    INT = "int"
    PRESENT = "present"
    COUNT = "count"
    VARINT_AT = "varint_at"
    VARINTS = "varints"
    LENGTH = "length"
    SUM = "sum"
    FIRST_STRING = "first_string"
    DIMENSIONS = "dimensions"
    DIMENSION_OF_EACH = "dimension_of_each"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path: a field number, and the key when the field is a map."""

    field: int
    map_key: str = ""


@dataclass(frozen=True, slots=True)
class Extract:
    """One value to read from a message."""

    slot: Slot
    path: tuple[Step, ...]
    read: Read
    index: int = 0  # of Read.VARINT_AT


@dataclass(frozen=True, slots=True)
class Variant:
    """One form a message may have, recognised by top-level field numbers (1..63)."""

    extracts: tuple[Extract, ...]
    any_of: tuple[int, ...] = ()
    none_of: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class HeaderExtract:
    """One value to read from a header field. Of several for one slot the first that is there counts."""

    slot: Slot
    name: str  # in lower case
    before_body: bool = False  # it counts before what the body says of the slot; else after


@dataclass(frozen=True, slots=True)
class Method:
    """One gRPC method: what it is for and where in its messages the few interesting fields lie."""

    path: str  # "/package.Service/Method"
    kind: Kind = Kind.INFERENCE
    streaming: bool = False
    many_requests: bool = False
    request: tuple[Variant, ...] = ()
    response: tuple[Variant, ...] = ()
    head_bytes: int = 0  # 0 = the tap's default
    request_headers: tuple[HeaderExtract, ...] = ()
    response_headers: tuple[HeaderExtract, ...] = ()  # trailers included
    outcomes: tuple[OutcomeRule, ...] = ()  # what its codes count as, if not as always


class JsonRead(enum.Enum):
    """How to read the JSON value a path ends at."""

    STRING = "string"
    INT = "int"
    PRESENT = "present"
    ITEMS = "items"
    PROMPTS = "prompts"
    DIMENSIONS = "dimensions"


@dataclass(frozen=True, slots=True)
class JsonStep:
    """One step of a path: a key; else every element, or the element `item` from 0."""

    key: str = ""
    item: int = 0
    each: bool = False


@dataclass(frozen=True, slots=True)
class JsonExtract:
    """One value to read from a JSON document."""

    slot: Slot
    path: tuple[JsonStep, ...]
    read: JsonRead
    texts: tuple[str, ...] = ()  # of Slot.FINAL as a string: it holds if it is one of these


@dataclass(frozen=True, slots=True)
class Route:
    """HTTP requests of one shape: what they are for, and where in their JSON the few interesting values lie."""

    template: str  # "/v2/models/{model}/infer"
    kind: Kind = Kind.INFERENCE
    streaming: bool = False
    request: tuple[JsonExtract, ...] = ()
    response: tuple[JsonExtract, ...] = ()
    head_bytes: int = 0  # 0 = the tap's default
    request_headers: tuple[HeaderExtract, ...] = ()
    response_headers: tuple[HeaderExtract, ...] = ()  # over HTTP/2 trailers included
    outcomes: tuple[OutcomeRule, ...] = ()  # what its codes count as, if not as always
    streams_when_asked: bool = False  # a request without Slot.STREAM gets its answer in one piece
    verbs: tuple[str, ...] = ()  # methods of HTTP with which it is asked; none = any
    written: str = ""  # as the catalogue has it, perhaps with verbs before the template


@dataclass(frozen=True, slots=True)
class Listener:
    """One port and what lies behind it."""

    name: str
    listen: str  # host:port
    upstream: str  # host:port or unix:/path


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the tap; 0 = its own default."""

    threads: int = 0
    unsent_bytes: int = 0
    connections: int = 0
    models: int = 0
    methods: int = 0
    series: int = 0


@dataclass(frozen=True, slots=True)
class BatchLimit:
    """What the user says of models: the largest batch that they take, 0 for none."""

    model_glob: str
    max_batch_size: int


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything the tap needs to know. Only the listeners, `health` and `admin` need a restart to change."""

    listeners: tuple[Listener, ...]
    generation: int = 1
    config_hash: str = ""
    config_valid: bool = True
    health: str = ""  # host:port; empty = off
    drain_token_file: str = ""  # whoever sends what it holds may drain from afar; empty = nobody
    admin: str = ""  # host:port; empty = off
    limits: Limits = field(default_factory=Limits)
    methods: tuple[Method, ...] = ()
    routes: tuple[Route, ...] = ()
    models: tuple[str, ...] = ()
    served_model: str = ""  # of calls whose messages name no model
    batch_limits: tuple[BatchLimit, ...] = ()  # the first that fits a model counts
    probe_models: bool = False
    outcomes: tuple[OutcomeRule, ...] = ()  # the user's own, before those of methods and routes
    give_up_nanos: int = DEFAULT_GIVE_UP_NANOS  # the smallest of all objectives
    objectives: tuple[Objective, ...] = ()
    drain_delay_nanos: int | None = None  # None = the tap's default
    drain_total_nanos: int = 0
    final_scrape_nanos: int = 0  # 0 = the end waits for no read of /metrics
    first_scrape_nanos: int = 0  # 0 = ready without one
    control_argv: tuple[str, ...] = ()
    control_memory_bytes: int = 0
    log_format: str = "human"
    control_settings: bytes = b""
    observe: bool = True
