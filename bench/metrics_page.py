"""`python -m bench.metrics_page`: what /metrics costs control, beside prometheus_client's writer of the same.

A page of about 3,000 lines, whose numbers have changed since the one before: made of a snapshot, and written. Both
writers take turns in one run, so that their ratio holds where their times do not.
"""

from __future__ import annotations

import gc
import gzip
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from prometheus_client import exposition

from exporters.prometheus.collector import SnapshotCollector
from exporters.prometheus.negotiation import Format
from exporters.prometheus.render import MetricsPage
from sidecar.model.snapshot import Snapshot
from sidecar.net.http_server import GZIP_LEVEL
from tests.fakes.busy_servers import many_models
from tests.fakes.published import published

MODELS, ROUNDS = 18, 40  # models with three methods that answer well: 3,000 lines
AIM_MS = 30.0


@dataclass(frozen=True)
class PageCost:
    """What pages took, in milliseconds and bytes: medians."""

    lines: int
    text_ms: float
    openmetrics_ms: float
    protobuf_ms: float
    gzip_ms: float
    client_ms: float  # of prometheus_client, text, its families made from ours
    ratio: float  # of the text, prometheus_client's time to ours, within each round
    text_bytes: int
    gzip_bytes: int
    protobuf_bytes: int
    held_bytes: int  # by us from one page to the next
    peak_bytes: int  # while one is written


def moments(rounds: int) -> Sequence[Snapshot]:
    """Make ticks in which every count grows."""
    answer, found = many_models(MODELS, ["OK"]), []
    for tick in range(1, rounds + 1):
        for counter in answer.counters:
            counter.calls += 7
            counter.requests += 7
        for timing in answer.timings:
            for histogram in (timing.latency, timing.call_duration, timing.response_gap):
                histogram.count += 1
                histogram.sum_nanos += 12_345_678
                if histogram.classes:
                    histogram.classes[5] += 1
                    histogram.counts[3] += 1
        copy = type(answer)()
        copy.CopyFrom(answer)
        found.append(published(copy, tick=tick))
    return found


def rendered(page: MetricsPage, moment: Snapshot, chosen: Format) -> bytes:
    """Return the bytes of a page."""
    return page.render(moment, chosen.value)[0]


def timed(work: Callable[[], bytes]) -> tuple[float, bytes]:
    """Return how many milliseconds it took, and what it made."""
    began = time.perf_counter()
    made = work()
    return (time.perf_counter() - began) * 1e3, made


def measure(rounds: int = ROUNDS) -> PageCost:
    """Write pages, one kind after the other in each round."""
    page = MetricsPage()
    spent: dict[str, list[float]] = {}
    made: dict[str, bytes] = {}
    ticks = moments(rounds + 1)
    gc.collect()
    for number, moment in enumerate(ticks):
        kinds: dict[str, Callable[[], bytes]] = {
            each.name: partial(rendered, page, moment, each) for each in Format
        }
        kinds["client"] = partial(exposition.generate_latest, SnapshotCollector(moment))
        for kind, work in kinds.items():
            took, made[kind] = timed(work)
            if number:  # the first page fills what is held between pages
                spent.setdefault(kind, []).append(took)
        took, made["gzip"] = timed(partial(gzip.compress, made["TEXT"], GZIP_LEVEL, mtime=0))
        spent.setdefault("gzip", []).append(took)
    assert made["client"] == made["TEXT"]
    ours, theirs = spent["TEXT"], spent["client"]
    held, peak = memory(ticks[-1])
    medians = {kind: statistics.median(each) for kind, each in spent.items()}
    return PageCost(
        lines=made["TEXT"].count(b"\n"),
        text_ms=medians["TEXT"],
        openmetrics_ms=medians["OPENMETRICS"],
        protobuf_ms=medians["PROTOBUF"],
        gzip_ms=medians["gzip"],
        client_ms=medians["client"],
        ratio=statistics.median(his / own for own, his in zip(ours, theirs, strict=True)),
        text_bytes=len(made["TEXT"]),
        gzip_bytes=len(made["gzip"]),
        protobuf_bytes=len(made["PROTOBUF"]),
        held_bytes=held,
        peak_bytes=peak,
    )


def memory(moment: Snapshot) -> tuple[int, int]:
    """Return what a page leaves behind, its own bytes among it, and how much more there was while it was written."""
    page = MetricsPage()
    tracemalloc.start()
    page.render(moment, Format.TEXT.value)
    page.render(replace(moment, moment=replace(moment.moment, tick=-2)), Format.TEXT.value)
    gc.collect()
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held, peak


def told(cost: PageCost) -> str:
    """Say it in lines of a list."""
    verdict = "met" if cost.text_ms <= AIM_MS else "**missed**"
    return "\n".join(
        f"- {line}"
        for line in [
            f"a page of {cost.lines:,} lines as text: {cost.text_ms:.1f} ms in the median, made and written; aim "
            f"{AIM_MS:g} ms: {verdict}",
            f"prometheus_client: {cost.client_ms:.1f} ms for the same bytes; {cost.ratio:.1f} times ours, in the "
            "median of the rounds",
            f"OpenMetrics {cost.openmetrics_ms:.1f} ms, protobuf with native histograms {cost.protobuf_ms:.1f} ms, "
            f"gzip of the text {cost.gzip_ms:.1f} ms",
            f"{cost.text_bytes:,} bytes as text, {cost.gzip_bytes:,} in gzip, {cost.protobuf_bytes:,} as protobuf; "
            f"held between pages {cost.held_bytes / 1e6:.1f} MB, at most {cost.peak_bytes / 1e6:.1f} MB while writing",
        ]
    )


if __name__ == "__main__":
    print(told(measure()))
