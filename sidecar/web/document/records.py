"""The key `records`: the newest few chosen calls, oldest first.

[{model, method, code, ended_by, outcome, reason, request_id, start_unix_nanos, call_duration_seconds,
  latency_seconds, message}]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sidecar.model.grid import NANOS_PER_SECOND

if TYPE_CHECKING:
    from typing import Any

    from sidecar.model.sections.traffic import Traffic
    from sidecar.model.series import RecordView


def records_document(traffic: Traffic) -> dict[str, Any]:
    """Return this key."""
    return {"records": [_record(record) for record in traffic.records]}


def _record(record: RecordView) -> dict[str, Any]:
    document: dict[str, Any] = {
        "model": record.model,
        "method": record.method,
        "code": record.code,
        "ended_by": record.ended_by,
        "outcome": record.outcome,
        "reason": record.reason,
        "request_id": record.request_id,
        "start_unix_nanos": record.start_unix_nanos,
        "call_duration_seconds": record.call_duration_nanos / NANOS_PER_SECOND,
        "message": record.message,
    }
    if record.latency_nanos:
        document["latency_seconds"] = record.latency_nanos / NANOS_PER_SECOND
    return document
