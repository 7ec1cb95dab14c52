"""Accept in, format of the page out. Nobody is refused: who asks for nothing that is offered gets the text format.

Escaping (Prometheus 3) is about names that Prometheus 2 would not have taken. Ours are plain letters and underscores:
the same under every scheme but `dots`, which doubles underscores; it gets `underscores`, and is told so.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple

from sidecar.net.preference import preferences

if TYPE_CHECKING:
    from sidecar.net.preference import Preference


class Format(enum.Enum):
    """What a page can be written in; of two that a client likes equally well the later is chosen, as it tells more."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    PROTOBUF = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"


class Chosen(NamedTuple):
    """A format, and how its content type says so."""

    format: Format
    content_type: str


# By media type: the format, and what its parameters must be where they are given.
_OFFERED = {
    "text/plain": (Format.TEXT, {"version": "0.0.4"}),
    # A wildcard asks for nothing in particular, as a person with curl does.
    "text/*": (Format.TEXT, {}),
    "*/*": (Format.TEXT, {}),
    "application/openmetrics-text": (Format.OPENMETRICS, {"version": "1.0.0"}),
    "application/vnd.google.protobuf": (
        Format.PROTOBUF,
        {"proto": "io.prometheus.client.MetricFamily", "encoding": "delimited"},
    ),
}
_KEPT_NAMES = ("allow-utf-8", "underscores", "values")
_RANK = {each: rank for rank, each in enumerate(Format)}


def choose(accept: str) -> Chosen:
    """Return what to answer an Accept header with."""
    best: tuple[float, int, Preference] | None = None
    for preference in preferences(accept):
        offered = _format_of(preference)
        if offered is not None and preference.weight > 0:
            wanted = (preference.weight, _RANK[offered], preference)
            if best is None or wanted[:2] > best[:2]:
                best = wanted
    if best is None:
        return Chosen(Format.TEXT, Format.TEXT.value)
    chosen = list(Format)[best[1]]
    return Chosen(chosen, chosen.value + _escaping(best[2]))


def _format_of(preference: Preference) -> Format | None:
    """Return what is offered under a media range; None where that is another version or another message."""
    chosen, needed = _OFFERED.get(preference.value, (None, {}))
    given = preference.parameters
    # Protobuf that is not said to be delimited could be any message: both parameters must be there.
    exact = chosen is Format.PROTOBUF
    fits = all(given.get(name, "" if exact else value) == value for name, value in needed.items())
    return chosen if fits else None


def _escaping(preference: Preference) -> str:
    """Return the parameter that says which scheme the names of the answer are in, where one was asked for."""
    asked = preference.parameters.get("escaping")
    if asked is None:
        return ""
    return f"; escaping={asked if asked in _KEPT_NAMES else 'underscores'}"
