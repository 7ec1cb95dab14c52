"""The two readings of a histogram: cells and their edges, classic bounds, quantiles, sums, coarser cells."""

from __future__ import annotations

import random
import re
from fractions import Fraction

import pytest

from sidecar.model import grid
from tests.fakes.facts import histogram
from tests.provision.parts import ROOT


def is_below_the_power(nanos: Fraction, cell: int) -> bool:
    """Whether a duration is below 2^((cell+1)/32) seconds, by whole numbers alone."""
    n, d = (nanos / 10**9).as_integer_ratio()
    power = cell + 1
    return n**32 << max(-power, 0) < d**32 << max(power, 0)


def test_every_edge_is_a_power_rounded_to_whole_nanoseconds() -> None:
    half = Fraction(1, 2)
    for cell in range(grid.FIRST_CELL, grid.LAST_CELL + 1):
        edge = grid.edge_nanos(cell)
        assert is_below_the_power(edge - half, cell)
        tie = cell + 1 == -320  # 2^-10 s
        assert tie or not is_below_the_power(edge + half, cell)
    assert grid.edge_nanos(-321) == 976_562
    # Rust is held to the same list.
    listed = (ROOT / "tests/data/grid_edges.txt").read_text().split()
    assert [int(edge) for edge in listed] == list(grid.EDGES_NANOS)
    assert grid.edge_nanos(-1) == 1_000_000_000


def test_the_grid_reaches_from_one_nanosecond_to_all_that_a_word_holds() -> None:
    assert grid.edge_nanos(grid.FIRST_CELL - 1) == 0
    assert grid.edge_nanos(grid.FIRST_CELL) == 1
    assert grid.edge_nanos(grid.LAST_CELL - 1) < 2**64 <= grid.edge_nanos(grid.LAST_CELL)


def test_a_cell_ends_with_its_edge_and_of_cells_with_one_edge_the_first_holds_it() -> None:
    for cell in range(grid.FIRST_CELL, grid.LAST_CELL):
        edge = grid.edge_nanos(cell)
        first = grid.cell_of(edge)
        assert first <= cell
        assert grid.edge_nanos(first - 1) < edge == grid.edge_nanos(first)
        assert grid.cell_of(edge + 1) > cell
    assert grid.cell_of(0) == grid.cell_of(1) == grid.FIRST_CELL


@pytest.mark.parametrize(
    ("whose", "bounds"),
    [("latencies", grid.LATENCY_BOUNDS), ("gaps, and what the tap adds", grid.GAP_BOUNDS)],
)
def test_bounds_are_those_that_the_seam_defines(whose: str, bounds: tuple[grid.Bound, ...]) -> None:
    """Rust is held to the same lines."""
    seam = (ROOT / "dataplane/proto/tap.proto").read_text()
    listed = re.search(rf"^//   {whose}: ([0-9. ]+)[;.]$", seam, re.MULTILINE)
    assert listed is not None
    seconds = [Fraction(each.rstrip(".")) for each in listed.group(1).split()]
    assert [Fraction(bound.nanos, 10**9) for bound in bounds] == seconds


@pytest.mark.parametrize("bounds", [grid.LATENCY_BOUNDS, grid.GAP_BOUNDS])
def test_there_are_fifteen_bounds_each_what_its_label_says(bounds: tuple[grid.Bound, ...]) -> None:
    assert len(bounds) == 15
    assert list(bounds) == sorted(bounds, key=lambda bound: bound.nanos)
    for bound in bounds:
        assert Fraction(bound.le) * 10**9 == bound.nanos
        assert bound.le == repr(float(bound.le))


@pytest.mark.parametrize("bounds", [grid.LATENCY_BOUNDS, grid.GAP_BOUNDS])
def test_random_durations_are_counted_as_brute_force_counts_them(
    bounds: tuple[grid.Bound, ...],
) -> None:
    rng = random.Random(13)
    values = [int(10 ** rng.uniform(0, 14)) for _ in range(20_000)]
    counted = histogram(*values, bounds=bounds)
    assert counted.sum_nanos == sum(values)
    for bound, count in zip(bounds, grid.cumulative(counted), strict=True):
        assert count == sum(value <= bound.nanos for value in values)
    for cell, count in zip(counted.cells, counted.counts, strict=True):
        low, high = grid.edge_nanos(cell - 1), grid.edge_nanos(cell)
        assert count == sum(low < value <= high for value in values)


def test_cumulative_counts_are_exact_on_both_sides_of_a_bound() -> None:
    counts = grid.cumulative(histogram(100_000_000, 100_000_001, 60_000_000_001))
    by_le = dict(zip((bound.le for bound in grid.LATENCY_BOUNDS), counts, strict=True))
    assert (by_le["0.05"], by_le["0.1"], by_le["0.25"], by_le["60.0"]) == (0, 1, 2, 2)


def test_a_quantile_of_nothing_is_absent_not_zero() -> None:
    assert grid.quantile_seconds([], [], 0.5) is None
    assert grid.quantile_seconds([100], [0], 0.5) is None


def test_quantiles_are_within_half_a_step_of_the_truth() -> None:
    filled = histogram(*(n * 1_000_000 for n in range(1, 1001)))
    for quantile in (0.01, 0.5, 0.9, 0.99, 1.0):
        found = grid.quantile_seconds(filled.cells, filled.counts, quantile)
        assert found == pytest.approx(quantile, rel=0.011)


def test_a_cell_never_holds_what_is_further_than_half_a_step_from_its_middle() -> None:
    """The worst there can be, of every cell: its smallest and its largest duration."""
    for cell in range(grid.FIRST_CELL, grid.LAST_CELL + 1):
        smallest, largest = grid.edge_nanos(cell - 1) + 1, grid.edge_nanos(cell)
        middle = grid.quantile_seconds([cell], [1], 0.5)
        for nanos in {smallest, largest} if smallest <= largest else ():
            assert middle == pytest.approx(nanos / 1e9, rel=0.01095)


def test_merging_adds_cells_counts_and_classes() -> None:
    merged = grid.merge([histogram(1_000_000, 5_000_000), histogram(5_000_000)])
    assert (merged.count, merged.sum_nanos) == (3, 11_000_000)
    assert merged.cells == [grid.cell_of(1_000_000), grid.cell_of(5_000_000)]
    assert merged.counts == [1, 2]
    assert merged.classes == [1, 0, 2] + [0] * 13
    assert grid.merge([]).count == 0


def test_coarser_cells_are_neighbours_added() -> None:
    assert grid.coarser([-33, -32, -1, 0, 31, 32], [1, 2, 3, 4, 5, 6], 0) == (
        [-2, -1, 0, 1],
        [1, 5, 9, 6],
    )
    assert grid.coarser([-2, -1, 0, 1], [1, 1, 1, 1], 4) == ([-1, 0], [2, 2])
    assert grid.coarser([3, 4], [1, 2], 5) == ([3, 4], [1, 2])
