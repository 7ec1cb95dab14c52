"""How much of it is on /metrics: three profiles, and which metric is in which.

`slo` is for fleets of hundreds: at most 150 lines of one model, and 12 of each objective. It sums, over methods and
versions, what `default` tells of inference; of an objective's states it has the one that it is in, and of the reasons
for exclusion those that there were. `full` adds what is of use while somebody looks.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sidecar.model import metrics
from sidecar.model.grid import SCHEMA

if TYPE_CHECKING:
    from sidecar.model.metrics import Metric


class Profile(enum.Enum):
    """Each shows what the one before it does, though in more detail."""

    SLO = "slo"
    DEFAULT = "default"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class PageSettings:
    """What the configuration says of /metrics."""

    profile: Profile = Profile.DEFAULT
    native_schema: int = SCHEMA  # of Prometheus' native histograms; each lower one halves the cells


# By the metric: its labels where it is summed over the others.
_SUMMED = {
    metrics.LATENCY: ("model",),
    metrics.CALLS: ("model", "code", "outcome"),
    metrics.REQUESTS: ("model", "code", "outcome"),
    metrics.CALLS_IN_FLIGHT: ("model",),
}
# Beside those: what objectives are told by, and what tells whether these numbers can be trusted.
_IN_SLO = {
    metrics.SLO_EVENTS,
    metrics.SLO_EXCLUDED,
    metrics.SLO_INFO,
    metrics.SLO_STATE,
    metrics.UPSTREAM_UP,
    metrics.UPSTREAM_REFUSED,
    metrics.UPSTREAM_CONNECTIONS,
    metrics.UPSTREAM_CONNECTIONS_OPEN,
    metrics.STATE_STORE_UP,
    metrics.CONFIG_VALID,
    metrics.CONFIG_RELOAD,
    metrics.BUILD,
    metrics.CONTROL_SERIES_LEFT_OUT,
    metrics.METRICS_LINES,
    *(each for each in metrics.ALL if each.name.startswith("wayside_tap_")),
} - {metrics.TAP_ADDED_LATENCY, metrics.TAP_FRAMES}
_ONLY_IN_FULL = {metrics.REQUEST_SHAPES, metrics.REQUEST_BATCH_SIZE, metrics.TAP_FRAMES}


def shown_as(metric: Metric, profile: Profile) -> Metric | None:
    """Return a metric with the labels that it has in a profile; None where it is not shown."""
    if profile is not Profile.SLO:
        return metric if profile is Profile.FULL or metric not in _ONLY_IN_FULL else None
    if metric in _SUMMED:
        return replace(metric, labels=_SUMMED[metric])
    return metric if metric in _IN_SLO else None


def profiles_of(metric: Metric) -> tuple[Profile, ...]:
    """Return the profiles that show a metric, the smallest first."""
    return tuple(each for each in Profile if shown_as(metric, each) is not None)
