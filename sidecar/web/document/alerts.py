"""The key `alerts` of /api/v1/slo: what is sent where; absent where alerts go nowhere.

alerts   {firing: [...], resolved: [...], left_out, alertmanagers: [...]}
  firing, resolved   [{labels: {...}, annotations: {...}, starts_at_unix_nanos, ends_at_unix_nanos}]: those that
                     fire, and those whose end is told for a quarter of an hour
  left_out           how many fire beyond the most that are told
  alertmanagers      [{url, sent, errors, dropped, queued, last_success_unix_nanos, last_error}], in numbers of alerts;
                     without `last_success_unix_nanos` where there was none, without `last_error` where the last
                     attempt went well
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from sidecar.model.sections.alerts import Alert, AlertmanagerReading
    from sidecar.model.snapshot import Snapshot


def alerts_document(snapshot: Snapshot) -> dict[str, Any]:
    """Return this key."""
    if not snapshot.alertmanagers or snapshot.alerts is None:
        return {}
    alerts = snapshot.alerts.alerts
    return {
        "alerts": {
            "firing": [_alert(each) for each in alerts if not each.resolved],
            "resolved": [_alert(each) for each in alerts if each.resolved],
            "left_out": snapshot.alerts.left_out,
            "alertmanagers": [_alertmanager(each) for each in snapshot.alertmanagers],
        }
    }


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "starts_at_unix_nanos": alert.starts_at_unix_nanos,
        "ends_at_unix_nanos": alert.ends_at_unix_nanos,
    }


def _alertmanager(reading: AlertmanagerReading) -> dict[str, Any]:
    document: dict[str, Any] = {
        "url": reading.url,
        "sent": reading.sent,
        "errors": reading.errors,
        "dropped": reading.dropped,
        "queued": reading.queued,
    }
    if reading.last_success_unix_nanos:
        document["last_success_unix_nanos"] = reading.last_success_unix_nanos
    return document | ({"last_error": reading.last_error} if reading.last_error else {})
