"""What a model server says of itself on its own Prometheus page: where it stands there, and what was read.

The names are the server's words brought together: *queue depth* is what vLLM calls waiting, TGI queue size and Triton
pending, so there is no number for waiting beside it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# Both bound the lines of /metrics, whatever a page says: the tap's own caps on labels.
MAX_MODELS = 64
MAX_MODEL_CHARACTERS = 128

WHOLE_SERVER = ""  # the model of a number that the page states without one


class Number(enum.Enum):
    """What is taken over from a server's page; the names end those of /metrics (`wayside_server_...`)."""

    QUEUE_DEPTH = "queue_depth"  # requests accepted and not begun
    RUNNING = "running"  # requests being worked on
    KV_CACHE_USAGE = "kv_cache_usage_ratio"  # 0 to 1
    EXECUTED_BATCH_SIZE = "executed_batch_size"  # inferences in one execution


class PollFailure(enum.Enum):
    """Why a poll brought nothing."""

    UNREACHABLE = "unreachable"  # refused, reset, or the name is not known
    TIMEOUT = "timeout"
    STATUS = "status"  # an answer other than 200
    TOO_LARGE = "too_large"
    MALFORMED = "malformed"  # no HTTP, compressed, or no Prometheus text
    UNMAPPED = "unmapped"  # a page without any family that a catalogue names


@dataclass(frozen=True, slots=True)
class NumberSource:
    """Where one number stands on a page: a gauge, or (with `per`) the increase of one counter divided by another's."""

    number: Number
    family: str  # name of the samples, as written on the page
    per: str = ""  # name of the counter that divides
    where: tuple[tuple[str, str], ...] = ()  # labels a sample must have
    model: str = ""  # label that holds the model; empty: the number is the whole server's
    scale: float = 1.0  # the page's unit times this is ours


@dataclass(frozen=True, slots=True)
class ServerPage:
    """One kind of page: whose it is, and which numbers it has, for each number the best source first."""

    server: str  # name of the catalogue
    sources: tuple[NumberSource, ...]


@dataclass(frozen=True, slots=True)
class MetricsEndpoint:
    """Where the page is, how often it is read, and the kinds of page it may be, of which the first that fits counts."""

    host: str
    port: int
    target: str  # path and query
    interval_seconds: float
    pages: tuple[ServerPage, ...]

    @property
    def url(self) -> str:
        """Return the address as people write it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}{self.target}"

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> MetricsEndpoint:
        """Read what the policy compiler wrote; raises KeyError, TypeError or ValueError for anything else."""
        pages = tuple(
            ServerPage(page["server"], tuple(_source(each) for each in page["sources"]))
            for page in raw["pages"]
        )
        return cls(**{**raw, "pages": pages})


def _source(raw: dict[str, Any]) -> NumberSource:
    where = tuple((name, value) for name, value in raw["where"])
    return NumberSource(**{**raw, "number": Number(raw["number"]), "where": where})


@dataclass(frozen=True, slots=True)
class ServerReading:
    """How the last poll went, and what it brought; after a failure, or for too long without a poll, nothing."""

    up: bool
    failed_polls: Mapping[PollFailure, int]  # each reason, from 0
    server: str = ""  # the catalogue whose names the page has
    numbers: Mapping[Number, Mapping[str, float]] = field(default_factory=dict)  # -> model -> value
    models: tuple[str, ...] = ()  # every model that the page names
    left_out: int = 0  # values of models above MAX_MODELS or MAX_MODEL_CHARACTERS
