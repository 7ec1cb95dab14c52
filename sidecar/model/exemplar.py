"""One request to look at among those that a number counts: its trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sidecar.model.series import ExemplarView


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A request that a trace can be looked up for."""

    trace_id: str  # 32 hexadecimal digits in lower case, as W3C Trace Context has them
    value_nanos: int
    unix_nanos: int


def exemplar_of(view: ExemplarView) -> Exemplar | None:
    """Return what the tap told; None where there is none."""
    if not view.trace_id:
        return None
    return Exemplar(view.trace_id.hex(), view.value_nanos, view.unix_nanos)
