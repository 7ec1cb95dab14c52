"""The API's snapshot as tables for people. Absent values are blank, never 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sidecar.cli.figures import span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Document = dict[str, Any]

NUMERIC = frozenset("0123456789.-")
_TIMED = ("model", "method", "outcome", "requests")


def report(document: Document) -> Iterator[str]:
    """Yield the lines of the whole report."""
    yield _headline(document)
    yield from _table(
        "calls",
        ("model", "version", "method", "kind", "code", "ended by", "outcome", "calls", "requests"),
        [_call_row(series) for series in document["calls"]],
    )
    yield from _table(
        "latency",
        (*_TIMED, "p50", "p90", "p99", "first p50", "first p99", "mean batch"),
        [_timing_row(timing) for timing in document["timings"]],
    )
    yield from _table(
        "in flight",
        ("model", "method", "calls", "open requests", "oldest"),
        [_flight_row(flight) for flight in document["in_flight"] if flight["calls"]],
    )
    yield from _table(
        "upstreams",
        ("listener", "upstream", "state", "refused", "connections", "open"),
        [_upstream_row(upstream) for upstream in document["upstreams"]],
    )
    yield from _table(
        "the server's own numbers",
        ("model", "queue depth", "running", "KV cache", "executed batch"),
        [_server_row(numbers) for numbers in document.get("server", {}).get("numbers", [])],
    )
    yield from _table(
        "objectives",
        ("name", "of model", "target", "state", "good", "bad", "excluded"),
        [_objective_row(objective) for objective in document["objectives"]],
    )
    yield from _table(
        "excluded events",
        ("name", "of model", "reason", "count"),
        [row for objective in document["objectives"] for row in _excluded_rows(objective)],
    )
    yield from _table("blind connections", ("reason", "count"), _counts(document["tap"]["blind"]))


def _headline(document: Document) -> str:
    config, tap = document["config"], document["tap"]
    parts = [
        f"wayside {document['version']}",
        f"up {span(document['uptime_seconds'])}",
        f"config generation {config['generation']}{'' if config['valid'] else ' (a part was left out)'}",
        f"tap {tap['resident_bytes'] / 2**20:.1f} MiB",
        f"control {document['control']['resident_bytes'] / 2**20:.1f} MiB",
    ]
    if not config["last_reload_successful"]:
        parts.append("the last reload failed: see the log")
    if not document.get("server", {}).get("metrics_up", True):
        parts.append("the server's own metrics cannot be read: see the log")
    if document["draining"]:
        parts.append("draining")
    return ", ".join(parts)


def _call_row(series: Document) -> list[str]:
    labels = ("model", "version", "method", "kind", "code", "ended_by", "outcome")
    return [*(series[key] for key in labels), str(series["calls"]), str(series["requests"])]


def _timing_row(timing: Document) -> list[str]:
    latency = timing.get("latency_seconds", {})
    first = timing.get("first_response_seconds", {})
    return [
        timing["model"],
        timing["method"],
        timing["outcome"],
        str(latency.get("count", "")),
        *(_seconds(latency.get(quantile)) for quantile in ("p50", "p90", "p99")),
        *(_seconds(first.get(quantile)) for quantile in ("p50", "p99")),
        f"{timing['batch_size']['mean']:.1f}" if "batch_size" in timing else "",
    ]


def _flight_row(flight: Document) -> list[str]:
    return [
        flight["model"],
        flight["method"],
        str(flight["calls"]),
        str(flight["open_requests"]),
        _seconds(flight.get("oldest_open_seconds")),
    ]


def _upstream_row(upstream: Document) -> list[str]:
    return [
        upstream["listener"],
        upstream["address"],
        "up" if upstream["up"] else "down",
        str(upstream["refused"]),
        str(upstream["connections"]),
        str(upstream["connections_open"]),
    ]


def _server_row(numbers: Document) -> list[str]:
    names = ("queue_depth", "running", "kv_cache_usage_ratio", "executed_batch_size")
    values = [f"{numbers[name]:.4g}" if name in numbers else "" for name in names]
    return [numbers["model"] or "(all)", *values]


def _objective_row(objective: Document) -> list[str]:
    events = objective["events"]
    return [
        objective["name"],
        objective.get("counted_model", ""),
        objective["objective_ratio"],
        objective["state"],
        str(events["good"]),
        str(events["bad"]),
        str(events["excluded"]),
    ]


def _excluded_rows(objective: Document) -> list[list[str]]:
    """Return why events are in neither good nor bad."""
    at = [objective["name"], objective.get("counted_model", "")]
    return [[*at, *row] for row in _counts(objective["excluded_by"])]


def _counts(counts: dict[str, int]) -> list[list[str]]:
    return [[label, str(value)] for label, value in counts.items() if value]


def _table(title: str, heads: Sequence[str], rows: list[list[str]]) -> Iterator[str]:
    """Yield a titled table with aligned columns; nothing when there are no rows."""
    if not rows:
        return
    yield ""
    yield title
    widths = [max(len(row[at]) for row in [list(heads), *rows]) for at in range(len(heads))]
    for row in [list(heads), *sorted(rows)]:
        cells = [_aligned(cell, width) for cell, width in zip(row, widths, strict=True)]
        yield f"  {'  '.join(cells)}".rstrip()


def _aligned(cell: str, width: int) -> str:
    """Numbers to the right, words to the left."""
    return cell.rjust(width) if cell[:1] in NUMERIC and cell else cell.ljust(width)


def _seconds(value: float | None) -> str:
    """Write a duration with a unit that suits its size; blank when there is none."""
    if value is None:
        return ""
    if value < 0.001:
        return f"{value * 1e6:.0f} us"
    return f"{value * 1e3:.1f} ms" if value < 1 else f"{value:.2f} s"
