"""The file that holds the token of `/drain`. The tap reads it when asked; here is only said what it would find."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sidecar.model.problem import Problem
    from sidecar.text.document import Document

# As DRAIN_TOKEN_BYTES in the tap's limits.rs.
MAX_TOKEN_BYTES = 4096

_WHERE = ("health", "drain_token_file")


def token_file_problems(path: str, document: Document) -> list[Problem]:
    """Say why nobody could drain with what the file holds now; nothing where there is no such file to be."""
    if not path:
        return []
    try:
        # Whoever opens a named pipe waits for its writer; nobody is to wait here.
        with open(path, "rb", opener=_at_once) as handle:
            text = handle.read(MAX_TOKEN_BYTES + 1)
    except (OSError, ValueError) as error:  # of a name that no file can have
        why = error.strerror if isinstance(error, OSError) else error
        hint = "Until it can be, /drain is answered on loopback alone."
        return [document.problem(_WHERE, f"{path!r} cannot be read: {why}", hint)]
    if len(text) > MAX_TOKEN_BYTES:
        what = f"{path!r} is longer than {MAX_TOKEN_BYTES} bytes"
        return [document.problem(_WHERE, what, "Is it the right file?")]
    if not text.strip():
        hint = "Write a long random token into it, e.g. of `openssl rand -hex 32`."
        return [document.problem(_WHERE, f"{path!r} is empty", hint)]
    return []


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)
