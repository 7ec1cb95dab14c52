"""The body of `POST /api/v2/alerts`, with the keys, types and time format of Prometheus' own."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sidecar.model.sections.alerts import Alert

CONTENT_TYPE = "application/json"
_NANOS_PER_SECOND = 1_000_000_000


def payload(alerts: Iterable[Alert], generator_url: str) -> bytes:
    """Return the body; `generator_url`: where whoever reads an alert finds what it was made of."""
    plain = [
        {
            "annotations": dict(each.annotations),
            "endsAt": rfc3339(each.ends_at_unix_nanos),
            "startsAt": rfc3339(each.starts_at_unix_nanos),
            **({"generatorURL": generator_url} if generator_url else {}),
            "labels": dict(each.labels),
        }
        for each in alerts
    ]
    return json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode()


def rfc3339(unix_nanos: int) -> str:
    """Write a moment in milliseconds, as Go's API clients do."""
    seconds, nanos = divmod(unix_nanos, _NANOS_PER_SECOND)
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanos // 1_000_000:03d}Z"
