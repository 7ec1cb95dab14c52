"""The histogram grid: edges, exported bounds, exact cumulative counts, quantiles."""

from __future__ import annotations

from fractions import Fraction

import pytest

from sidecar.model import grid
from tests.fakes.facts import histogram


def edge(bucket: int) -> Fraction:
    """The upper edge in nanoseconds, exactly."""
    return Fraction(grid.edge_units(bucket) * grid.UNIT_NUMERATOR, grid.UNIT_DENOMINATOR)


def by_the_definition(nanos: int) -> int:
    """The formula of tap.proto, written as it stands there."""
    w = -(-32 * nanos // 15625) - 1
    if w < 32:
        return w
    e = w.bit_length() - 1
    return (e - 4) * 32 + ((w >> (e - 5)) & 31)


@pytest.mark.parametrize(
    "nanos", [1, 976, 977, 15_625, 15_626, 16_602, 999_999, 10**6, 10**6 + 1, 10**10, 2**50]
)
def test_a_duration_lies_in_the_bucket_the_seam_defines_and_between_its_edges(nanos: int) -> None:
    bucket = grid.bucket_of(nanos)
    assert bucket == by_the_definition(nanos)
    assert edge(bucket - 1) < nanos <= edge(bucket)


def test_every_exported_bound_is_exactly_an_edge_of_the_grid() -> None:
    assert len(grid.EXPORTED_LE_SECONDS) <= 14
    for le, bucket in zip(grid.EXPORTED_LE_SECONDS, grid.EXPORTED_BUCKETS, strict=True):
        assert edge(bucket) == Fraction(le) * 10**9


def test_one_millisecond_begins_an_octave_of_thirty_two_steps() -> None:
    assert grid.edge_nanos(grid.bucket_of(1_000_000)) == 1_000_000
    assert grid.bucket_of(2_000_000) - grid.bucket_of(1_000_000) == 32


def test_cumulative_counts_are_exact_on_both_sides_of_a_bound() -> None:
    at_bound, above = 100_000_000, 100_000_001
    counts = dict(
        zip(grid.EXPORTED_LE_SECONDS, grid.cumulative(histogram(at_bound, above)), strict=True)
    )
    assert counts["0.05"] == 0
    assert counts["0.1"] == 1
    assert counts["0.2"] == 2


def test_what_is_longer_than_the_last_bound_is_in_none() -> None:
    assert grid.cumulative(histogram(26_000_000_000)) == [0] * 14


def test_a_quantile_of_nothing_is_absent_not_zero() -> None:
    assert grid.quantile_seconds([], [], 0.5) is None
    assert grid.quantile_seconds([100], [0], 0.5) is None


def test_quantiles_lie_within_one_step_of_the_truth() -> None:
    values = [n * 1_000_000 for n in range(1, 1001)]
    filled = histogram(*values)
    for quantile in (0.01, 0.5, 0.9, 0.99, 1.0):
        found = grid.quantile_seconds(list(filled.buckets), list(filled.counts), quantile)
        assert found == pytest.approx(quantile, rel=1 / 16)


def test_merging_adds_counts_bucket_by_bucket() -> None:
    buckets, counts = grid.merge([histogram(1_000_000, 5_000_000), histogram(5_000_000)])
    assert buckets == [grid.bucket_of(1_000_000), grid.bucket_of(5_000_000)]
    assert counts == [1, 2]
