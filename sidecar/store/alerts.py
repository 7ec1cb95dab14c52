"""Which alerts fired, and which had ended of late, for the next life of control."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sidecar.model.sections.alerts import Alert

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sidecar.model.sections.alerts import Pairs
    from sidecar.store.face import Store

KEY = "alerts/1"
# An eighth of what the tap keeps in all. Beyond it goes what is only read by people, not what alerts are known by.
MAX_BYTES = 128 * 1024


def read_alerts(store: Store) -> tuple[Alert, ...]:
    """Return what was written last; nothing where that cannot be read."""
    try:
        return tuple(map(_alert, json.loads(store.read(KEY) or b"[]")))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return ()


def write_alerts(store: Store, alerts: Iterable[Alert]) -> None:
    """Write all alerts, with the next commit."""
    plain = [_plain(each) for each in alerts]
    value = json.dumps(plain).encode()
    if len(value) > MAX_BYTES:
        value = json.dumps([{**each, "annotations": {}} for each in plain]).encode()
    store.write(KEY, value if plain else b"")


def _plain(alert: Alert) -> dict[str, Any]:
    return {
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "starts_at": alert.starts_at_unix_nanos,
        "ends_at": alert.ends_at_unix_nanos,
        "resolved": alert.resolved,
    }


def _alert(raw: dict[str, Any]) -> Alert:
    starts_at, ends_at = int(raw["starts_at"]), int(raw["ends_at"])
    if not (0 < starts_at < 2**63 and 0 <= ends_at < 2**63 and "alertname" in raw["labels"]):
        raise ValueError("no alert")
    pairs = _pairs(raw["labels"]), _pairs(raw["annotations"])
    return Alert(*pairs, starts_at, ends_at, bool(raw["resolved"]))


def _pairs(raw: dict[str, Any]) -> Pairs:
    return tuple(sorted((str(name), str(value)) for name, value in raw.items()))
