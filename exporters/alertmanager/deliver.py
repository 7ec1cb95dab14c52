"""All Alertmanagers of the configuration, each by itself: a dead one delays nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters.alertmanager.pusher import Pusher

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sidecar.model.delivery import Alertmanager
    from sidecar.model.log import Log
    from sidecar.model.sections.alerts import Alert, AlertmanagerReading


class Deliveries:
    """Follows the configuration."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._pushers: dict[Alertmanager, Pusher] = {}

    def follow(self, alertmanagers: Iterable[Alertmanager], generator_url: str) -> None:
        """Push to these from now on, and to no other. One that is as before goes on with its queue and counts."""
        wanted = dict.fromkeys(alertmanagers)
        for each in [each for each in self._pushers if each not in wanted]:
            self._pushers.pop(each).stop()
        # In the order of the configuration.
        self._pushers = {
            each: self._pushers.get(each) or Pusher(each, generator_url, self._log)
            for each in wanted
        }

    def offer(self, alerts: tuple[Alert, ...]) -> None:
        """Queue alerts for each."""
        if alerts:
            for each in self._pushers.values():
                each.offer(alerts)

    def readings(self) -> tuple[AlertmanagerReading, ...]:
        """Return what became of them at each."""
        return tuple(each.reading() for each in self._pushers.values())

    def stop(self) -> None:
        """Give up all of them."""
        self.follow((), "")
