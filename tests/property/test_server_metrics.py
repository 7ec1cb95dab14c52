"""Whatever a page says: no exception, no sample from nothing, nothing negative, and any chunking the same."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from sidecar.model.server_metrics import Number
from sidecar.servers.metrics.lines import PageError, WantedLines
from sidecar.servers.metrics.mapper import Counters, PageReading, read_page, wanted_names
from sidecar.servers.table import shipped

KINDS = tuple(each.metrics for each in shipped() if each.metrics)
NAMES = sorted(wanted_names(KINDS))

VALUES = st.floats().map(repr) | st.integers().map(str) | st.text(max_size=5)
LABELS = st.lists(
    st.tuples(
        st.sampled_from(["model", "model_name", "request_type", "version", "x"]),
        st.sampled_from(["a", "b", "waiting", 'q\\"', "\\", "}", "ü"]) | st.text(max_size=4),
    ),
    max_size=3,
).map(lambda pairs: ",".join(f'{name}="{value}"' for name, value in pairs))
LINES = st.builds(
    "{}{}{} {}".format,
    st.sampled_from(NAMES) | st.text(max_size=6),
    st.sampled_from(["", "{", "{}"]) | LABELS.map(lambda labels: f"{{{labels}}}"),
    st.sampled_from(["", "", " ", "\t"]),
    VALUES,
)
PAGES = st.lists(LINES, max_size=12).map(lambda lines: "\n".join(lines).encode())
ANY_PAGE = PAGES | st.binary(max_size=200) | st.text(max_size=200).map(str.encode)


def read(page: bytes, before: Counters, sizes: list[int]) -> PageReading | PageError | None:
    """Read a page in pieces of these sizes."""
    lines, at, turn = WantedLines(NAMES), 0, 0
    try:
        while at < len(page):
            lines.feed(page[at : at + sizes[turn % len(sizes)]])
            at, turn = at + sizes[turn % len(sizes)], turn + 1
        return read_page(KINDS, lines.samples(), before)
    except PageError as error:
        return error


@given(st.lists(ANY_PAGE, max_size=4), st.lists(st.integers(1, 40), min_size=1, max_size=5))
def test_any_pages_give_numbers_or_a_reason(pages: list[bytes], sizes: list[int]) -> None:
    counters = Counters()
    for page in pages:
        reading = read(page, counters, sizes)
        whole = read(page, counters, [max(len(page), 1)])
        assert (reading == whole) or (
            isinstance(reading, PageError) and isinstance(whole, PageError)
        )
        if not isinstance(reading, PageReading):
            counters = Counters()
            continue
        counters = reading.counters
        (kind,) = [each for each in KINDS if each.server == reading.server]
        for number, values in reading.numbers.items():
            families = [s.family for s in kind.sources if s.number is number]
            assert any(family.encode() in page for family in families), "a sample from nothing"
            assert number in reading.present
            assert all(math.isfinite(value) and value >= 0 for value in values.values())


COUNTS = st.integers(0, 1000)


@given(st.lists(st.tuples(COUNTS, COUNTS, st.booleans()), min_size=1, max_size=12))
def test_means_through_any_restarts_are_those_of_intervals_that_were_whole(
    ticks: list[tuple[int, int, bool]],
) -> None:
    """Executions with some items each; a restart begins both counters, and the process, anew."""
    items = runs = 0
    started = 1.0
    counters = Counters()
    for more_runs, per_run, restart in ticks:
        if restart:
            items = runs = 0
            started += 1
        items, runs = items + more_runs * per_run, runs + more_runs
        page = f"process_start_time_seconds {started}\n"
        page += f'nv_inference_count{{model="m"}} {items}\nnv_inference_exec_count{{model="m"}} {runs}\n'
        first = counters == Counters()
        reading = read(page.encode(), counters, [50])
        assert isinstance(reading, PageReading)
        counters = reading.counters
        mean = reading.numbers.get(Number.EXECUTED_BATCH_SIZE, {}).get("m")
        assert mean == (None if restart or first or not more_runs else per_run)
