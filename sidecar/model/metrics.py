"""Every metric of /metrics, once: name, type, labels, meaning. They are a contract: a change needs a release note.

Base units, prefix `wayside_`. The names here are family names: a counter's samples end in `_total`.
No pod, namespace, instance or job: the scraper owns those.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Type(enum.Enum):
    """Metric types, as OpenMetrics knows them."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    INFO = "info"


_SAMPLE_SUFFIXES = {Type.COUNTER: "_total", Type.INFO: "_info"}


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric family."""

    name: str
    type: Type
    labels: tuple[str, ...]
    help: str
    optional: frozenset[str] = frozenset()
    """Of the labels those that a sample does without where they are empty."""

    @property
    def sample_name(self) -> str:
        """What is queried, and what the text format calls the family; names of a histogram's samples go on from it."""
        return self.name + _SAMPLE_SUFFIXES.get(self.type, "")


_TIMING_LABELS = ("model", "method", "outcome")
_CALL_LABELS = ("model", "method", "version", "code", "ended_by", "kind")
# Bytes go without it: nobody asks what they came to, and it would be a series more for each.
_VERDICT_LABELS = (*_CALL_LABELS, "outcome")


_BY_MODEL = frozenset({"model"})


def _counter(
    name: str, help_text: str, *labels: str, optional: frozenset[str] = frozenset()
) -> Metric:
    return Metric(f"wayside_{name}", Type.COUNTER, labels, help_text, optional)


def _gauge(
    name: str, help_text: str, *labels: str, optional: frozenset[str] = frozenset()
) -> Metric:
    return Metric(f"wayside_{name}", Type.GAUGE, labels, help_text, optional)


def _histogram(name: str, help_text: str, *labels: str) -> Metric:
    return Metric(f"wayside_{name}", Type.HISTOGRAM, labels, help_text)


def _info(name: str, help_text: str, *labels: str) -> Metric:
    return Metric(f"wayside_{name}", Type.INFO, labels, help_text)


# --- calls: inference only in the histograms, so that a sum over methods means something ----
LATENCY = _histogram(
    "latency_seconds",
    "Per request: request complete to response complete, as read from the server.",
    *_TIMING_LABELS,
)
CALL_DURATION = _histogram(
    "call_duration_seconds",
    "Per call that was answered well: first byte to end.",
    *_TIMING_LABELS,
)
FIRST_RESPONSE = _histogram(
    "first_response_seconds",
    "Per request of a streaming method that was answered well: request complete to first response message.",
    *_TIMING_LABELS,
)
RESPONSE_GAP = _histogram(
    "response_gap_seconds",
    "Between response messages of a stream that was answered well.",
    *_TIMING_LABELS,
)
REQUEST_BATCH_SIZE = _histogram(
    "request_batch_size",
    "Items in a request that was answered well, where that can be told: the first dimension of a tensor counts only "
    "for a model that is known to batch.",
    *_TIMING_LABELS,
)
REQUEST_SHAPES = _counter(
    "request_shapes",
    "Requests that were answered or failed, by type and shape of their first input, e.g. `FP32[1,3,224,224]`; -1 is a "
    "batch of any size. Of each model the first eight that were answered well, while they are in use; all others are "
    "`_OTHER`.",
    "model",
    "shape",
)
MODEL_MAX_BATCH_SIZE = _gauge(
    "model_max_batch_size",
    "Largest batch the model takes, as the server or the configuration says; 0 = it does not batch, "
    "absent = not known.",
    "model",
)
CALLS = _counter(
    "calls",
    "Calls that ended, by code (gRPC name, HTTP digits, LOST when the connection ended first, or UNPROCESSED when the "
    "server never began), by who ended them (client, server, network, wayside) and by what that counts as (ok, "
    "client_error, cancelled, timeout, server_error, shed: see outcomes.md).",
    *_VERDICT_LABELS,
)
REQUESTS = _counter(
    "requests",
    "Requests that were answered or failed; a stream may carry many. Codes as of calls, "
    "and IN_BAND_ERROR for an error inside an OK answer.",
    *_VERDICT_LABELS,
)
REQUEST_BYTES = _counter(
    "request_bytes", "Message bytes sent by clients, gRPC prefix excluded.", *_CALL_LABELS
)
RESPONSE_BYTES = _counter(
    "response_bytes", "Message bytes sent by the server, gRPC prefix excluded.", *_CALL_LABELS
)
TOKENS = _counter(
    "tokens",
    "Tokens of requests that ended, by direction (input, output) and by source: `usage` is what the "
    "server stated, `ids` are token ids counted, `chunks` are messages with output, a lower bound.",
    "model",
    "method",
    "direction",
    "source",
)
CALLS_IN_FLIGHT = _gauge("calls_in_flight", "Calls open now.", "model", "method", "kind")

