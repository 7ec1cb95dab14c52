"""The model server's own numbers, absent whenever its page does not tell them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters.prometheus.families import counters, gauges
from sidecar.model import metrics
from sidecar.model.server_metrics import Number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exporters.prometheus.families import Family
    from sidecar.model.server_metrics import ServerReading

_NUMBERS = {
    Number.QUEUE_DEPTH: metrics.SERVER_QUEUE_DEPTH,
    Number.RUNNING: metrics.SERVER_RUNNING,
    Number.KV_CACHE_USAGE: metrics.SERVER_KV_CACHE_USAGE,
    Number.EXECUTED_BATCH_SIZE: metrics.SERVER_EXECUTED_BATCH_SIZE,
}


def families(server: ServerReading | None) -> Iterator[Family]:
    """Yield what there is to tell."""
    if server is None:
        return
    for number, metric in _NUMBERS.items():
        values = server.numbers.get(number, {})
        yield gauges(metric, (((model,), value) for model, value in values.items()))
    yield gauges(metrics.SERVER_METRICS_UP, [((), float(server.up))])
    yield counters(
        metrics.SERVER_METRICS_FAILED_POLLS,
        (((failure.value,), count) for failure, count in server.failed_polls.items()),
    )
