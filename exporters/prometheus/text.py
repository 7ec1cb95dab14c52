"""Families as the text format 0.0.4, and as OpenMetrics 1.0.0: byte for byte what prometheus_client writes.

What stands before the numbers of a series is the same on every page, so it is kept from one page to the next: a page
formats its numbers and little else.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

from exporters.prometheus.families import Distribution, Labels, named
from sidecar.model.grid import NANOS_PER_SECOND
from sidecar.model.metrics import SLO_EVENTS, Metric, Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from exporters.prometheus.families import Family, Point
    from sidecar.model.exemplar import Exemplar

# A line more for each series, and a series more to a Prometheus that does not know it for what it is: so where a lost
# first event costs budget, and nowhere else. Protobuf tells it of all.
DATED_IN_TEXT = frozenset({SLO_EVENTS})

# Below it a whole number is written as it is, as Go does.
_GO_EXPONENT_FROM = 1_000_000


class TextWriter:
    """Writes pages, one after the other; holds what stands before the numbers of the newest alone."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, Labels], Sequence[str]] = {}

    def write(
        self, families: Iterable[Family], *, openmetrics: bool, epoch_unix_nanos: int | None = None
    ) -> bytes:
        """Return the bytes of a page; given the tap's start, with the creation of what is dated in text."""
        known, self._known = self._known, {}
        page: list[str] = []
        for metric, series in families:
            page.append(_head(metric, openmetrics))
            began = epoch_unix_nanos if metric in DATED_IN_TEXT else None
            for one in series:
                key = metric.name, one.labels
                prefixes = known.get(key) or _prefixes(metric, one)
                self._known[key] = prefixes
                if isinstance(one, Distribution):
                    page += _distribution(prefixes, one, openmetrics)
                    continue
                exemplar = _exemplar(one.exemplar) if openmetrics and one.exemplar else ""
                page.append(f"{prefixes[0]}{number(one.value)}{exemplar}\n")
                if began is not None and one.since_nanos is not None:
                    page.append(f"{prefixes[1]}{number(created_seconds(one, began))}\n")
        if openmetrics:
            page.append("# EOF\n")
        return "".join(page).encode()


def created_seconds(point: Point, epoch_unix_nanos: int) -> float:
    """Return when a dated series was created, in Unix time."""
    assert point.since_nanos is not None
    return (epoch_unix_nanos + point.since_nanos) / NANOS_PER_SECOND


def number(value: float) -> str:
    """Write a number as Go does."""
    if isinstance(value, int) and 0 <= value < _GO_EXPONENT_FROM:
        return f"{value:d}.0"
    value = float(value)
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    text = repr(value)
    dot = text.find(".")
    if value <= 0 or dot <= 6:
        return text
    mantissa = f"{text[0]}.{text[1:dot]}{text[dot + 1 :]}".rstrip("0.")
    return f"{mantissa}e+{dot - 1:02d}"


def _distribution(prefixes: Sequence[str], one: Distribution, openmetrics: bool) -> Iterator[str]:
    values = [*map(number, one.counts), number(one.total), number(one.sum)]
    if openmetrics and one.exemplar:
        values[one.exemplar_at] += _exemplar(one.exemplar)
    return (f"{prefix}{value}\n" for prefix, value in zip(prefixes, values, strict=True))


def _exemplar(exemplar: Exemplar) -> str:
    seconds, nanos = divmod(exemplar.unix_nanos, NANOS_PER_SECOND)
    value = number(exemplar.value_nanos / NANOS_PER_SECOND)
    return f' # {{trace_id="{exemplar.trace_id}"}} {value} {seconds}.{nanos:09d}'


def _prefixes(metric: Metric, one: Point | Distribution) -> Sequence[str]:
    """Return what stands before each number of a series."""
    labels = named(metric, one.labels)
    if not isinstance(one, Distribution):
        whole = _braced(labels)
        created = [f"{metric.name}_created{whole} "] if metric in DATED_IN_TEXT else []
        return (f"{metric.sample_name}{whole} ", *created)
    buckets = [f"{metric.name}_bucket{_braced([*labels, ('le', le)])} " for le in one.bounds]
    whole = _braced(labels)
    return (*buckets, f"{metric.name}_count{whole} ", f"{metric.name}_sum{whole} ")


def _braced(labels: Sequence[tuple[str, str]]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in sorted(labels)) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


@cache  # once for each metric of the table in each format and profile
def _head(metric: Metric, openmetrics: bool) -> str:
    """Return what stands before a family. The text format knows no info, and calls a family as its samples are."""
    if openmetrics:
        name, kind, meaning = metric.name, metric.type.value, _escaped(metric.help)
    else:
        name, meaning = metric.sample_name, metric.help.replace("\\", r"\\").replace("\n", r"\n")
        kind = "gauge" if metric.type is Type.INFO else metric.type.value
    return f"# HELP {name} {meaning}\n# TYPE {name} {kind}\n"
