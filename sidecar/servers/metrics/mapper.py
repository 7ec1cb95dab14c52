"""From the samples of a page, and those counters of the page before, to numbers: no clock, no socket, no guess.

A gauge is what it says now. A mean is the increase of one counter since the last poll divided by that of another, so it
takes two pages, and is absent where nothing was counted between them. A counter that fell, or a process that began
anew, makes the interval unusable: the next one counts again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from sidecar.model.server_metrics import (
    MAX_MODEL_CHARACTERS,
    MAX_MODELS,
    WHOLE_SERVER,
    Number,
    NumberSource,
    ServerPage,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sidecar.servers.metrics.lines import Samples

# Python's and Go's Prometheus clients say when their process began: a restart between two polls shows in nothing else
# where the new counters have already passed the old.
PROCESS_START = "process_start_time_seconds"

# Several series of one model (versions, engines, ranks): requests add up, of ratios and sizes the fullest counts.
_ADDS_UP = frozenset({Number.QUEUE_DEPTH, Number.RUNNING})

Labels: TypeAlias = "frozenset[tuple[str, str]]"


@dataclass(frozen=True, slots=True)
class Counters:
    """What the next page's means are counted from."""

    server: str = ""
    process_start: float | None = None
    pairs: Mapping[tuple[NumberSource, Labels], tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PageReading:
    """What one page said."""

    server: str  # catalogue whose names the page has
    numbers: Mapping[Number, Mapping[str, float]]  # -> model -> value; absent where not known
    models: tuple[str, ...]  # that the page names, capped like the values
    present: tuple[Number, ...]  # that the page has samples for, usable or not
    left_out: int  # values above the caps
    counters: Counters  # for reading the next page


def wanted_names(pages: Sequence[ServerPage]) -> frozenset[str]:
    """Return the names of all samples that `read_page` looks at."""
    sources = [source for page in pages for source in page.sources]
    names = {name for source in sources for name in (source.family, source.per) if name}
    return frozenset(names | {PROCESS_START})


def read_page(
    pages: Sequence[ServerPage], samples: Samples, before: Counters
) -> PageReading | None:
    """Read a page as the first kind it can be; None when it is none of them."""
    page = next((each for each in pages if any(_has(samples, s) for s in each.sources)), None)
    if page is None:
        return None
    now = _counters(page, samples)
    if (now.server, now.process_start) != (before.server, before.process_start):
        before = Counters()
    numbers: dict[Number, Mapping[str, float]] = {}
    left_out = 0
    for number in Number:
        sources = [each for each in page.sources if each.number is number]
        values = _values(sources, samples, (before, now))
        shown = _capped(values)
        left_out += len(values) - len(shown)
        if shown:
            numbers[number] = {model: values[model] for model in shown}
    named = {labels.get(s.model, "") for s in page.sources for labels, _ in _of(samples, s)}
    return PageReading(
        server=page.server,
        numbers=numbers,
        models=_capped(named - {WHOLE_SERVER}),
        present=tuple(
            number
            for number in Number
            if any(each.number is number and _has(samples, each) for each in page.sources)
        ),
        left_out=left_out,
        counters=now,
    )


def _values(
    sources: Sequence[NumberSource], samples: Samples, polls: tuple[Counters, Counters]
) -> dict[str, float]:
    """Return a number by model; for each model the first source that knows it counts."""
    values: dict[str, float] = {}
    for source in sources:
        said = _means(source, *polls) if source.per else _gauges(source, samples)
        for model, value in said.items():
            if math.isfinite(value):
                values.setdefault(model, value)
    return values


def _capped(models: Mapping[str, float] | set[str]) -> tuple[str, ...]:
    """Return the models that may become labels, the same ones for the same page."""
    return tuple(sorted(m for m in models if len(m) <= MAX_MODEL_CHARACTERS)[:MAX_MODELS])


def _gauges(source: NumberSource, samples: Samples) -> dict[str, float]:
    """Return what a gauge says by model; a model with a series that says nothing usable is absent."""
    found: dict[str, list[float]] = {}
    for labels, value in _of(samples, source):
        found.setdefault(labels.get(source.model, WHOLE_SERVER), []).append(value)
    together = sum if source.number in _ADDS_UP else max
    return {
        model: together(values) * source.scale
        for model, values in found.items()
        if all(math.isfinite(value) and value >= 0 for value in values)
    }


def _means(source: NumberSource, before: Counters, now: Counters) -> dict[str, float]:
    """Return increases divided by model, over the series that both pages have and that did not fall."""
    sums: dict[str, tuple[float, float]] = {}
    for (of, labels), (total, count) in now.pairs.items():
        earlier = before.pairs.get((of, labels))
        if of != source or earlier is None or total < earlier[0] or count < earlier[1]:
            continue
        model = dict(labels).get(source.model, WHOLE_SERVER)
        totals, counts = sums.get(model, (0.0, 0.0))
        sums[model] = totals + total - earlier[0], counts + count - earlier[1]
    return {model: total / count * source.scale for model, (total, count) in sums.items() if count}


def _counters(page: ServerPage, samples: Samples) -> Counters:
    """Return every pair of counters that a mean is made of."""
    started = samples.get(PROCESS_START)
    pairs = {
        (source, labels): pair
        for source in page.sources
        if source.per
        for labels, pair in _pairs(source, samples)
    }
    return Counters(page.server, started[0][1] if started else None, pairs)


def _pairs(source: NumberSource, samples: Samples) -> Iterator[tuple[Labels, tuple[float, float]]]:
    counts = {frozenset(labels.items()): count for labels, count in samples.get(source.per, ())}
    for labels, total in _of(samples, source):
        key = frozenset(labels.items())
        count = counts.get(key, math.nan)
        if math.isfinite(total) and math.isfinite(count):
            yield key, (total, count)


def _has(samples: Samples, source: NumberSource) -> bool:
    """Say whether a page has what a number is made of."""
    return bool(_of(samples, source)) and (not source.per or bool(samples.get(source.per)))


def _of(samples: Samples, source: NumberSource) -> list[tuple[Mapping[str, str], float]]:
    """Return the samples of a source that have its labels."""
    found = samples.get(source.family, [])
    if not source.where:
        return found
    wanted = source.where
    return [each for each in found if all(each[0].get(name) == value for name, value in wanted)]
