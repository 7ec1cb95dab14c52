"""Where alerts of this host go: what the configuration says, as it travels over the seam. No secret is in it.

A secret is named by the path of its file, which is read by whoever sends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sidecar.model.alert_names import DEFAULT_RUNBOOKS

HOST, REPLICA = "host", "replica"
DEFAULT_TIMEOUT_SECONDS = 10.0  # as Prometheus'


@dataclass(frozen=True, slots=True)
class Tls:
    """How a server is believed, and what it is shown. Empty: the system's authorities, and no certificate."""

    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    server_name: str = ""
    insecure_skip_verify: bool = False

    @property
    def files(self) -> tuple[str, ...]:
        """Return the files that it is made of."""
        return tuple(filter(None, (self.ca_file, self.cert_file, self.key_file)))


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """One Alertmanager, and how to be let in."""

    url: str  # with its path prefix, without credentials: it is a label, and in the log
    username: str = ""
    password_file: str = ""  # of basic authentication
    credentials_file: str = ""  # of a bearer token
    tls: Tls = Tls()
    headers: tuple[tuple[str, str], ...] = ()
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS

    @property
    def is_tls(self) -> bool:
        """Say whether it is spoken to over TLS."""
        return self.url.startswith("https:")

    @property
    def address(self) -> tuple[str, int]:
        """Return whom to dial."""
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        return parts.hostname, parts.port or (443 if self.is_tls else 80)

    @property
    def target(self) -> str:
        """Return the path that takes alerts: its own prefix, as Mimir has one, stays."""
        return f"{urlsplit(self.url).path.rstrip('/')}/api/v2/alerts"

    @property
    def secret_files(self) -> tuple[str, ...]:
        """Return the files whose content is sent."""
        return tuple(filter(None, (self.password_file, self.credentials_file)))

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Alertmanager:
        """Read plain values; raises KeyError, TypeError or ValueError for anything else."""
        headers = tuple((str(name), str(value)) for name, value in raw["headers"])
        return cls(**{**raw, "tls": Tls(**raw["tls"]), "headers": headers})


@dataclass(frozen=True, slots=True)
class AlertDelivery:
    """All of it. Without an Alertmanager nothing is delivered."""

    alertmanagers: tuple[Alertmanager, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()  # of every alert
    scope: str = HOST  # or REPLICA
    runbooks: str = DEFAULT_RUNBOOKS

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> AlertDelivery:
        """Read plain values; raises KeyError, TypeError or ValueError for anything else."""
        return cls(
            alertmanagers=tuple(map(Alertmanager.from_json, raw["alertmanagers"])),
            labels=tuple((str(name), str(value)) for name, value in raw["labels"]),
            scope=raw["scope"],
            runbooks=raw["runbooks"],
        )
