"""The words of outcomes: what a call may come to, and the codes by which a rule may say so.

What each way of ending counts as is decided in the tap alone (dataplane/wire/src/outcome.rs), and told by
`wayside-tap outcomes`; here are the words in which a user or a catalogue overrules it.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass


class Outcome(enum.Enum):
    """What a call or a request came to."""

    OK = "ok"
    CLIENT_ERROR = "client_error"
    CANCELLED = "cancelled"
    TIMEOUT = "timeout"
    SERVER_ERROR = "server_error"
    SHED = "shed"


# In the order of their numbers, from 0 (google.rpc.Code).
GRPC_CODES = (
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
)  # fmt: skip
# An error inside a good answer.
IN_BAND_ERROR = "IN_BAND_ERROR"
# Of calls that the server never began: nothing was asked.
UNPROCESSED = "UNPROCESSED"

# A client of HTTP that leaves after so long without anything new has run out of time. An objective may say otherwise.
DEFAULT_GIVE_UP_NANOS = 30_000_000_000

_STATUS = re.compile(r"[1-5]\d\d\Z")


@dataclass(frozen=True, slots=True)
class OutcomeRule:
    """What a code counts as; with a message only where the server's own words hold it."""

    code: str  # a gRPC name, HTTP digits, or IN_BAND_ERROR
    message: str  # in lower case; empty = whatever the server says
    outcome: Outcome


def is_status(code: str) -> bool:
    """Say whether a code is an HTTP status."""
    return bool(_STATUS.match(code))


def is_code(code: str) -> bool:
    """Say whether a rule may be about a code."""
    return code in GRPC_CODES or code == IN_BAND_ERROR or is_status(code)


def is_good(code: str) -> bool:
    """Say whether a code tells of an answer that went well, so that nobody may call it anything else."""
    return code == "OK" or (is_status(code) and code < "400")
