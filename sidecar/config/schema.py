"""The shape of wayside.yaml. Every field has a default that is right for one model server on one machine."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from sidecar.config import quantities
from sidecar.config.objectives import Alerts, Slo
from sidecar.config.part import (
    DURATION_PATTERN,
    Duration,
    DurationOrZero,
    Name,
    Part,
    written,
)
from sidecar.config.quantities import QuantityError
from sidecar.model.duration import SECOND

_SIZES = "|".join(quantities.BYTES)
_PORT = r"\[?[\w.\-:%]*\]?:\d{1,5}"

Size = Annotated[
    int,
    BeforeValidator(quantities.size_bytes),
    WithJsonSchema(
        {
            "type": ["string", "integer"],
            "minimum": 0,
            "pattern": rf"^\d+(\.\d+)?\s*({_SIZES})$",
            "description": "A size: KiB MiB GiB or KB MB GB, or a number of bytes.",
            "examples": ["64MiB"],
        }
    ),
]
Money = Annotated[
    str,
    BeforeValidator(quantities.money),
    written("A price.", r"\d+(\.\d+)?\s+[A-Z]{3}/(h|call|1k_tokens)", "3.90 USD/h"),
]
Listen = Annotated[
    str,
    BeforeValidator(quantities.listen_address),
    written("host:port to listen on; no host means every interface.", _PORT, ":8001"),
]
ListenOrOff = Annotated[
    str,
    BeforeValidator(quantities.listen_address_or_off),
    written("host:port to listen on, or off.", rf"(off|{_PORT})", ":9464", "off"),
]
MetricsUrl = Annotated[
    str,
    BeforeValidator(quantities.metrics_url),
    written("A page over plain HTTP.", r"http://[!-~]+", "http://127.0.0.1:8002/metrics"),
]
GpuDevice = Annotated[
    str,
    BeforeValidator(quantities.gpu_device),
    WithJsonSchema({"type": ["integer", "string"], "description": "A GPU: its number or UUID."}),
]
Upstream = Annotated[
    str,
    BeforeValidator(quantities.upstream_address),
    written("host:port, or unix:/path.", rf"({_PORT}|unix:/.*)", "127.0.0.1:9001", "unix:/m.sock"),
]
Count = Annotated[int, Field(ge=0, le=10_000_000)]
BatchLimit = Annotated[int, Field(ge=0, le=1_000_000)]

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


Tick = Annotated[
    int,
    BeforeValidator(_tick_nanos),
    written("A duration, 100ms to 5s.", DURATION_PATTERN, "1s"),
]

# For scrapes of every few minutes. What waits longer than a pod's grace period is killed in any case.
MAX_SCRAPE_WAIT = 600 * SECOND


def _scrape_wait_nanos(value: object) -> int:
    """Read how long somebody may take to read /metrics."""
    nanos = quantities.duration_nanos_or_zero(value)
    if nanos > MAX_SCRAPE_WAIT:
        hint = "Use 0s, which waits for nobody, to 10m; a little more than two scrape intervals is enough, e.g. 35s."
        raise QuantityError(f"{value!r} is out of range", hint)
    return nanos


ScrapeWait = Annotated[
    int,
    BeforeValidator(_scrape_wait_nanos),
    written("A duration, 0s to 10m.", DURATION_PATTERN, "35s"),
]

# How often the model server's own page is read. A page costs its server milliseconds, so seconds apart.
DEFAULT_METRICS_INTERVAL = 5 * SECOND
MIN_METRICS_INTERVAL, MAX_METRICS_INTERVAL = SECOND // 10, 300 * SECOND


def _metrics_interval_nanos(value: object) -> int:
    """Read a duration that suits polling."""
    nanos = quantities.duration_nanos(value)
    if not MIN_METRICS_INTERVAL <= nanos <= MAX_METRICS_INTERVAL:
        raise QuantityError(f"{value!r} is out of range", "Use 100ms to 5m; 5s is the default.")
    return nanos


MetricsInterval = Annotated[
    int,
    BeforeValidator(_metrics_interval_nanos),
    written("A duration, 100ms to 5m.", DURATION_PATTERN, "5s"),
]

# How a missing field is to be written: shown as the hint.
EXAMPLES = {
    "listeners": 'listeners: [{listen: ":8001", upstream: "127.0.0.1:9001"}]',
    "listen": 'listen: ":8001"',
    "upstream": 'upstream: "127.0.0.1:9001"',
    "name": "name: resnet-fast",
    "objective": "objective: 99.9%",
    "good": "good: {latency_below: 100ms}",
    "long": "long: 1h",
    "short": "short: 5m",
    "budget": "budget: 2%",
    "severity": "severity: page, or ticket",
}


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


class Log(Part):
    """How log lines look."""

    format: Literal["human", "json"] = "human"


class Drain(Part):
    """What SIGTERM and /drain do: go on accepting for `delay`, cut what is left at `total`.

    After SIGTERM the end then waits for a last read of /metrics, at most `final_scrape`.
    """

    delay: DurationOrZero | None = None  # see `delay_in_force`
    total: Duration = DEFAULT_DRAIN_TOTAL
    final_scrape: ScrapeWait = 0

    @property
    def delay_in_force(self) -> int:
        """Return the delay; left out, it is never longer than the total."""
        return min(DEFAULT_DRAIN_DELAY, self.total) if self.delay is None else self.delay


class Health(Part):
    """Where the tap answers probes, and who may end it from afar: whoever sends what this file holds.

    It is not ready before /metrics was read once, or `first_scrape` after its start.
    """

    listen: ListenOrOff = ""
    drain_token_file: str = Field(default="", max_length=4096)
    first_scrape: ScrapeWait = 0


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


class Metrics(Part):
    """How much of it is on /metrics, and how fine its native histograms are."""

    profile: Literal["slo", "default", "full"] = "default"
    native_schema: Literal[5, 4, 3, 2, 1, 0, -1, -2, -3, -4] = 5  # SCHEMA to COARSEST_SCHEMA


class Gpu(Part):
    """Where GPU readings come from and what an hour costs."""

    source: Literal["auto", "none", "nvml", "dcgm"] = "auto"
    devices: Annotated[list[GpuDevice], BeforeValidator(quantities.gpu_devices)] = Field(
        default_factory=list
    )
    price: dict[str, Money] = Field(default_factory=dict)


class Root(Part):
    """wayside.yaml."""

    listeners: list[Listener] = Field(min_length=1, max_length=64)
    server: Server = Field(default_factory=Server)
    slos: list[Slo] = Field(default_factory=list)
    slo_files: list[Name] = Field(default_factory=list, max_length=32)
    outcomes: dict[str, Any] = Field(default_factory=dict)  # its rules: sidecar/servers/outcomes.py
    models: list[Name] = Field(default_factory=list, max_length=64)
    admin: ListenOrOff = Field(default=DEFAULT_ADMIN, validate_default=True)
    health: Health = Field(default_factory=Health)
    metrics: Metrics = Field(default_factory=Metrics)
    log: Log = Field(default_factory=Log)
    drain: Drain = Field(default_factory=Drain)
    control: Control = Field(default_factory=Control)
    limits: Limits = Field(default_factory=Limits)
    observe: bool = True
    state_dir: str = Field(default="", max_length=4096)
    gpu: Gpu = Field(default_factory=Gpu)
    alerts: Alerts = Field(default_factory=Alerts)
