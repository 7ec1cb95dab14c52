"""What the tap reads from a message, asked of the tap itself: there is one reader, `wayside-tap read-message`."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from sidecar.cli.launch import LaunchError, find_tap
from sidecar.model.policy import Read, Slot
from sidecar.tapclient.encode import reading_policy

if TYPE_CHECKING:
    from sidecar.model.policy import Method
    from sidecar.servers.headers import Value

# It answers in microseconds; a minute is for a machine that has none to spare.
ANSWER_SECONDS = 60.0

_KINDS = {
    "text": Read.STRING,
    "number": Read.INT,
    "tally": Read.COUNT,
    "sum": Read.SUM,
    "dimensions": Read.DIMENSIONS,
}


def read_message(method: Method, side: str, data: bytes) -> dict[Slot, tuple[Value, Read]]:
    """Return what a message of a side, `request` or `response`, says. Raises LaunchError."""
    questions = (
        f"policy {reading_policy(method).hex()}\nmessage {method.path} {side} {data.hex()}\n"
    )
    try:
        done = subprocess.run(
            [find_tap(), "read-message"],
            input=questions,
            capture_output=True,
            text=True,
            timeout=ANSWER_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LaunchError(f"wayside-tap did not read the message: {error}") from error
    answers = done.stdout.splitlines()
    if done.returncode != 0 or len(answers) != 2:
        raise LaunchError(f"wayside-tap did not read the message: {done.stderr.strip()}")
    try:
        return dict(_value(word) for word in answers[1].split())
    except (KeyError, ValueError) as error:
        raise LaunchError(f"wayside-tap is of another version: {answers[1]!r}") from error


def _value(word: str) -> tuple[Slot, tuple[Value, Read]]:
    """Read one `Slot=kind:value`."""
    name, _, rest = word.partition("=")
    kind, _, text = rest.partition(":")
    slot = Slot(re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower())
    read = _KINDS[kind]
    if read is Read.STRING:
        return slot, (bytes.fromhex(text), read)
    if read is Read.DIMENSIONS:
        return slot, (tuple(int(each) for each in text.split(",") if each), read)
    return slot, (int(text), read)
