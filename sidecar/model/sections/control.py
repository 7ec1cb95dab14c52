"""The control process about itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Control:
    """What this life of control has cost so far."""

    cpu_seconds: float
    resident_bytes: int
    life: int
    """Which life of control this is, from 1, as far as its state remembers."""
