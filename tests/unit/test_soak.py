"""The soak's verdict: what grows is told, what only wavers is not."""

from __future__ import annotations

from tests.soak.verdict import CONTROL_GROWTH_BYTES, Sample, grew

SAMPLES = 100


def run(tap_slope: float = 0, descriptors_slope: float = 0) -> list[Sample]:
    """A run that fills up, then wavers, and besides grows by so much from one sample to the next."""
    return [
        Sample(
            at_seconds=n,
            tap_bytes=int(5_000_000 * min(1, n / 20) + n % 7 * 10_000 + n * tap_slope),
            control_bytes=32_000_000 + n % 5 * CONTROL_GROWTH_BYTES // 10,
            tap_descriptors=int(20 + n % 3 + n * descriptors_slope),
            control_descriptors=10,
            open_calls=n % 2,
        )
        for n in range(SAMPLES)
    ]


def test_a_plateau_is_flat() -> None:
    assert grew(run()) == []


def test_a_leak_is_told() -> None:
    assert [each.split(" grew")[0] for each in grew(run(tap_slope=10_000))] == [
        "resident bytes of the tap"
    ]
    assert [each.split(" grew")[0] for each in grew(run(descriptors_slope=0.1))] == [
        "descriptors of the tap"
    ]
