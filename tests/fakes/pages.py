"""/metrics as a scraper reads it: prometheus_client's own parsers, typed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

from prometheus_client import Metric
from prometheus_client import parser as text
from prometheus_client.openmetrics import parser as openmetrics

Parse = Callable[[str], Iterator[Metric]]

parse_openmetrics = cast(Parse, openmetrics.text_string_to_metric_families)
parse_text = cast(Parse, text.text_string_to_metric_families)
