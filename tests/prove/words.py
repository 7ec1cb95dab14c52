"""Every proof, those that take little time first."""

from __future__ import annotations

from tests.prove import (
    accuracy,
    commits,
    cost,
    drain,
    fleet,
    grpc_web,
    hazards,
    interop,
    kubernetes,
    slo,
    soak,
    state,
    streams,
    survival,
    triton,
    upstream,
)
from tests.prove.proof import Proof

PROOFS: tuple[Proof, ...] = (
    grpc_web.PROOF,
    triton.PROOF,
    state.PROOF,
    drain.PROOF,
    accuracy.PROOF,
    kubernetes.PROOF,
    upstream.PROOF,
    commits.PROOF,
    streams.PROOF,
    hazards.PROOF,
    survival.PROOF,
    cost.PROOF,
    slo.PROOF,
    interop.PROOF,
    fleet.PROOF,
    soak.PROOF,
)
