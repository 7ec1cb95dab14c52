"""The tap's answer as facts: what every engine starts from, without the seam."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sidecar.model.sections.tap import Tap
from sidecar.model.sections.traffic import Traffic
from sidecar.model.windows import SeriesKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sidecar.tapclient import tap_pb2 as pb
    from sidecar.tapclient.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Facts:
    """One answer, merged with all that came before."""

    epoch_unix_nanos: int
    sequence: int
    at_unix_nanos: int
    uptime_nanos: int  # the clock of every age; `now` for the engines
    policy_generation: int
    policy_error: str
    traffic: Traffic
    tap: Tap


def facts_of(
    answer: pb.Snapshot, ledger: Ledger, records: Sequence[pb.Record], draining: bool
) -> Facts:
    """Return the facts of an answer that the ledger has merged."""
    return Facts(
        epoch_unix_nanos=answer.epoch_unix_nanos,
        sequence=answer.sequence,
        at_unix_nanos=answer.at_unix_nanos,
        uptime_nanos=answer.uptime_nanos,
        policy_generation=answer.policy_generation,
        policy_error=answer.policy_error,
        traffic=Traffic(
            counters=ledger.counters,
            timings=ledger.timings,
            tokens=ledger.tokens,
            shapes=ledger.shapes,
            batch_limits=answer.batch_limits,
            flights=answer.flights,
            events={SeriesKey(event.objective, event.model): event for event in answer.events},
            upstreams=answer.upstreams,
            records=tuple(records),
        ),
        tap=Tap(
            stats=answer.tap,
            draining=draining or answer.tap.draining,
            blind_causes=answer.blind_causes,
        ),
    )
