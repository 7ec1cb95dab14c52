"""What a histogram may say of a quantile where each of its observations is known to lie between two ends.

Order keeps bounds: where every value lies between its least and its most, the n-th smallest value lies between the n-th
smallest least and the n-th smallest most. The histogram adds only that it tells values by their cell. So these bounds
hold whatever the machine does meanwhile, and leave nothing to a tolerance.
"""

from __future__ import annotations

from collections.abc import Sequence

from sidecar.model.grid import NANOS_PER_SECOND, cell_of, edge_nanos

ROUNDING = 1e-9
"""Of itself: floating-point sums end a little beside the edge that they mean."""


def quantile(values: Sequence[int], q: float) -> int:
    """Return the value at or below which a share q of the values lies."""
    return sorted(values)[max(0, -int(-q * len(values) // 1) - 1)]


def quantile_bounds(least: Sequence[int], most: Sequence[int], q: float) -> tuple[float, float]:
    """Return the ends, in seconds, between which a histogram has a quantile; values and their bounds are in ns."""
    low = edge_nanos(cell_of(quantile(least, q)) - 1) / NANOS_PER_SECOND
    high = edge_nanos(cell_of(quantile(most, q))) / NANOS_PER_SECOND
    return low * (1 - ROUNDING), high * (1 + ROUNDING)
