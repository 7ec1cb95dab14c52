"""What Wayside counted of some calls, against what their client did: both as the same flat table of numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from tests.e2e.grpc_calls import BIDI, CLIENT_STREAM, EITHER, INFER, SERVER_STREAM, UNARY, Seen
from tests.harness.wayside import Wayside

# (method, model, code, outcome, ended_by, field): a number.
Counts: TypeAlias = "Counter[tuple[str, ...]]"

FIELDS = ("calls", "requests", "request_bytes", "response_bytes")
LABELS = ("method", "model", "code", "outcome", "ended_by")

OUTCOMES = {
    "OK": "ok",
    "CANCELLED": "cancelled",
    "RESOURCE_EXHAUSTED": "shed",
    "DEADLINE_EXCEEDED": "timeout",
    **dict.fromkeys(
        ("INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "ABORTED"),
        "client_error",
    ),
    **dict.fromkeys(("FAILED_PRECONDITION", "OUT_OF_RANGE", "UNAUTHENTICATED"), "client_error"),
    **dict.fromkeys(("UNKNOWN", "UNIMPLEMENTED"), "server_error"),
    **dict.fromkeys(("INTERNAL", "UNAVAILABLE", "DATA_LOSS"), "server_error"),
}


def outcome(seen: Seen) -> str:
    """Return what a call counts as; nobody had asked a server to say CANCELLED."""
    unasked = seen.code == "CANCELLED" and seen.ended_by == "server"
    return "server_error" if unasked else OUTCOMES[seen.code]


# The echo service has a name on Wayside's pages because a user's catalogue says so, as here.
CATALOGUE = """
server: echo
methods:
  /test.Echo/Unary: {kind: admin}
  /test.Echo/ServerStream: {kind: admin, streaming: true}
  /test.Echo/ClientStream: {kind: admin}
  /test.Echo/Bidi: {kind: admin, streaming: true}
"""
NAMED = {UNARY, SERVER_STREAM, CLIENT_STREAM, BIDI, INFER}


def config(catalogue: str) -> str:
    """Write the configuration: this catalogue file too, and a tick that does not keep a test waiting."""
    return f"control: {{tick: 100ms}}\nserver: {{files: [{catalogue}]}}\n"


def expected(calls: Iterable[Seen]) -> Counts:
    """Count what a client saw. A model has its name from its first good answer on."""
    counts: Counts = Counter()
    admitted = set()
    for seen in calls:
        if seen.code == "OK":
            admitted.add(seen.model)
        unknown = "unknown" if seen.method == INFER else ""
        label = (
            seen.method if seen.method in NAMED else "_OTHER",
            seen.model if seen.model in admitted else unknown,
            seen.code,
            outcome(seen),
            seen.ended_by,
        )
        received = [answer.length for answer in seen.answers]
        numbers = (1, 1, sum(seen.sent), sum(received))
        counts.update({(*label, name): at for name, at in zip(FIELDS, numbers, strict=True)})
        counts.update({(*label[:2], "gaps"): max(len(received) - 1, 0)})
    return +counts


def counted(snapshot: dict[str, Any]) -> Counts:
    """Flatten a snapshot: what was counted, and how many gaps there were between the messages of streams."""
    counts: Counts = Counter()
    for row in snapshot["calls"]:
        label = tuple(row[name] for name in LABELS)
        counts.update({(*label, name): row[name] for name in FIELDS})
    for row in snapshot["timings"]:
        gaps = row.get("response_gap_seconds", {"count": 0})["count"]
        counts[row["method"], row["model"], "gaps"] += gaps
    return counts


class Difference:
    """What Wayside counts between two moments."""

    def __init__(self, wayside: Wayside) -> None:
        """Begin here."""
        self.wayside = wayside
        self.before = counted(wayside.snapshot())

    def after(self, calls: Sequence[Seen]) -> Counts:
        """Wait until as many calls were counted, and a whole tick more, in which nothing may follow."""
        before = sum(value for key, value in self.before.items() if key[-1] == "calls")
        self.wayside.wait_for_total(before + len(calls), "calls")
        sequence = self.wayside.snapshot()["sequence"]
        self.wayside.running.wait_for(lambda: self.wayside.snapshot()["sequence"] > sequence + 1)
        snapshot = self.wayside.snapshot()
        assert snapshot["tap"]["blind"] == {}
        assert sum(row["calls"] for row in snapshot["in_flight"]) == 0
        difference = counted(snapshot)
        difference.subtract(self.before)
        return either(+difference) if EITHER in {seen.ended_by for seen in calls} else +difference


def either(counts: Counts) -> Counts:
    """Forget which side was first to say that a deadline had passed."""
    result: Counts = Counter()
    for key, number in counts.items():
        late = "DEADLINE_EXCEEDED" in key and key[4] in EITHER.split()
        result.update({(*key[:4], EITHER, *key[5:]) if late else key: number})
    return result
