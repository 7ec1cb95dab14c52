"""What an attack is made of: the bytes that pass, and what /metrics must say of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.hazards import frames as h2
from tests.hazards.passage import WRITE_BYTES, Step

FRAME_HEAD_BYTES = 9
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
    frames: str = ""
    """The type of frame whose count names it; `_OTHER` are those that RFC 9113 does not know."""

    def wanted(self, script: Sequence[Step]) -> Sequence[Counted]:
        """Say what a play of a script is to raise; frames by counting them."""
        if not self.frames:
            return self.counted
        senders = {"client": "up", "server": "down"}
        sent = {
            sender: frames_in(script, towards, self.frames) for sender, towards in senders.items()
        }
        name = "wayside_tap_http2_frames_total"
        rises = [
            Counted(name, by, {"sender": sender, "type": self.frames})
            for sender, by in sent.items()
        ]
        return [*self.counted, *(each for each in rises if each.by)]


def frames_in(script: Sequence[Step], towards: str, kind: str) -> int:
    """Count the frames of a type that pass one way."""
    content = b"".join(part for way, part in script if way.startswith(towards))
    content = content.removeprefix(h2.PREFACE)
    at = count = 0
    while at < len(content):
        number = content[at + 3]
        count += kind == h2.FRAME_TYPES.get(number, "_OTHER")
        at += FRAME_HEAD_BYTES + int.from_bytes(content[at : at + 3], "big")
    return count


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
