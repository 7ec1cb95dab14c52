"""Every proof, those that take little time first."""

from __future__ import annotations

from tests.prove import drain, hazards, interop, soak, survival, triton, upstream
from tests.prove.proof import Proof

PROOFS: tuple[Proof, ...] = (
    triton.PROOF,
    drain.PROOF,
    upstream.PROOF,
    survival.PROOF,
    hazards.PROOF,
    interop.PROOF,
    soak.PROOF,
)
