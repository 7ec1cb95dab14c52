"""What a client prefers: the lists of Accept and Accept-Encoding, with their weights (RFC 9110, 12.4.2 and 12.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

# Prometheus sends six; what comes after these is not read.
MAX_PREFERENCES = 32


class Preference(NamedTuple):
    """One thing that a client takes."""

    value: str  # in small letters
    parameters: Mapping[str, str]  # by name in small letters, without the weight
    weight: float  # 0 to 1; 0: it does not take it


def preferences(header: str) -> list[Preference]:
    """Read a header, in its order. What is no preference is left out: nobody is refused for a header."""
    listed = (each.strip() for each in header.split(",", MAX_PREFERENCES)[:MAX_PREFERENCES])
    return [_preference(each) for each in listed if each]


def accepts_gzip(accept_encoding: str) -> bool:
    """Say whether an answer may come in gzip; what is not named is not sent."""
    weights = {each.value: each.weight for each in preferences(accept_encoding)}
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _preference(text: str) -> Preference:
    value, *parts = (each.strip() for each in text.split(";"))
    parameters = {}
    for part in parts:
        name, _, given = part.partition("=")
        parameters[name.strip().lower()] = given.strip().strip('"')
    return Preference(value.lower(), parameters, _weight(parameters.pop("q", "1")))


def _weight(text: str) -> float:
    """Read a weight; one that is none counts as 0, as in Go's clients."""
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
