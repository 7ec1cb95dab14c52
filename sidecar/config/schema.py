"""The shape of wayside.yaml. Every field has a default that is right for one model server on one machine."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from sidecar.config import quantities
from sidecar.config.quantities import QuantityError
from sidecar.model.outcomes import DEFAULT_GIVE_UP_NANOS

Duration = Annotated[int, BeforeValidator(quantities.duration_nanos)]
DurationOrZero = Annotated[int, BeforeValidator(quantities.duration_nanos_or_zero)]
Ratio = Annotated[Decimal, BeforeValidator(quantities.ratio)]
Size = Annotated[int, BeforeValidator(quantities.size_bytes)]
Money = Annotated[str, BeforeValidator(quantities.money)]
Listen = Annotated[str, BeforeValidator(quantities.listen_address)]
ListenOrOff = Annotated[str, BeforeValidator(quantities.listen_address_or_off)]
MetricsUrl = Annotated[str, BeforeValidator(quantities.metrics_url)]
GpuDevice = Annotated[str, BeforeValidator(quantities.gpu_device)]
Upstream = Annotated[str, BeforeValidator(quantities.upstream_address)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Count = Annotated[int, Field(ge=0, le=10_000_000)]
BatchLimit = Annotated[int, Field(ge=0, le=1_000_000)]

SECOND = 1_000_000_000

DEFAULT_ADMIN = ":9464"  # the port OpenTelemetry's Prometheus exporters use
# Longer than the endpoints of a Kubernetes Service need to forget a pod; both together stay under its 30 s grace.
DEFAULT_DRAIN_DELAY = 5 * SECOND
DEFAULT_DRAIN_TOTAL = 18 * SECOND
# The tap takes 15 s without a pull for a hang.
MIN_TICK, MAX_TICK = SECOND // 10, 5 * SECOND


def _tick_nanos(value: object) -> int:
    """Read a duration that suits the loop."""
    nanos = quantities.duration_nanos(value)
    if not MIN_TICK <= nanos <= MAX_TICK:
        raise QuantityError(f"{value!r} is out of range", "Use 100ms to 5s; 1s is the default.")
    return nanos


Tick = Annotated[int, BeforeValidator(_tick_nanos)]

# How often the model server's own page is read. A page costs its server milliseconds, so seconds apart.
DEFAULT_METRICS_INTERVAL = 5 * SECOND
MIN_METRICS_INTERVAL, MAX_METRICS_INTERVAL = SECOND // 10, 300 * SECOND


def _metrics_interval_nanos(value: object) -> int:
    """Read a duration that suits polling."""
    nanos = quantities.duration_nanos(value)
    if not MIN_METRICS_INTERVAL <= nanos <= MAX_METRICS_INTERVAL:
        raise QuantityError(f"{value!r} is out of range", "Use 100ms to 5m; 5s is the default.")
    return nanos


MetricsInterval = Annotated[int, BeforeValidator(_metrics_interval_nanos)]

# How a missing field is to be written: shown as the hint.
EXAMPLES = {
    "listeners": 'listeners: [{listen: ":8001", upstream: "127.0.0.1:9001"}]',
    "listen": 'listen: ":8001"',
    "upstream": 'upstream: "127.0.0.1:9001"',
    "name": "name: resnet-fast",
    "objective": "objective: 99.9%",
    "good": "good: {latency_below: 100ms}",
}


class Part(BaseModel):
    """A part of the file: unknown keys are problems, types are not guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Listener(Part):
    """One port and the model server behind it."""

    listen: Listen
    upstream: Upstream
    name: str = Field(default="", max_length=200)


class Server(Part):
    """Which model server is behind, what it serves where no message says so, its own metrics, and the user's files."""

    type: Name = "auto"
    model: str = Field(default="", max_length=200)
    metrics: MetricsUrl = ""
    metrics_interval: MetricsInterval = DEFAULT_METRICS_INTERVAL
    files: list[Name] = Field(default_factory=list, max_length=32)
    max_batch_size: dict[Name, BatchLimit] = Field(default_factory=dict, max_length=256)
    probe_models: bool = True


