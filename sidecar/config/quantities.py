"""Durations, percentages, sizes, money and addresses as people write them. Exact: no floats."""

from __future__ import annotations

import re
from decimal import Decimal
from urllib.parse import urlsplit

from sidecar.model.duration import DAY, NANOS_OF_UNIT
from sidecar.model.indicator import FirstTokenBelow

# Weeks are read as well, and single nanoseconds are not.
NANOS = {unit: size for unit, size in NANOS_OF_UNIT.items() if unit != "ns"} | {"w": 7 * DAY}
BYTES = {
    "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30,
}  # fmt: skip

# What is longer than these is no number that anybody means, and Decimal would round it.
_DURATION = re.compile(r"(?:\d{1,19}(?:\.\d{1,19})?(?:us|ms|s|m|h|d|w)){1,20}\Z", re.ASCII)
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|m|h|d|w)")
_NUMBER = re.compile(r"-?\d{1,12}(?:\.\d{1,12})?\Z", re.ASCII)
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)\Z")
_MONEY = re.compile(r"\d+(?:\.\d+)?\s+[A-Z]{3}/(h|call|1k_tokens)\Z")
# Two hundred years in nanoseconds still fits the seam's uint64.
MAX_NANOS = 2**63 - 1


class QuantityError(ValueError):
    """A value that cannot be read: what is wrong, and a hint."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


def duration_nanos(value: object) -> int:
    """Read `100ms`, `1.5s` or `1h30m` as nanoseconds, above 0."""
    nanos = duration_nanos_or_zero(value)
    if nanos == 0:
        raise QuantityError(f"{value!r} is out of range", "Durations here are above 0.")
    return nanos


def duration_nanos_or_zero(value: object) -> int:
    """Read a duration where `0s` is one."""
    text = str(value).strip()
    hint = "Write a number and a unit: us ms s m h d w, e.g. 100ms."
    if not isinstance(value, str) or not _DURATION.match(text):
        raise QuantityError(f"{value!r} is no duration", hint)
    nanos = sum(Decimal(number) * NANOS[unit] for number, unit in _DURATION_PART.findall(text))
    if nanos != int(nanos) or nanos > MAX_NANOS:
        raise QuantityError(f"{value!r} is out of range", "Durations are whole nanoseconds.")
    return int(nanos)


# How a threshold that grows with the prompt is written.
GROWING_EXAMPLE = "300ms + 0.2ms/prompt_token up to 5s"
_SLOPE = re.compile(r"(.+?)\s*/\s*(\w+)\Z")


def first_token_below(value: object) -> FirstTokenBelow:
    """Read `500ms`, or `300ms + 0.2ms/prompt_token up to 5s`."""
    if isinstance(value, FirstTokenBelow):
        return value
    base, plus, rest = str(value).partition("+")
    grows, up_to, end = rest.partition("up to")
    if not isinstance(value, str) or not plus:
        if isinstance(value, str) and "up to" in value:
            hint = f"Say how it grows as well: {GROWING_EXAMPLE}."
            raise QuantityError(f"{value!r} has an end and does not grow", hint)
        return FirstTokenBelow(duration_nanos(value))
    if not up_to:
        hint = f"Say where it ends: {GROWING_EXAMPLE}."
        raise QuantityError(f"{value!r} grows without an end", hint)
    slope = _SLOPE.match(grows.strip())
    if not slope or slope[2] != "prompt_token":
        hint = f"It grows by a duration for each token of the prompt: {GROWING_EXAMPLE}."
        raise QuantityError(f"{value!r} does not say by what it grows", hint)
    threshold, most = duration_nanos(base.strip()), duration_nanos(end.strip())
    if most <= threshold:
        hint = "It grows from the first to the last: the last is the longer one."
        raise QuantityError(f"{value!r} ends at or below where it begins", hint)
    return FirstTokenBelow(threshold, duration_nanos(slope[1]), most)


def share(value: object) -> Decimal:
    """Read `2%` as Decimal 0.02, above 0 and up to 100 %."""
    percent = _percent(value, "2%")
    if not 0 < percent <= 100:
        hint = "It is a share of the whole budget, e.g. 2%."
        raise QuantityError(f"{value!r} is not above 0 % and up to 100 %", hint)
    return percent / 100


def ratio(value: object) -> Decimal:
    """Read `99.9%` as Decimal 0.999, between 0 and 100 % without the ends."""
    percent = _percent(value, "99.9%")
    if not 0 < percent < 100:
        hint = "An objective of 100 % leaves no budget to spend, one of 0 % promises nothing."
        raise QuantityError(f"{value!r} is not between 0 % and 100 %", hint)
    return percent / 100


def _percent(value: object, example: str) -> Decimal:
    text = str(value).strip()
    if not isinstance(value, str) or not text.endswith("%"):
        raise QuantityError(f"{value!r} is no percentage", f"Write it with a %, e.g. {example}.")
    if not _NUMBER.match(text[:-1].strip()):
        raise QuantityError(f"{value!r} is no percentage", f"Write e.g. {example}.")
    return Decimal(text[:-1].strip())


def size_bytes(value: object) -> int:
    """Read `64MiB` or a plain number of bytes."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    match = _SIZE.match(str(value).strip())
    if not match or match[2] not in BYTES:
        hint = f"Write a number and a unit ({' '.join(BYTES)}), e.g. 64MiB."
        raise QuantityError(f"{value!r} is no size", hint)
    return int(Decimal(match[1]) * BYTES[match[2]])


