"""What the user promised: objectives, and the states one can be in."""

from __future__ import annotations

import enum
import hashlib
import json
from dataclasses import dataclass

# Enough to make a chance collision among 64 objectives negligible, short enough to read in a label.
ID_HEX_DIGITS = 16


class State(enum.Enum):
    """What is known about an objective now. Each kind of silence has its own name; none is drawn as 0 or 100 %."""

    OK = "ok"
    NO_TRAFFIC = "no_traffic"
    STALLED = "stalled"
    UNREACHABLE = "unreachable"
    NO_TELEMETRY = "no_telemetry"


class Good(enum.Enum):
    """What makes an event good."""

    AVAILABLE = "available"
    LATENCY_BELOW = "latency_below"
    FIRST_RESPONSE_BELOW = "first_response_below"


@dataclass(frozen=True, slots=True)
class Objective:
    """One promise. `ratio` is a decimal string: it is never computed with as a float."""

    name: str
    good: Good
    ratio: str  # e.g. "0.999"
    threshold_nanos: int = 0  # of the two thresholds; 0 for AVAILABLE
    model_glob: str = ""  # empty = any
    method_glob: str = ""  # empty = any; without the leading slash
    window_nanos: int = 0  # 0 = not given

    @property
    def id(self) -> str:
        """Hash of what the tap counts: equal while the counts keep their meaning, so a new target keeps them."""
        counted = [
            self.name,
            self.model_glob,
            self.method_glob,
            self.good.value,
            self.threshold_nanos,
        ]
        return _digest(counted)

    @property
    def spec_hash(self) -> str:
        """Hash of the whole definition, target and window included."""
        return _digest([self.id, self.ratio, self.window_nanos])


def _digest(parts: list[str | int]) -> str:
    """Return a stable short hash of a list of plain values."""
    canonical = json.dumps(parts, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:ID_HEX_DIGITS]
