"""What Alertmanager posts is read, and nothing else."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest

from tests.fleet.notifications import (
    FIRING,
    ON_CALL,
    RESOLVED,
    TICKETS,
    parsed,
    received_notifications,
)


def payload(status: str = FIRING, version: str = "4", **more: Any) -> bytes:
    """What a webhook gets: one alert of each status."""
    labels = {"alertname": "WaysideBudgetBurn", "tier": "page-fast", "workload": "chat"}
    alerts = [
        {"status": status, "labels": labels, "annotations": {"description": "What burns"}},
        {"status": RESOLVED, "labels": {"alertname": "WaysideBlind"}, "annotations": {}},
    ]
    document = {"version": version, "status": status, "groupLabels": {"workload": "chat"}}
    return json.dumps({**document, "alerts": alerts, **more}).encode()


def test_a_notification_says_which_alerts_fire() -> None:
    told = parsed(ON_CALL, payload(), 5.0)
    assert (told.receiver, told.status, told.at_seconds) == (ON_CALL, FIRING, 5.0)
    assert told.group == {"workload": "chat"}
    assert told.firing == ["WaysideBudgetBurn page-fast"]
    assert [each.title for each in told.alerts] == ["WaysideBudgetBurn page-fast", "WaysideBlind"]
    assert told.alerts[0].description == "What burns"


def test_another_version_is_not_guessed_at() -> None:
    with pytest.raises(ValueError, match="'5'"):
        parsed(ON_CALL, payload(version="5"), 0)


def test_each_receiver_has_its_own() -> None:
    with received_notifications() as told:
        for receiver, status in ((ON_CALL, FIRING), (TICKETS, FIRING), (ON_CALL, RESOLVED)):
            urllib.request.urlopen(told.url(receiver), data=payload(status), timeout=60).close()
        assert [each.status for each in told.received] == [FIRING, FIRING, RESOLVED]
        assert len(told.of(ON_CALL, FIRING)) == len(told.of(TICKETS, FIRING)) == 1
        assert told.of(TICKETS, RESOLVED) == []
