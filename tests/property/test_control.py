"""Whatever comes: any chunking, any histogram, any order of snapshots, any file."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.config import load
from sidecar.config.prune import Pruned
from sidecar.config.quantities import NANOS, QuantityError, duration_nanos
from sidecar.config.sources import Sources
from sidecar.config.written import Written
from sidecar.model import grid
from sidecar.servers.catalogue import compile_server
from sidecar.tapclient import tap_pb2 as pb
from sidecar.tapclient.frames import FrameReader, encode
from sidecar.tapclient.ledger import Ledger
from sidecar.text.document import Document, parse_document
from tests.fakes.facts import calls, histogram

DURATIONS = st.integers(1, 10**15)  # so that sums of many fit in a word


@given(st.integers(1, 2**64))
def test_every_duration_lies_between_the_edges_of_its_cell_which_are_close(nanos: int) -> None:
    cell = grid.cell_of(nanos)
    smallest, largest = grid.edge_nanos(cell - 1) + 1, grid.edge_nanos(cell)
    assert smallest <= nanos <= largest
    assert largest**32 <= 2 * smallest**32


@given(st.lists(DURATIONS, max_size=200), st.sampled_from([grid.LATENCY_BOUNDS, grid.GAP_BOUNDS]))
def test_cumulative_counts_equal_brute_force(values: list[int], bounds: list[grid.Bound]) -> None:
    counted = grid.cumulative(histogram(*values, bounds=bounds))
    for bound, count in zip(bounds, counted, strict=True):
        assert count == sum(value <= Fraction(bound.le) * 10**9 for value in values)


@given(st.lists(DURATIONS, min_size=1, max_size=200), st.floats(0.001, 1))
def test_quantiles_are_within_half_a_step_of_brute_force(
    values: list[int], quantile: float
) -> None:
    filled = histogram(*values)
    found = grid.quantile_seconds(filled.cells, filled.counts, quantile)
    assert found is not None
    # Of the product both the exact value and the rounded one decide rightly which value is meant.
    ranks = {max(math.ceil(len(values) * each), 1) for each in (Fraction(quantile), quantile)}
    meant = [sorted(values)[rank - 1] / 1e9 for rank in ranks]
    half_a_step = 2 ** (1 / 64) * (1 + 1e-12)  # and what floating point adds
    assert any(true / half_a_step <= found <= true * half_a_step for true in meant)


@given(st.lists(st.lists(DURATIONS, max_size=20), max_size=6))
def test_merging_histograms_is_counting_together(parts: list[list[int]]) -> None:
    merged = grid.merge(histogram(*part) for part in parts)
    whole = histogram(*(value for part in parts for value in part))
    assert merged == grid.Histogram(
        whole.count, whole.sum_nanos, list(whole.cells), list(whole.counts), list(whole.classes)
    )


@given(st.lists(DURATIONS, max_size=50), st.integers(grid.COARSEST_SCHEMA, grid.SCHEMA))
def test_coarser_cells_hold_what_lies_between_their_edges(values: list[int], schema: int) -> None:
    """Of Prometheus' schemas: cell i of schema n ends at 2^((i+1) / 2^n) seconds."""
    filled = histogram(*values)
    cells, counts = grid.coarser(filled.cells, filled.counts, schema)
    seen = 0
    for cell, count in zip(cells, counts, strict=True):
        seen += count
        same_edge = (cell + 1 << grid.SCHEMA - schema) - 1
        last = grid.edge_nanos(min(same_edge, grid.LAST_CELL))
        assert seen == sum(value <= last for value in values)
    assert seen == len(values)


@given(st.lists(st.integers(0, 2**63), max_size=20), st.lists(st.integers(1, 30), min_size=1))
def test_any_chunking_of_frames_gives_the_same_envelopes(
    pulls: list[int], sizes: list[int]
) -> None:
    stream = b"".join(encode(pb.Envelope(pull=pb.Pull(since=since))) for since in pulls)
    reader, found, at, turn = FrameReader(), [], 0, 0
    while at < len(stream):
        size = sizes[turn % len(sizes)]
        found += [envelope.pull.since for envelope in reader.feed(stream[at : at + size])]
        at, turn = at + size, turn + 1
    assert found == pulls


@given(
    st.lists(st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 5)), max_size=20), st.data()
)
def test_a_reader_that_merged_changes_knows_what_one_that_asked_for_all_knows(
    ticks: list[dict[str, int]], data: st.DataObject
) -> None:
    """Counters only grow; each answer carries what changed since the last one this reader saw."""
    truth: dict[str, int] = {}
    pending: dict[str, int] = {}
    ledger = Ledger()
    for sequence, tick in enumerate(ticks, start=1):
        for model, grown in tick.items():
            truth[model] = pending[model] = truth.get(model, 0) + grown
        if data.draw(st.booleans()) or sequence == len(ticks):
            answer = [calls(model, count) for model, count in pending.items()]
            ledger.merge(pb.Snapshot(epoch_unix_nanos=1, sequence=sequence, counters=answer))
            pending.clear()
    assert {series.model: series.calls for series in ledger.counters} == truth


@given(
    st.lists(st.tuples(st.integers(1, 999), st.sampled_from(sorted(NANOS))), min_size=1, max_size=4)
)
def test_durations_add_their_parts(parts: list[tuple[int, str]]) -> None:
    text = "".join(f"{number}{unit}" for number, unit in parts)
    assert duration_nanos(text) == sum(number * NANOS[unit] for number, unit in parts)


@given(st.text(max_size=20))
def test_any_text_is_a_duration_or_a_problem(text: str) -> None:
    try:
        nanos = duration_nanos(text)
    except QuantityError as error:
        nanos = len(error.hint)
    assert nanos > 0


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.sampled_from(["99%", "1s", ":1", "a:1", "json", "", "x"])
)
KEYS = st.sampled_from(
    ["listeners", "listen", "upstream", "slos", "name", "objective", "good", "available", "latency_below", "match",
     "model", "server", "files", "type", "drain", "delay", "control", "tick", "models", "log", "format", "admin", "zzz",
     "alerts", "tiers", "long", "short", "budget", "severity", "min_bad", "all", "first_token_below", "per", "window",
     "methods", "messages", "kind", "request", "message", "number", "map", "/a.B/C", "response", "when_any"]
)  # fmt: skip
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(KEYS, TREES, max_size=6))
def test_any_file_is_judged_without_a_crash_and_what_is_left_is_valid(tree: dict[str, Any]) -> None:
    """What remains after leaving bad parts out is valid, and every fault says what is wrong."""
    data = dict(tree)
    load._write_out(data)
    root, usable, faults = load._validate(Pruned(data), Written(Document("f"), own=1_000))
    assert root.listeners
    assert usable or any(
        fault.path[:1] == ("listeners",) or "listeners" in fault.hint for fault in faults
    )
    assert all(fault.what for fault in faults)


@settings(max_examples=200, deadline=None)
@given(TREES)
def test_any_catalogue_is_judged_without_a_crash(tree: object) -> None:
    catalogue = compile_server(parse_document("own.yaml", yaml.safe_dump(tree).encode()))
    assert catalogue.methods or catalogue.problems


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_document_with_values_or_problems(text: bytes) -> None:
    document = parse_document("f", text)
    assert document.problems or document.value is None or document.line(()) >= 1


def test_sources_of_flags_alone_are_hashable_into_one_salt() -> None:
    assert Sources(flags=("--a",)).salt != Sources(flags=("--b",)).salt
