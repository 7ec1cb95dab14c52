"""What an attack is made of: the bytes that pass, and what /metrics must say of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.hazards import frames as h2
from tests.hazards.passage import WRITE_BYTES, Step

# What the catalogue knows, so that its name is a label.
AFTER = "after"


@dataclass(frozen=True)
class Counted:
    """A sample of /metrics and by how much one play raises it."""

    name: str
    by: float
    labels: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """As Prometheus writes it."""
        labels = ",".join(f'{key}="{value}"' for key, value in self.labels.items())
        return f"{self.name}{{{labels}}}" if labels else self.name


@dataclass(frozen=True)
class Attack:
    """One way to be hostile. Each play is on a connection of its own, whose client speaks first."""

    row: int
    name: str
    script: Callable[[], Sequence[Step]]
    counted: Sequence[Counted]
    write_bytes: int = WRITE_BYTES


def up(content: bytes) -> Step:
    """From the client."""
    return "up", content


def down(content: bytes) -> Step:
    """From the server."""
    return "down", content


OPENING: Sequence[Step] = (up(h2.PREFACE + h2.settings()), down(h2.settings()))
LAST_STREAM = 0x7FFF_FFF1


def call_after(stream: int = LAST_STREAM) -> Sequence[Step]:
    """Return a call that is read only if reading is still in step."""
    return up(h2.request(stream, h2.asking(AFTER))), down(h2.answer(stream, h2.answering(AFTER)))


def calls(by: float, **labels: str) -> Counted:
    """Calls that ended so."""
    return Counted("wayside_calls_total", by, labels)


IN_STEP = calls(1, model=AFTER, code="OK")
"""The call after the attack."""


def blind(reason: str, by: int = 1) -> Counted:
    """Connections given up for a reason."""
    return Counted("wayside_tap_blind_total", by, {"reason": reason})


def h2_script(*steps: Step, after: bool = True) -> Sequence[Step]:
    """Put steps between the opening and, where reading goes on, a call that shows it."""
    return (*OPENING, *steps, *(call_after() if after else ()))
