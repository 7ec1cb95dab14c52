"""Series as the tap would report them, for tests of everything that reads snapshots."""

from __future__ import annotations

import functools
import random
import zlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

from sidecar.model.grid import GAP_BOUNDS, LATENCY_BOUNDS, Bound, cell_of
from sidecar.tapclient import tap_pb2 as pb

INFER = "inference.GRPCInferenceService/ModelInfer"
STREAM = "inference.GRPCInferenceService/ModelStreamInfer"
SECOND = 1_000_000_000


def histogram(*nanos: int, bounds: Sequence[Bound] = LATENCY_BOUNDS) -> pb.Histogram:
    """Return the histogram of these durations in nanoseconds."""
    cells = Counter(cell_of(value) for value in nanos)
    classes = Counter(bisect_left(bounds, value, key=lambda bound: bound.nanos) for value in nanos)
    return pb.Histogram(
        count=len(nanos),
        sum_nanos=sum(nanos),
        cells=sorted(cells),
        counts=[cells[cell] for cell in sorted(cells)],
        classes=[classes[at] for at in range(len(bounds) + 1)],
    )


def sizes(*items: int) -> pb.SizeHistogram:
    """Return the histogram of these sizes."""
    counts = [0] * 12
    for each in items:
        counts[min((each - 1).bit_length(), 11)] += 1
    return pb.SizeHistogram(count=len(items), sum=sum(items), counts=counts)


def batch_limit(model: str = "resnet50", max_batch_size: int = 8) -> pb.BatchLimit:
    """Return how large a batch a model takes."""
    return pb.BatchLimit(model=model, max_batch_size=max_batch_size)


@functools.cache
def spread(
    seed: int = 1,
    size: int = 1_000,
    middle_nanos: int = 20_000_000,
    bounds: Sequence[Bound] = LATENCY_BOUNDS,
) -> pb.Histogram:
    """Return a histogram of many different durations."""
    rng = random.Random(seed)
    durations = (int(middle_nanos * rng.lognormvariate(0, 0.8)) for _ in range(size))
    return histogram(*durations, bounds=bounds)


def calls(model: str = "resnet50", count: int = 10, **labels: str) -> pb.CounterSeries:
    """Return one counter series."""
    values = {
        "version": "1",
        "method": INFER,
        "kind": "inference",
        "code": "OK",
        "ended_by": "server",
        "outcome": "ok",
        **labels,
    }
    series = pb.CounterSeries(
        model=model,
        calls=count,
        requests=count,
        request_bytes=count * 1_000,
        response_bytes=count * 100,
    )
    for name, value in values.items():
        setattr(series, name, value)
    series.id = zlib.crc32(repr((model, sorted(values.items()))).encode())
    return series


def timing(
    model: str = "resnet50", method: str = INFER, failed: bool = False, kind: str = "inference"
) -> pb.TimingSeries:
    """Return one timing series; a streaming method has all four distributions."""
    streaming = method == STREAM
    series = pb.TimingSeries(
        model=model,
        method=method,
        kind=kind,
        failed=failed,
        streaming=streaming,
        latency=spread(1),
        call_duration=spread(2),
        id=zlib.crc32(repr((model, method, failed)).encode()),
    )
    if streaming:
        series.first_response.CopyFrom(spread(3))
        series.response_gap.CopyFrom(spread(4, bounds=GAP_BOUNDS))
    return series


def tokens(
    model: str = "resnet50", direction: str = "output", source: str = "usage", count: int = 7
) -> pb.TokenSeries:
    """Return one series of tokens."""
    number = zlib.crc32(repr((model, direction, source)).encode())
    return pb.TokenSeries(
        model=model, method=STREAM, direction=direction, source=source, tokens=count, id=number
    )


def shapes(model: str = "resnet50", **counts: int) -> pb.ShapeSeries:
    """Return requests by shape: nine of them unless said, which is as many as there may be."""
    counts = counts or {**{f"FP32[-1,{n}]": n + 1 for n in range(8)}, "_OTHER": 5}
    return pb.ShapeSeries(
        model=model,
        shapes=[pb.Count(label=label, value=count) for label, count in counts.items()],
        id=zlib.crc32(model.encode()),
    )


def flight(
    model: str = "resnet50",
    open_requests: int = 0,
    oldest_open_nanos: int = 0,
    last_completed_nanos: int = 0,
    kind: str = "inference",
) -> pb.Flight:
    """Return what is open of one model."""
    return pb.Flight(
        model=model,
        method=INFER,
        kind=kind,
        in_flight=open_requests,
        open_requests=open_requests,
        oldest_open_nanos=oldest_open_nanos,
        last_completed_nanos=last_completed_nanos,
    )


def event(objective: str, good: int = 0, bad: int = 0, last_event_nanos: int = 0) -> pb.EventSeries:
    """Return what was judged for one objective."""
    return pb.EventSeries(
        objective=objective, good=good, bad=bad, last_event_nanos=last_event_nanos
    )


def upstream(up: bool = True) -> pb.Upstream:
    """Return the one upstream."""
    return pb.Upstream(
        listener="0.0.0.0:8001",
        address="127.0.0.1:9001",
        up=up,
        connections=16,
        connections_open=16,
    )


def tap_stats(blind: int = 0, connections: int = 100, upgraded: int = 0) -> pb.TapStats:
    """Return the tap about itself."""
    return pb.TapStats(
        connections_by_protocol=[pb.Count(label="http2", value=connections)],
        blind=[pb.Count(label="tls", value=blind)] if blind else [],
        upgraded=upgraded,
        client_frames=[pb.Count(label="HEADERS", value=connections)],
        added_latency=spread(5, middle_nanos=40_000, bounds=GAP_BOUNDS),
        cpu_nanos=3 * SECOND,
        resident_bytes=6_000_000,
        connections_cap=500_000,
    )


def snapshot(**parts: object) -> pb.Snapshot:
    """Return a snapshot of an ordinary moment; parts replace what they name."""
    values: dict[str, object] = {
        "epoch_unix_nanos": 1_760_000_000_000_000_000,
        "sequence": 7,
        "at_unix_nanos": 1_760_000_100_000_000_000,
        "uptime_nanos": 100 * SECOND,
        "policy_generation": 1,
        "counters": [calls()],
        "timings": [timing()],
        "flights": [flight(last_completed_nanos=99 * SECOND)],
        "upstreams": [upstream()],
        "tap": tap_stats(),
        **parts,
    }
    return pb.Snapshot(**values)  # type: ignore[arg-type]
