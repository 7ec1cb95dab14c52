"""Writes docs/metrics.md from the one table of metric names. `--check` only compares, and fails on a difference."""

from __future__ import annotations

import sys
from pathlib import Path

from sidecar.model.metrics import ALL, Metric, Type

PAGE = Path(__file__).resolve().parent.parent / "docs" / "metrics.md"
HEAD = """# Metrics

Everything on /metrics. Written by `make gen` from the table that the exporter itself uses.

Base units throughout; a line that is not there is a value that is not known, never a zero. Histograms have 15 bounds,
or 11 of sizes, fixed per release. Wayside never says `pod`, `namespace`, `instance` or `job`: those are the scraper's.

| name | type | labels | meaning |
|---|---|---|---|
"""


def row(metric: Metric) -> str:
    """Return one line of the table, with the name as it is queried."""
    suffix = {Type.COUNTER: "_total", Type.INFO: "_info"}.get(metric.type, "")
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{metric.name}{suffix}` | {metric.type.value} | {labels} | {metric.help} |\n"


def main() -> int:
    """Write or compare; return the exit status."""
    page = HEAD + "".join(row(metric) for metric in ALL)
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page)
    elif PAGE.read_text() != page:
        print(
            f"{PAGE.name} is not what sidecar/model/metrics.py says: run make gen and commit the result"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
