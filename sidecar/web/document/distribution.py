"""A histogram as people read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sidecar.model.grid import NANOS_PER_SECOND, quantile_seconds

if TYPE_CHECKING:
    from typing import Any

    from sidecar.model.series import HistogramView

QUANTILES = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99))


def distribution(histogram: HistogramView) -> dict[str, Any]:
    """Return {count, mean, p50, p90, p99} of a histogram that counted something; seconds.

    The mean is exact, a quantile within 1.1 % of a duration that was counted.
    """
    document: dict[str, Any] = {
        "count": histogram.count,
        "mean": histogram.sum_nanos / histogram.count / NANOS_PER_SECOND,
    }
    cells, counts = list(histogram.cells), list(histogram.counts)
    for name, quantile in QUANTILES:
        document[name] = quantile_seconds(cells, counts, quantile)
    return document