# --- upstreams -------------------------------------------------------------------------------
UPSTREAM_UP = _gauge(
    "upstream_up", "1 when the last dial was accepted, else 0.", "listener", "upstream"
)
UPSTREAM_REFUSED = _counter(
    "upstream_refused",
    "Client connections reset because the upstream could not be dialled.",
    "listener",
    "upstream",
)
UPSTREAM_CONNECTIONS = _counter(
    "upstream_connections", "Client connections accepted.", "listener", "upstream"
)
UPSTREAM_CONNECTIONS_OPEN = _gauge(
    "upstream_connections_open", "Client connections open now.", "listener", "upstream"
)

# --- the model server's own numbers, absent whenever its page does not tell them ---------------
SERVER_QUEUE_DEPTH = _gauge(
    "server_queue_depth",
    "Requests that wait in the model server, by its own count. The model is empty where the server tells of "
    "itself as a whole.",
    "model",
)
SERVER_RUNNING = _gauge(
    "server_running", "Requests that the model server works on, by its own count.", "model"
)
SERVER_KV_CACHE_USAGE = _gauge(
    "server_kv_cache_usage_ratio",
    "Share of the KV cache in use, as the model server states it; of several engines the fullest.",
    "model",
)
SERVER_EXECUTED_BATCH_SIZE = _gauge(
    "server_executed_batch_size",
    "Inferences per execution as the model server counts them: the mean over the last poll interval, absent "
    "when nothing was executed in it. Of TGI the batch of the moment.",
    "model",
)
SERVER_METRICS_UP = _gauge(
    "server_metrics_up",
    "1 when the last poll of the model server's own metrics could be read, else 0. Absent when none is configured.",
)
SERVER_METRICS_FAILED_POLLS = _counter(
    "server_metrics_failed_polls",
    "Polls of the model server's own metrics that brought nothing, in this life of control, by reason: unreachable, "
    "timeout, status (not 200), too_large, malformed, unmapped (no name that a catalogue knows).",
    "reason",
)

# --- objectives: `model` where they are counted by model, and only there -------------------------
SLO_EVENTS = _counter(
    "slo_events",
    "Judged events, counted at the call against the very threshold, by outcome: good, bad, or excluded, "
    "which is in neither. The denominator of a ratio is good + bad.",
    "slo",
    "model",
    "outcome",
    optional=_BY_MODEL,
)
SLO_EXCLUDED = _counter(
    "slo_excluded",
    "Excluded events by the reason for it: see outcomes.md. Together they are `slo_events` of the outcome excluded.",
    "slo",
    "model",
    "reason",
    optional=_BY_MODEL,
)
SLO_INFO = _info("slo", "Definition in force.", "slo", "spec_hash")
SLO_OBJECTIVE = _gauge("slo_objective_ratio", "Target share of good events.", "slo")
SLO_STATE = _gauge(
    "slo_state",
    "1 for the state the objective is in, else 0.",
    "slo",
    "model",
    "state",
    optional=_BY_MODEL,
)
REPLICA_BURN_RATE = _gauge(
    "replica_burn_rate",
    "Share of bad events over the share that may be bad, of this replica alone, for each window that a tier looks at: "
    "1 spends the budget exactly within the objective's window. Absent where nothing happened in it.",
    "slo",
    "model",
    "window",
    optional=_BY_MODEL,
)
REPLICA_BUDGET_REMAINING = _gauge(
    "replica_budget_remaining_ratio",
    "Share of the budget that is left to this replica: 1 = untouched, below 0 = overspent.",
    "slo",
    "model",
    optional=_BY_MODEL,
)
REPLICA_TIER_FIRING = _gauge(
    "replica_tier_firing",
    "1 while the tier fires, else 0. `stalled` and `unreachable` are the tiers of these states.",
    "slo",
    "model",
    "tier",
    optional=_BY_MODEL,
)
REPLICA_EXHAUSTION = _gauge(
    "replica_exhaustion_seconds",
    "Time until the budget is spent at the rate of late, 0 = it is; absent where it never will be at that rate.",
    "slo",
    "model",
    optional=_BY_MODEL,
)
REPLICA_WINDOW = _gauge(
    "replica_window_seconds",
    "How much of the longest window there is: less than its length where counting began later.",
    "slo",
    "model",
    optional=_BY_MODEL,
)

# --- where state is kept -----------------------------------------------------------------------
STATE_STORE_UP = _gauge(
    "state_store_up",
    "1 while what must outlive a restart is kept in state_dir, 0 while it cannot be. Absent without a state_dir.",
)
STATE_SET_ASIDE = _info(
    "state_set_aside",
    "A file of state_dir that could not be used was renamed to this, and the state began anew.",
    "file",
)

