"""Alertmanager's rules for what it is sent, as far as they decide what fires: api/v2 and the store in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sidecar.model.sections.alerts import Alert, Pairs


@dataclass
class ModelAlertmanager:
    """Alertmanager's provider/mem and types.Alert.Merge, for alerts that say when they end."""

    stored: dict[Pairs, Alert] = field(default_factory=dict)
    refused: int = 0

    def receive(self, alerts: list[Alert]) -> bool:
        """Take what is valid; False: something was not, which is answered with 400."""
        fine = True
        for new in alerts:
            if new.ends_at_unix_nanos < new.starts_at_unix_nanos:
                self.refused += 1
                fine = False
                continue
            old = self.stored.get(new.labels)
            self.stored[new.labels] = new if old is None else self._merged(old, new)
        return fine

    def _merged(self, old: Alert, new: Alert) -> Alert:
        ends_in_old = old.starts_at_unix_nanos < new.ends_at_unix_nanos < old.ends_at_unix_nanos
        starts_in_old = old.starts_at_unix_nanos < new.starts_at_unix_nanos < old.ends_at_unix_nanos
        if not (ends_in_old or starts_in_old):
            return new
        starts_at = min(old.starts_at_unix_nanos, new.starts_at_unix_nanos)
        ends_at = new.ends_at_unix_nanos
        # Of a later word that is an end the end counts; else the later end of both. `resolved` is known at `now` alone.
        if not new.resolved or old.resolved:
            ends_at = max(ends_at, old.ends_at_unix_nanos)
        return replace(new, starts_at_unix_nanos=starts_at, ends_at_unix_nanos=ends_at)

    def firing(self, now: int) -> set[Pairs]:
        """What it shows as active."""
        return {labels for labels, each in self.stored.items() if each.ends_at_unix_nanos > now}
