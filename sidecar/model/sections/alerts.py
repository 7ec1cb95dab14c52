"""Alerts of this host: those that fire, those that have ended of late, and what became of them at each Alertmanager."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Pairs: TypeAlias = "tuple[tuple[str, str], ...]"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. Its labels are what it is known by: whoever has the same is the same alert."""

    labels: Pairs  # by name
    annotations: Pairs
    starts_at_unix_nanos: int
    ends_at_unix_nanos: int  # while it fires: until when it does if nothing more is heard of it
    resolved: bool = False

    @property
    def name(self) -> str:
        """Return what kind of alert it is."""
        return dict(self.labels)["alertname"]


@dataclass(frozen=True, slots=True)
class Alerts:
    """All of them in this tick."""

    alerts: tuple[Alert, ...] = ()
    """Firing and lately resolved."""
    due: tuple[Alert, ...] = ()
    """Of these what is to be sent now: what is new or has just ended, and what was last sent a minute ago."""
    left_out: int = 0
    """What fires beyond the most that there may be."""


@dataclass(frozen=True, slots=True)
class AlertmanagerReading:
    """What became of alerts at one Alertmanager, in this life of control. An alert sent again counts again."""

    url: str
    sent: int = 0
    errors: int = 0  # in attempts that failed, or were refused
    dropped: int = 0  # there was no room, or they were too old to be sent
    queued: int = 0
    last_success_unix_nanos: int = 0  # 0: none yet
    last_error: str = ""  # of the last attempt; empty: it went well