# --- alerts on their way out: the numbers that Prometheus has of its own -----------------------
ALERTMANAGER_SENT = _counter(
    "alertmanager_sent",
    "Alerts taken by an Alertmanager, in this life of control. An alert that fires is sent again each minute.",
    "alertmanager",
)
ALERTMANAGER_ERRORS = _counter(
    "alertmanager_errors",
    "Alerts in attempts that failed or were refused. What failed is tried again.",
    "alertmanager",
)
ALERTMANAGER_DROPPED = _counter(
    "alertmanager_dropped",
    "Alerts that were never sent: there was no room, or they had become too old to be true.",
    "alertmanager",
)
ALERTMANAGER_QUEUE = _gauge(
    "alertmanager_queue_length", "Alerts that wait to be sent.", "alertmanager"
)
ALERTMANAGER_LAST_SUCCESS = _gauge(
    "alertmanager_last_success_timestamp_seconds",
    "Unix time at which an Alertmanager last took alerts; absent where it never has.",
    "alertmanager",
)

# --- configuration and build -----------------------------------------------------------------
CONFIG_VALID = _gauge("config_valid", "0 when a part of the configuration in force was left out.")
CONFIG_RELOAD = _gauge(
    "config_last_reload_successful",
    "0 when the configuration files differ from what is in force and could not be adopted.",
)
CONFIG_GENERATION = _gauge("config_generation", "Generation of the policy in force.")
BUILD = _info("build", "Version of Wayside.", "version")

# --- the tap about itself --------------------------------------------------------------------
TAP_START_TIME = _gauge(
    "tap_start_time_seconds", "Unix time at which the tap started: all counts began there."
)
TAP_CONNECTIONS = _counter(
    "tap_connections", "Connections, by what their first bytes said.", "protocol"
)
TAP_BLIND = _counter("tap_blind", "Connections forwarded but no longer read, by reason.", "reason")
TAP_UPGRADED = _counter(
    "tap_upgraded",
    "Of the connections no longer read, those upgraded from HTTP/1.1 to what carries no HTTP, such as websocket. For "
    "these no objective is `no_telemetry`.",
)
TAP_FRAMES = _counter(
    "tap_http2_frames",
    "Frames of HTTP/2 read, by sender (client, server) and type. Many for few calls are a flood: PING, SETTINGS, "
    "RST_STREAM, or tiny DATA.",
    "sender",
    "type",
)
TAP_ADDED_LATENCY = _histogram(
    "tap_added_latency_seconds", "One read becoming available to its write returning, per read."
)
TAP_CPU = _counter("tap_cpu_seconds", "CPU used by the tap.")
TAP_RESIDENT = _gauge("tap_resident_memory_bytes", "Resident memory of the tap.")
TAP_UNSENT = _gauge("tap_unsent_bytes", "Bytes held now because a peer does not read.")
TAP_THROTTLED = _counter("tap_throttled_seconds", "Time the cgroup was denied CPU.")
TAP_RECORDS_DROPPED = _counter("tap_records_dropped", "Records dropped from the bounded ring.")
TAP_LOG_DROPPED = _counter("tap_log_lines_dropped", "Log lines dropped by the bounded writer.")
TAP_SERIES_CAPPED = _counter(
    "tap_series_capped", "Events counted under a fallback label because a cap was reached."
)
TAP_SLO_MODELS_CAPPED = _counter(
    "tap_slo_models_capped",
    "Judged events of a model that were counted under `unknown`: there were 500 instances of objectives already.",
)
TAP_HEADS_TRUNCATED = _counter(
    "tap_heads_truncated", "Messages whose wanted fields did not lie in the first bytes looked at."
)
TAP_CONTROL_RESTARTS = _counter(
    "tap_control_restarts", "Times the control process was replaced, by reason.", "reason"
)
TAP_CONNECTIONS_CAP = _gauge("tap_connections_cap", "Connections above which accepting pauses.")
TAP_ACCEPT_PAUSES = _counter("tap_accept_pauses", "Times accepting paused at the cap.")
TAP_CUT = _counter("tap_cut_connections", "Connections still open when the drain deadline passed.")
TAP_KEEPS_REFUSED = _counter(
    "tap_keeps_refused",
    "Values that control wanted kept for its next life, and that were refused: together too large, or too many.",
)
TAP_GOAWAYS = _counter(
    "tap_goaways_inserted",
    "GOAWAY frames, and `connection: close` fields of HTTP/1.1, inserted while draining.",
)
TAP_DRAINING = _gauge("tap_draining", "1 while draining.")

# --- control about itself --------------------------------------------------------------------
CONTROL_CPU = _counter("control_cpu_seconds", "CPU used by this life of the control process.")
CONTROL_RESIDENT = _gauge("control_resident_memory_bytes", "Resident memory of control.")
CONTROL_LIFE = _gauge(
    "control_life",
    "Which life of the control process this is, from 1: since the tap started, or since the state in state_dir began.",
)
CONTROL_SERIES_LEFT_OUT = _gauge(
    "control_series_left_out", "Series not shown on this page because it would grow too long."
)
METRICS_LINES = _gauge(
    "metrics_lines",
    "Lines of this page, comments and `_created` aside: what it costs whoever keeps it.",
)

ALL: tuple[Metric, ...] = tuple(
    item for item in list(globals().values()) if isinstance(item, Metric)
)