class Match(Part):
    """Which calls an objective is about; globs, empty = all inference."""

    model: str = Field(default="", max_length=200)
    method: str = Field(default="", max_length=200)


class Availability(Part):
    """`available: true`, or when a client of HTTP that leaves has given up."""

    give_up: Duration = DEFAULT_GIVE_UP_NANOS

    @model_validator(mode="before")
    @classmethod
    def _plainly_true(cls, value: object) -> object:
        if value is True:
            return {}
        if not isinstance(value, dict | Availability):
            hint = "Write available: true, or available: {give_up: 10s}."
            raise QuantityError(f"is {value!r}", hint)
        return value


class Good(Part):
    """What makes an event good: exactly one of these."""

    latency_below: Duration | None = None
    first_token_below: Duration | None = None
    available: Availability | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Good:
        said = [self.latency_below, self.first_token_below, self.available]
        if sum(value is not None for value in said) != 1:
            hint = "Write one of latency_below: 100ms, first_token_below: 500ms, available: true."
            raise QuantityError("must say exactly one thing", hint)
        return self


class Slo(Part):
    """One objective."""

    name: Name
    objective: Ratio
    good: Good
    match: Match = Field(default_factory=Match)
    window: Duration | None = None


class Log(Part):
    """How log lines look."""

    format: Literal["human", "json"] = "human"


class Drain(Part):
    """What SIGTERM and /drain do: go on accepting for `delay`, cut what is left at `total`."""

    delay: DurationOrZero | None = None  # see `delay_in_force`
    total: Duration = DEFAULT_DRAIN_TOTAL

    @property
    def delay_in_force(self) -> int:
        """Return the delay; left out, it is never longer than the total."""
        return min(DEFAULT_DRAIN_DELAY, self.total) if self.delay is None else self.delay


class Health(Part):
    """Where the tap answers probes, and who may end it from afar: whoever sends what this file holds."""

    listen: ListenOrOff = ""
    drain_token_file: str = Field(default="", max_length=4096)


class Control(Part):
    """The half that thinks: the resident memory it may use, and how often it asks the tap."""

    memory: Size = 0
    tick: Tick = SECOND


class Limits(Part):
    """Bounds of the tap; 0 = its default."""

    threads: Annotated[int, Field(ge=0, le=256)] = 0
    unsent: Size = 0
    connections: Count = 0
    models: Annotated[int, Field(ge=0, le=10_000)] = 0
    methods: Annotated[int, Field(ge=0, le=10_000)] = 0
    series: Annotated[int, Field(ge=0, le=100_000)] = 0


class Gpu(Part):
    """Where GPU readings come from and what an hour costs."""

    source: Literal["auto", "none", "nvml", "dcgm"] = "auto"
    devices: Annotated[list[GpuDevice], BeforeValidator(quantities.gpu_devices)] = Field(
        default_factory=list
    )
    price: dict[str, Money] = Field(default_factory=dict)


class Alerts(Part):
    """Where alerts of a single host go."""

    deliver: Literal["none"] = "none"
    alertmanagers: list[str] = Field(default_factory=list, max_length=16)


class Root(Part):
    """wayside.yaml."""

    listeners: list[Listener] = Field(min_length=1, max_length=64)
    server: Server = Field(default_factory=Server)
    slos: list[Slo] = Field(default_factory=list)
    outcomes: dict[str, Any] = Field(default_factory=dict)  # its rules: sidecar/servers/outcomes.py
    models: list[Name] = Field(default_factory=list, max_length=64)
    admin: ListenOrOff = Field(default=DEFAULT_ADMIN, validate_default=True)
    health: Health = Field(default_factory=Health)
    log: Log = Field(default_factory=Log)
    drain: Drain = Field(default_factory=Drain)
    control: Control = Field(default_factory=Control)
    limits: Limits = Field(default_factory=Limits)
    observe: bool = True
    state_dir: str = Field(default="", max_length=4096)
    gpu: Gpu = Field(default_factory=Gpu)
    alerts: Alerts = Field(default_factory=Alerts)