def money(value: object) -> str:
    """Check `3.90 USD/h`; kept as written."""
    if not isinstance(value, str) or not _MONEY.match(value.strip()):
        hint = "Write number CUR/(h|call|1k_tokens), e.g. 3.90 USD/h."
        raise QuantityError(f"{value!r} is no price", hint)
    return value.strip()


def listen_address(value: object) -> str:
    """Read `:8001`, `10.0.0.1:8001` or `[::1]:8001`; no host means every interface. Port 0: any free one."""
    host, port = _split(value)
    return f"{host}:{port}"


def listen_address_or_off(value: object) -> str:
    """Read a listen address or `off`, which is empty."""
    return "" if value == "off" else listen_address(value)


def upstream_address(value: object) -> str:
    """Read `127.0.0.1:9001`, `:9001` (this machine), `name:9001` or `unix:/path`."""
    if isinstance(value, str) and value.startswith("unix:"):
        if not value.startswith("unix:/"):
            raise QuantityError(f"{value!r} is no path", "Write unix: and an absolute path.")
        return value
    host, port = _split(value)
    if port == 0:
        raise QuantityError(f"{value!r} has port 0", "Write the port the model server listens on.")
    return f"{host or '127.0.0.1'}:{port}"


def gpu_devices(value: object) -> object:
    """Read `auto`, which is an empty list here, or a list."""
    if value == "auto":
        return []
    if not isinstance(value, list):
        raise QuantityError(
            f"{value!r} is no list", "Write auto, or numbers or UUIDs of GPUs: [0, 1]."
        )
    return value


def gpu_device(value: object) -> str:
    """Read one GPU: its number or its UUID."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise QuantityError(f"{value!r} is no GPU", "Write its number or its UUID.")
    return str(value)


def metrics_url(value: object) -> str:
    """Read `http://host:port/path`; /metrics where there is no path."""
    hint = "Write http://host:port/path, e.g. http://127.0.0.1:8002/metrics."
    if not isinstance(value, str) or not re.fullmatch(r"[!-~]+", value):
        raise QuantityError(f"{value!r} is no URL", hint)
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise QuantityError(f"{value!r} is no URL", hint) from error
    if parts.scheme == "https":
        raise QuantityError(f"{value!r} is not plain http", "TLS is not spoken here yet.")
    if parts.scheme != "http" or not host or port == 0 or "@" in parts.netloc or "#" in value:
        raise QuantityError(f"{value!r} is no URL of a metrics page", hint)
    return value if parts.path else parts._replace(path="/metrics").geturl()


def _split(value: object) -> tuple[str, int]:
    """Return (host as written, port)."""
    hint = "Write host:port, :port, or [v6-address]:port."
    host, colon, port = str(value).strip().rpartition(":")
    if not isinstance(value, str) or not colon or not re.fullmatch(r"\d{1,5}", port):
        raise QuantityError(f"{value!r} is no address", hint)
    if int(port) > 65_535:
        raise QuantityError(f"{value!r} has no valid port", "Ports end at 65535.")
    bare_v6 = ":" in host and not re.fullmatch(r"\[[0-9A-Fa-f:.%]+\]", host)
    if bare_v6 or not re.fullmatch(r"[\w.\-\[\]:%]*", host):
        raise QuantityError(f"{value!r} is no address", hint)
    return host, int(port)
