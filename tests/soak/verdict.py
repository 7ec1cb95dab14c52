"""What grew: samples of both processes, and a line through them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.harness import process
from tests.harness.wayside import Wayside

# The first part of a run fills caches, arenas and tables to the size that they then keep.
WARM_UP_SHARE = 0.25
# What a line through a noisy plateau may rise over the whole of the rest. Python's allocator is the noisier.
TAP_GROWTH_BYTES = 500_000
CONTROL_GROWTH_BYTES = 1_500_000
# Connections come and go while samples are taken.
DESCRIPTOR_GROWTH = 4


@dataclass(frozen=True)
class Sample:
    """One look at both processes."""

    at_seconds: float
    tap_bytes: int
    control_bytes: int
    tap_descriptors: int
    control_descriptors: int
    open_calls: int


def sample(wayside: Wayside, began: float) -> Sample:
    """Look."""
    tap = wayside.running.pid
    (control,) = wayside.controls()
    return Sample(
        time.monotonic() - began,
        process.resident_bytes(tap),
        process.resident_bytes(control),
        process.descriptors(tap),
        process.descriptors(control),
        open_calls(wayside),
    )


def open_calls(wayside: Wayside) -> int:
    """Count the calls that are under way."""
    return sum(row["calls"] for row in wayside.snapshot()["in_flight"])


def growth(samples: Sequence[Sample], value: Callable[[Sample], float]) -> float:
    """Return how far a line through the samples rises from the first to the last of them."""
    times = [each.at_seconds for each in samples]
    slope = statistics.linear_regression(times, [value(each) for each in samples]).slope
    return slope * (times[-1] - times[0])


def after_warm_up(samples: Sequence[Sample]) -> Sequence[Sample]:
    """Leave out the first part."""
    return samples[int(len(samples) * WARM_UP_SHARE) :]


def grew(samples: Sequence[Sample]) -> list[str]:
    """Say of each thing that grew that it did; empty when all is flat."""
    rest = after_warm_up(samples)
    bounds: list[tuple[str, Callable[[Sample], float], float]] = [
        ("resident bytes of the tap", lambda it: it.tap_bytes, TAP_GROWTH_BYTES),
        ("resident bytes of control", lambda it: it.control_bytes, CONTROL_GROWTH_BYTES),
        ("descriptors of the tap", lambda it: it.tap_descriptors, DESCRIPTOR_GROWTH),
        ("descriptors of control", lambda it: it.control_descriptors, DESCRIPTOR_GROWTH),
        ("open calls", lambda it: it.open_calls, DESCRIPTOR_GROWTH),
    ]
    found = ((name, growth(rest, value), most) for name, value, most in bounds)
    return [f"{name} grew by {more:.0f}" for name, more, most in found if more > most]
