"""Calls, requests and latencies where only models are told apart: the profile `slo`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters.prometheus.families import gauges, histograms
from exporters.prometheus.sections.traffic import calls_and_requests
from sidecar.model import metrics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exporters.prometheus.families import Family
    from sidecar.model.model_page import ModelPage


def families(page: ModelPage) -> Iterator[Family]:
    """Yield what there is to tell."""
    latencies = ((model,) for model in page.latencies)
    timed = zip(latencies, page.latencies.values(), strict=True)
    yield histograms(metrics.LATENCY, ((at, *counted) for at, counted in timed))
    yield from calls_and_requests(page.calls)
    in_flight = (((model,), count) for model, count in page.in_flight.items())
    yield gauges(metrics.CALLS_IN_FLIGHT, in_flight)
