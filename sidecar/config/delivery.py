"""The parts of the file about where alerts go, in the words of Prometheus' own configuration where it has them."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, model_validator

from sidecar.config import quantities
from sidecar.config.part import DURATION_PATTERN, Name, Part, written
from sidecar.config.quantities import QuantityError
from sidecar.model.alert_names import INSTANCE, OWN_LABELS
from sidecar.model.delivery import Alertmanager, Tls
from sidecar.model.duration import MINUTE, SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator

# A whole cluster of Alertmanagers for each of several teams; each has a queue.
MAX_ALERTMANAGERS = 16
MAX_LABELS = 32
MAX_HEADERS = 32
DEFAULT_TIMEOUT_NANOS = 10 * SECOND
# What was not answered in a minute is sent again anyway.
MIN_TIMEOUT_NANOS, MAX_TIMEOUT_NANOS = SECOND // 10, MINUTE

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\Z")
_HEADER = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
# `instance` is free where the scope is not replica: see cross_faults.
_RESERVED_LABELS = OWN_LABELS - {INSTANCE}
_RESERVED_HEADERS = frozenset(
    {"authorization", "connection", "content-length", "content-type", "host", "transfer-encoding", "user-agent"}
)  # fmt: skip


def _url(value: object) -> str:
    """Read `https://host:port/prefix`."""
    hint = "Write http://host:port or https://host:port, with a path where it has a prefix, e.g. http://127.0.0.1:9093."
    if not isinstance(value, str) or not re.fullmatch(r"[!-~]+", value):
        raise QuantityError(f"{value!r} is no URL", hint)
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise QuantityError(f"{value!r} is no URL", hint) from error
    if "@" in parts.netloc:
        # Not shown: it would be in the log.
        hint = "Write basic_auth: {username: ..., password_file: ...}."
        raise QuantityError("has credentials in its URL", hint)
    if (
        parts.scheme not in ("http", "https")
        or not host
        or port == 0
        or parts.query
        or "#" in value
    ):
        raise QuantityError(f"{value!r} is no URL of an Alertmanager", hint)
    if parts.path.rstrip("/").endswith("/api/v2/alerts"):
        hint = "Leave out /api/v2/alerts: it is added to the prefix."
        raise QuantityError(f"{value!r} names the API itself", hint)
    return value.rstrip("/")


def _timeout_nanos(value: object) -> int:
    """Read for how long an answer is waited for."""
    nanos = quantities.duration_nanos(value)
    if not MIN_TIMEOUT_NANOS <= nanos <= MAX_TIMEOUT_NANOS:
        raise QuantityError(f"{value!r} is out of range", "Use 100ms to 1m; 10s is the default.")
    return nanos


def _label(value: object) -> str:
    """Read the name of a label that alerts may have beside their own."""
    if not isinstance(value, str) or not _LABEL.match(value) or value.startswith("__"):
        hint = "Names of labels are letters, digits and _, and begin with no digit and not with __."
        raise QuantityError(f"{value!r} is no name of a label", hint)
    if value in _RESERVED_LABELS:
        hint = f"Choose another: alerts are told apart by {', '.join(sorted(_RESERVED_LABELS))}."
        raise QuantityError(f"{value!r} is a label that alerts have already", hint)
    return value


def _header(value: object) -> str:
    """Read the name of a header that requests may have beside their own."""
    if not isinstance(value, str) or not _HEADER.match(value):
        raise QuantityError(f"{value!r} is no name of a header", "Write e.g. X-Scope-OrgID.")
    if value.lower() in _RESERVED_HEADERS:
        hint = "Secrets are read from files: basic_auth, or authorization."
        raise QuantityError(f"{value!r} is a header that is made here", hint)
    return value


def _header_value(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[!-~]([ -~]*[!-~])?", value):
        hint = "Write text in ASCII, in quotes where it looks like a number."
        raise QuantityError(f"{value!r} is no value of a header", hint)
    return value


Url = Annotated[
    str,
    BeforeValidator(_url),
    written("Of an Alertmanager, with its path prefix.", r"https?://[!-~]+", "http://am:9093"),
]
Timeout = Annotated[
    int,
    BeforeValidator(_timeout_nanos),
    written("A duration, 100ms to 1m.", DURATION_PATTERN, "10s"),
]
LabelName = Annotated[str, BeforeValidator(_label)]
HeaderName = Annotated[str, BeforeValidator(_header)]
HeaderValue = Annotated[str, Field(max_length=1000), BeforeValidator(_header_value)]
FileName = Annotated[str, Field(min_length=1, max_length=4096)]
Labels = Annotated[dict[LabelName, Name], Field(max_length=MAX_LABELS)]


class BasicAuth(Part):
    """Who asks, by name and password."""

    username: Name
    password_file: FileName


class Authorization(Part):
    """Who asks, by a token."""

    type: Literal["Bearer"] = "Bearer"
    credentials_file: FileName


class TlsPart(Part):
    """How the server is believed, and what it is shown."""

    ca_file: FileName | None = None
    cert_file: FileName | None = None
    key_file: FileName | None = None
    server_name: Name | None = None
    insecure_skip_verify: bool = False

    @model_validator(mode="after")
    def _certificate_has_key(self) -> TlsPart:
        if (self.cert_file is None) != (self.key_file is None):
            hint = "A certificate is shown with its key: write cert_file and key_file."
            raise QuantityError("has one of cert_file and key_file", hint)
        return self


class AlertmanagerPart(Part):
    """One Alertmanager: its URL alone, or with how to be let in."""

    url: Url
    basic_auth: BasicAuth | None = None
    authorization: Authorization | None = None
    tls: TlsPart | None = None
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict, max_length=MAX_HEADERS)
    timeout: Timeout = DEFAULT_TIMEOUT_NANOS

    @model_validator(mode="before")
    @classmethod
    def _url_alone(cls, value: object) -> object:
        # Read here, so that what is wrong with it is told at its place in the list.
        return {"url": _url(value)} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> AlertmanagerPart:
        if self.basic_auth and self.authorization:
            raise QuantityError(
                "has basic_auth and authorization", "A request has one: remove the other."
            )
        if self.tls and not self.url.startswith("https:"):
            raise QuantityError("has tls, and its url is http:", "Write https:, or remove tls.")
        return self

    def noun(self) -> Alertmanager:
        """Return what travels to whoever sends."""
        basic, bearer, tls = self.basic_auth, self.authorization, self.tls
        return Alertmanager(
            url=self.url,
            username=basic.username if basic else "",
            password_file=_absolute(basic.password_file) if basic else "",
            credentials_file=_absolute(bearer.credentials_file) if bearer else "",
            tls=_tls(tls) if tls else Tls(),
            headers=tuple(self.headers.items()),
            timeout_seconds=self.timeout / SECOND,
        )

    def files(self) -> Iterator[tuple[tuple[str, ...], str, bool]]:
        """Yield the files it is let in by: where each is named, its path, and whether it is a secret."""
        if self.basic_auth:
            yield ("basic_auth", "password_file"), self.basic_auth.password_file, True
        if self.authorization:
            yield ("authorization", "credentials_file"), self.authorization.credentials_file, True
        for name in ("ca_file", "cert_file", "key_file"):
            if path := getattr(self.tls, name, None):
                yield ("tls", name), path, False


def _tls(part: TlsPart) -> Tls:
    return Tls(
        ca_file=_absolute(part.ca_file or ""),
        cert_file=_absolute(part.cert_file or ""),
        key_file=_absolute(part.key_file or ""),
        server_name=part.server_name or "",
        insecure_skip_verify=part.insecure_skip_verify,
    )


def _absolute(path: str) -> str:
    return os.path.abspath(path) if path else ""
