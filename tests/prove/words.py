"""Every proof, those that take little time first."""

from __future__ import annotations

from tests.prove import accuracy, cost, hazards, interop, soak, streams
from tests.prove.proof import Proof

PROOFS: tuple[Proof, ...] = (
    accuracy.PROOF,
    streams.PROOF,
    cost.PROOF,
    hazards.PROOF,
    interop.PROOF,
    soak.PROOF,
)
