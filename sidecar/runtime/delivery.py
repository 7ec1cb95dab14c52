"""Alerts on their way out. What pushes them is loaded where somebody is to have them, and nowhere else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exporters.alertmanager.deliver import Deliveries
    from sidecar.model.delivery import AlertDelivery
    from sidecar.model.log import Log
    from sidecar.model.sections.alerts import AlertmanagerReading, Alerts


def host_name() -> str:
    """Return what this host calls itself; in a container that is the pod."""
    return os.uname().nodename


class Delivery:
    """Follows the configuration, and hands on what is due."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._deliveries: Deliveries | None = None
        self._followed: object = None

    def follow(self, delivery: AlertDelivery, admin: str) -> None:
        """Deliver as the configuration says; call once per tick. `admin`: where this Wayside's own pages are."""
        if (delivery, admin) == self._followed:
            return
        self._followed = delivery, admin
        if self._deliveries is None:
            if not delivery.alertmanagers:
                return
            from exporters.alertmanager.deliver import Deliveries

            self._deliveries = Deliveries(self._log)
        self._deliveries.follow(delivery.alertmanagers, _generator_url(admin))

    def hand_on(self, alerts: Alerts) -> None:
        """Have sent what is due. Never waits."""
        if self._deliveries is not None:
            self._deliveries.offer(alerts.due)

    def readings(self) -> tuple[AlertmanagerReading, ...]:
        """Return what became of them at each Alertmanager."""
        return self._deliveries.readings() if self._deliveries is not None else ()

    def stop(self) -> None:
        """Give up what is under way."""
        if self._deliveries is not None:
            self._deliveries.stop()


def _generator_url(admin: str) -> str:
    """Return where the objectives of this host are shown; empty where nothing is shown, or at a port nobody knows."""
    host, _, port = admin.rpartition(":")
    if port in ("", "0"):
        return ""
    everywhere = host in ("", "0.0.0.0", "[::]")
    return f"http://{host_name() if everywhere else host}:{port}/api/v1/slo"
