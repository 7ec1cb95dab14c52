"""Writes docs/metrics.md from the one table of metric names. `--check` only compares, and fails on a difference."""

from __future__ import annotations

import sys
from pathlib import Path

from sidecar.model.grid import GAP_BOUNDS, LATENCY_BOUNDS
from sidecar.model.metrics import ALL, Metric
from sidecar.model.profiles import Profile, profiles_of, shown_as

PAGE = Path(__file__).resolve().parent.parent / "docs" / "metrics.md"
HEAD = """# Metrics

Everything on /metrics. Written by `make gen` from the table that the exporter itself uses.

Base units throughout; a line that is not there is a value that is not known, never a zero. Wayside never says `pod`,
`namespace`, `instance` or `job`: those are the scraper's.

## Formats

The `Accept` header chooses, by its weights; whoever asks for nothing that is offered gets the first.

| format | what it has that the others lack |
|---|---|
| text 0.0.4 | |
| OpenMetrics 1.0.0 | exemplars, when the events of objectives began (not in `slo`) |
| Prometheus' protobuf | exemplars, native histograms, when counts began |

An answer comes in gzip to whoever takes that. Exemplars are traces (`trace_id`) of requests whose client sent a
`traceparent`: at the latency and the first response the slowest of a minute, at events of an objective a late bad one.

## Histograms

Each duration is counted twice, both times exactly: at 15 bounds, fixed per release, and on a grid of steps of 2.2 %.

- Latencies and waits: {latency_bounds} s.
- Gaps between responses, and what the tap adds: {gap_bounds} s.
- Sizes of batches, which are counted at bounds alone: powers of two up to 1,024.
- The grid is what a native histogram of schema 5 shows, so that a quantile over it is within 2.2 % of the true one.
  `metrics: {{native_schema: 3}}` makes four steps one, and so on down to -4. To scrape them:

```
scrape_configs:
  - job_name: wayside
    scrape_native_histograms: true      # Prometheus 3; asks for protobuf by itself
    static_configs: [{{targets: ["127.0.0.1:9464"]}}]
```

## When a count began

A scraper that sees a counter for the first time does not know what it was before. Prometheus takes the first sample for
the beginning, so that `increase()` never sees what it had reached by then: the first error of a code, the events of a
pod before its first scrape. A page that says since when a series counts lets it begin at zero:

```
prometheus --enable-feature=created-timestamp-zero-ingestion    # asks for protobuf by itself
```

Protobuf says it of each counter and histogram of the tap, shapes and sizes of requests aside: the time of the tap's
snapshot before the first that told of the series, or the tap's start. Then it counted nothing yet; and a series that
was idle for an hour, was forgotten and comes back has a new one. A sum over several (`slo`) is as old as the oldest of
them. What control counts, and what the model server says of itself, has none: they come and go.

In OpenMetrics it takes a line for each series (`_created`), which a Prometheus without that feature keeps as a series
more. So it is there for `wayside_slo_events_total` alone, three lines for each objective, and not in the profile `slo`,
whose 12 lines for each objective would be 15. With calls, requests, tokens and exclusions twenty models with an
objective each would be 5,341 lines in `default`, above its 5,000; as it is they are {dated_20}.

## Profiles

`metrics: {{profile: slo}}` in the configuration says how much is shown. *In* below is the smallest profile that has it.

| profile | for | lines of one model | of twenty |
|---|---|---|---|
| `slo` | fleets of hundreds: at most 150 lines, and 12 of each objective | {slo_1} | {slo_20} |
| `default` | at most 500 lines, 5,000 of twenty models with an objective each | {default_1} | {default_20} |
| `full` | looking closely: shapes, sizes of batches by method, frames by type | {full_1} | {full_20} |

Lines are of the text format, comments and all, of models with three methods that all answer well and fail, without
objectives; `wayside_metrics_lines` tells them of your page, comments aside. To a Prometheus that takes native ones
each histogram is one series: the `slo` of twenty models is then {slo_20_series} series.

In `slo` what is counted by model is of inference alone, good and failed, over all methods and versions: the sum of what
`default` tells. Of an objective there is the state that it is in, and of the reasons for exclusion those that there
were, at most eight.

## Names

| name | in | type | labels | meaning |
|---|---|---|---|---|
"""
# Lines of the whole page by profile and number of models: a test holds them.
LINES = {
    (Profile.SLO, 1): 109,
    (Profile.SLO, 20): 546,
    (Profile.DEFAULT, 1): 382,
    (Profile.DEFAULT, 20): 4100,
    (Profile.FULL, 1): 440,
    (Profile.FULL, 20): 5001,
}
SLO_SERIES_OF_TWENTY = 146
# Of twenty models with an objective each, as OpenMetrics in `default`.
DATED_LINES_OF_TWENTY = 4881


def row(metric: Metric) -> str:
    """Return one line of the table, with the name as it is queried."""
    profile = profiles_of(metric)[0].value
    return f"| `{metric.sample_name}` | {profile} | {metric.type.value} | {labels(metric)} | {metric.help} |\n"


def labels(metric: Metric) -> str:
    """Return the labels, and which of them there are in the profile that has fewer."""
    brief = shown_as(metric, Profile.SLO)
    named = ", ".join(f"`{label}`" for label in metric.labels)
    if brief is None or brief.labels == metric.labels:
        return named
    return f"{named}; in `slo` {', '.join(f'`{label}`' for label in brief.labels)}"


def page() -> str:
    """Return the page."""
    lines = {
        f"{profile.value}_{models}": f"{count:,}" for (profile, models), count in LINES.items()
    }
    head = HEAD.format(
        latency_bounds=" ".join(bound.le.removesuffix(".0") for bound in LATENCY_BOUNDS),
        gap_bounds=" ".join(bound.le.removesuffix(".0") for bound in GAP_BOUNDS),
        slo_20_series=SLO_SERIES_OF_TWENTY,
        dated_20=f"{DATED_LINES_OF_TWENTY:,}",
        **lines,
    )
    return head + "".join(row(metric) for metric in ALL)


def main() -> int:
    """Write or compare; return the exit status."""
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page())
    elif PAGE.read_text() != page():
        print(
            f"{PAGE.name} is not what sidecar/model/metrics.py says: run make gen and commit the result"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
