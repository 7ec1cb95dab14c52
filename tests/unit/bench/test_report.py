"""The page says what was measured, what was not and why; README says the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.bars import draw
from bench.figures import Results, Round
from bench.instructions import Count
from bench.loads import Latency, loads
from bench.metrics_page import PageCost, measure, moments
from bench.readme import costs, rewritten
from bench.report import Run, results_page
from exporters.prometheus.negotiation import Format
from exporters.prometheus.render import MetricsPage


def page() -> str:
    """Return the page of a run in which each contender took another time, one failed and one was not there."""
    some = Results(load_before=0.25, instructions=[Count("unary", 4104, 4100)])
    for load in loads(1000):
        for place, name in enumerate(("direct", "haproxy-tcp", "wayside", "envoy")):
            latency = Latency(100.0 * (place + 1), 1000.0, 50.0)
            some.rounds[load.name, name] = [Round(1.5 * place, 0.0, latency)] * 3
    some.failed["busy", "haproxy-h2"] = "of 1000 calls: 999 succeeded"
    some.not_run["nginx"] = "nginx is not installed"
    some.resident_bytes = {"wayside": (4_000_000, 31_000_000), "envoy": (77_000_000, 0)}
    return results_page(Run(loads(1000), 3, 60.0), some)


def test_the_page_tells_figures_failures_and_absences() -> None:
    text = page()
    assert "load average before: 0.25" in text
    assert "| HAProxy, TCP mode | 1.50 | 1.00 (1.00..1.00) | 200 | 100 | 1,000 | 0 | 50 |" in text
    assert "| HAProxy, HTTP/2 mode | failed: of 1000 calls: 999 succeeded |" in text
    assert "- nginx, grpc_pass: not run: nginx is not installed" in text
    assert "| a unary call | ≤ 3,500 | 4,104 | 4,100 | **missed by 17 %** |" in text


def test_the_page_of_metrics_is_told_beside_the_writer_of_another() -> None:
    cost = PageCost(
        3_012, 2.0, 1.9, 8.7, 0.5, 16.4, 8.2, 388_638, 16_956, 155_338, 1_000_000, 2_200_000
    )
    text = results_page(Run([], 1, 1.0), Results(page=cost))
    assert (
        "- a page of 3,012 lines as text: 2.0 ms in the median, made and written; aim 30 ms: met"
        in text
    )
    assert "- prometheus_client: 16.4 ms for the same bytes; 8.2 times ours" in text
    slow = results_page(Run([], 1, 1.0), Results(page=replace(cost, text_ms=30.1)))
    assert "aim 30 ms: **missed**" in slow
    assert "## The page of metrics\n\nNot measured." in page()


def test_what_is_measured_is_a_page_of_3000_lines_with_numbers_that_change() -> None:
    cost = measure(rounds=2)
    assert 2_900 < cost.lines < 3_100
    assert cost.gzip_bytes < cost.text_bytes / 5
    ticks = moments(2)
    first, second = (MetricsPage().render(each, Format.TEXT.value)[0] for each in ticks)
    changed = [
        one
        for one, other in zip(first.split(b"\n"), second.split(b"\n"), strict=True)
        if one != other
    ]
    assert len(changed) > 1_500


def test_a_chunk_is_the_unit_of_a_stream() -> None:
    section = page().partition("## Token streams")[2]
    assert "CPU/chunk, µs" in section
    assert "| Wayside | 3.00 | 2.00 (2.00..2.00) | 300 | 200 | 1,000 | 0 | 12,500 |" in section


def test_instructions_that_could_not_be_counted_are_told() -> None:
    some = Results(not_counted="valgrind is missing")
    assert "Not counted here: valgrind is missing" in results_page(Run([], 1, 1.0), some)


def test_the_picture_cuts_a_bar_that_would_hide_the_others() -> None:
    latency = Latency(1.0, 1.0, 1.0)
    cells = {"haproxy-tcp": 2.0, "wayside": 3.0, "grpcio": 600.0}
    some = Results(
        rounds={("busy", name): [Round(value, 0.0, latency)] for name, value in cells.items()}
    )
    picture = draw(some)
    assert "600.0 (cut)" in picture
    assert picture.count("<rect") == 1 + len(cells)


def test_the_readme_is_made_of_the_page() -> None:
    """Figures by row and section; a dash where there is none."""
    lines = costs(page())
    assert "| Wayside, both halves | 3.0 | 3.0 | 3.0 | 3.0 | 3.0 |" in lines
    assert "| nginx grpc_pass | – | – | – | – | – |" in lines  # noqa: RUF001
    assert "both halves together held 35 MB; Envoy held 77 MB." in lines


def test_a_load_that_was_not_run_has_no_column() -> None:
    lines = costs(page().replace("## Token streams", "## Tokens"))
    assert "streamed chunk" not in lines
    assert "| Wayside, both halves | 3.0 | 3.0 | 3.0 | 3.0 |" in lines


@pytest.mark.parametrize("readme", ["nothing", "| in the path |\nEnvoy held 7 MB.\n" * 2])
def test_a_readme_without_one_table_is_refused(readme: str) -> None:
    with pytest.raises(ValueError, match="no table of costs, or more than one"):
        rewritten(readme, page())
