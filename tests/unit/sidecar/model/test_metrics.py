"""The table of metric names keeps the rules of Prometheus and of the design."""

from __future__ import annotations

import re

from sidecar.model import metrics
from sidecar.model.metrics import Type

FORBIDDEN_LABELS = {"pod", "namespace", "instance", "job", "le", "quantile"}


def test_names_are_unique_prefixed_and_in_base_units() -> None:
    listed = [metric.name for metric in metrics.ALL]
    assert len(listed) == len(set(listed)) > 40
    for name in listed:
        assert re.fullmatch(r"wayside_[a-z][a-z0-9_]*", name)
        assert not re.search(r"_(ms|millis|nanos|kb|percent)(_|$)", name)


def test_counters_are_listed_without_total_and_labels_belong_to_us() -> None:
    for metric in metrics.ALL:
        assert not (metric.type is Type.COUNTER and metric.name.endswith("_total"))
        assert not FORBIDDEN_LABELS & set(metric.labels)
        assert metric.help.endswith(".")
