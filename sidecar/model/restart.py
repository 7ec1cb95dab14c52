"""What needs a restart of Wayside to change: what the tap makes when it starts, and where control keeps its state.

Everything that says so says it from here: the reload that undoes such a change, `--help`, the documentation.
"""

from __future__ import annotations

from typing import NamedTuple


class FixedPart(NamedTuple):
    """A part of the configuration that stays as it was at the start."""

    written: str
    """As the file has it."""
    attribute: str
    """Where the policy on the seam has it."""


STATE_DIR = "state_dir"
"""Where control keeps its state: opened when it starts. It is no field of the policy but of control's settings."""

FIXED_PARTS = (
    FixedPart("listeners", "listeners"),
    FixedPart("admin", "admin"),
    FixedPart("health.listen", "health"),
    FixedPart("log.format", "log_format"),
    FixedPart("limits.threads", "limits.threads"),
    FixedPart("limits.unsent", "limits.unsent_bytes"),
    FixedPart("limits.connections", "limits.connections"),
)

IN_WORDS = ", ".join([*(part.written for part in FIXED_PARTS), STATE_DIR])
