"""Every proof, those that take little time first."""

from __future__ import annotations

from tests.prove import hazards, interop, soak
from tests.prove.proof import Proof

PROOFS: tuple[Proof, ...] = (hazards.PROOF, interop.PROOF, soak.PROOF)
