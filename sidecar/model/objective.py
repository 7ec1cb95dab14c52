"""What the user promised: objectives, and the states one can be in."""

from __future__ import annotations

import enum
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sidecar.model import indicator as indicators
from sidecar.model.tiers import DEFAULT_MIN_BAD, DEFAULT_PERIOD_NANOS, DEFAULT_TIERS, Tier

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


# Those that mean harm: each is a tier of its own, of the state's name.
STATE_TIERS = (State.UNREACHABLE, State.STALLED)


@dataclass(frozen=True, slots=True)
class Objective:
    """One promise. `ratio` is a decimal string: it is never computed with as a float."""

    name: str
    indicator: Indicator
    ratio: str  # e.g. "0.999"
    model_glob: str = ""  # empty = any
    method_glob: str = ""  # empty = any; without the leading slash
    window_nanos: int = DEFAULT_PERIOD_NANOS  # rolling
    per_model: bool = False  # counted, judged and alerted for each model by itself
    tiers: tuple[Tier, ...] = DEFAULT_TIERS
    min_bad: int = DEFAULT_MIN_BAD  # see model/tiers.Guard
    id: str = field(init=False, compare=False)
    """Hash of what the tap counts: equal while the counts keep their meaning, so a new target keeps them."""
    spec_hash: str = field(init=False, compare=False)
    """Hash of the whole definition, target and window included."""

    def __post_init__(self) -> None:
        """Compute both hashes once: every outlet asks for them on every tick."""
        globs = [self.model_glob, self.method_glob]
        by_model = ["per model"] if self.per_model else []
        counted = _digest([self.name, *globs, *by_model, *indicators.counted_by(self.indicator)])
        tiers = [list(each.to_json().values()) for each in self.tiers]
        whole = [counted, self.ratio, self.window_nanos, self.min_bad, tiers]
        object.__setattr__(self, "id", counted)
        object.__setattr__(self, "spec_hash", _digest(whole))

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `from_json` takes."""
        return {
            "name": self.name,
            "indicator": indicators.to_json(self.indicator),
            "ratio": self.ratio,
            "model_glob": self.model_glob,
            "method_glob": self.method_glob,
            "window_nanos": self.window_nanos,
            "per_model": self.per_model,
            "tiers": [each.to_json() for each in self.tiers],
            "min_bad": self.min_bad,
        }

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Objective:
        """Read what `to_json` wrote; raises KeyError, TypeError or ValueError for anything else."""
        tiers = tuple(Tier(**each) for each in raw["tiers"])
        indicator = indicators.from_json(raw["indicator"])
        return cls(**{**raw, "indicator": indicator, "tiers": tiers})


def _digest(parts: list[Any]) -> str:
    """Return a stable short hash of a list of plain values."""
    canonical = json.dumps(parts, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:ID_HEX_DIGITS]
