"""What the user promised: objectives, and the states one can be in."""

from __future__ import annotations

import enum
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sidecar.model import indicator as indicators

if TYPE_CHECKING:
    from sidecar.model.indicator import Indicator

# Enough to make a chance collision among 64 objectives negligible, short enough to read in a label.
ID_HEX_DIGITS = 16


class State(enum.Enum):
    """What is known about an objective now. Each kind of silence has its own name; none is drawn as 0 or 100 %."""

    OK = "ok"
    NO_TRAFFIC = "no_traffic"
    STALLED = "stalled"
    UNREACHABLE = "unreachable"
    NO_TELEMETRY = "no_telemetry"


@dataclass(frozen=True, slots=True)
class Objective:
    """One promise. `ratio` is a decimal string: it is never computed with as a float."""

    name: str
    indicator: Indicator
    ratio: str  # e.g. "0.999"
    model_glob: str = ""  # empty = any
    method_glob: str = ""  # empty = any; without the leading slash
    window_nanos: int = 0  # 0 = not given
    id: str = field(init=False, compare=False)
    """Hash of what the tap counts: equal while the counts keep their meaning, so a new target keeps them."""
    spec_hash: str = field(init=False, compare=False)
    """Hash of the whole definition, target and window included."""

    def __post_init__(self) -> None:
        """Compute both hashes once: every outlet asks for them on every tick."""
        globs = [self.model_glob, self.method_glob]
        counted = _digest([self.name, *globs, *indicators.counted_by(self.indicator)])
        object.__setattr__(self, "id", counted)
        object.__setattr__(self, "spec_hash", _digest([counted, self.ratio, self.window_nanos]))

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `from_json` takes."""
        return {
            "name": self.name,
            "indicator": indicators.to_json(self.indicator),
            "ratio": self.ratio,
            "model_glob": self.model_glob,
            "method_glob": self.method_glob,
            "window_nanos": self.window_nanos,
        }

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Objective:
        """Read what `to_json` wrote; raises KeyError, TypeError or ValueError for anything else."""
        return cls(**{**raw, "indicator": indicators.from_json(raw["indicator"])})


def _digest(parts: list[str | int]) -> str:
    """Return a stable short hash of a list of plain values."""
    canonical = json.dumps(parts, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:ID_HEX_DIGITS]
