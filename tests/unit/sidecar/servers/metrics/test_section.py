"""`metrics:` in a catalogue: what it means, and every mistake with its line."""

from __future__ import annotations

import textwrap

import pytest

from sidecar.model.server_metrics import Number, NumberSource
from sidecar.servers.catalogue import ServerCatalogue, compile_server
from sidecar.text.document import parse_document


def compiled(text: str) -> ServerCatalogue:
    return compile_server(parse_document("my.yaml", textwrap.dedent(text).encode()))


GOOD = """\
server: shop
metrics:
  port: 9100
  path: /metrics
  enable: --metrics
  model: model_name
  numbers:
    queue_depth:
      - {gauge: "shop:waiting", where: {state: open, rank: 0}}
      - {gauge: shop_queue, model: name}
    running: {gauge: shop_running, model: ~}
    kv_cache_usage_ratio: {gauge: shop_cache_percent, scale: 0.01}
    executed_batch_size: {mean_of: shop_items_total, per: shop_runs_total}
"""


def test_what_is_written_is_what_is_read() -> None:
    catalogue = compiled(GOOD)
    assert catalogue.problems == ()
    assert catalogue.metrics is not None
    assert catalogue.metrics.server == "shop"
    assert catalogue.metrics_at == ":9100/metrics"
    where = (("state", "open"), ("rank", "0"))
    assert catalogue.metrics.sources == (
        NumberSource(Number.QUEUE_DEPTH, "shop:waiting", where=where, model="model_name"),
        NumberSource(Number.QUEUE_DEPTH, "shop_queue", model="name"),
        NumberSource(Number.RUNNING, "shop_running"),
        NumberSource(Number.KV_CACHE_USAGE, "shop_cache_percent", model="model_name", scale=0.01),
        NumberSource(
            Number.EXECUTED_BATCH_SIZE, "shop_items_total", "shop_runs_total", model="model_name"
        ),
    )


def test_a_histogram_is_its_sum_by_its_count() -> None:
    catalogue = compiled("metrics: {numbers: {executed_batch_size: {histogram: h}}}")
    assert catalogue.metrics is not None
    assert catalogue.metrics.sources == (
        NumberSource(Number.EXECUTED_BATCH_SIZE, "h_sum", "h_count"),
    )
    assert catalogue.metrics_at == ""


@pytest.mark.parametrize(
    ("before", "after", "line", "field", "what"),
    [
        ("port: 9100", "port: 0", 3, "metrics.port", "is no port"),
        ("path: /metrics", "path: metrics", 4, "metrics.path", "is no path"),
        ("model: model_name", "model: 'a b'", 6, "metrics.model", "is no label"),
        ("running:", "runing:", 11, "metrics.numbers.runing", "is no number"),
        ("enable:", "enabel:", 5, "metrics.enabel", "unknown key"),
        ("gauge: shop_running", "gauge: 'shop running'", 11, "metrics.numbers.running.gauge", "is no sample name"),
        ("gauge: shop_running", "gauges: shop_running", 11, "metrics.numbers.running.gauges", "unknown key"),
        ("gauge: shop_running,", "gauge: a, histogram: b,", 11, "metrics.numbers.running", "in one way"),
        (", per: shop_runs_total", "", 13, "metrics.numbers.executed_batch_size", "in one way"),
        ("gauge: shop_queue", "gauge: shop_queue, per: x", 10, "metrics.numbers.queue_depth[1]", "in one way"),
        ("scale: 0.01", "scale: percent", 12, "metrics.numbers.kv_cache_usage_ratio.scale", "is no factor"),
        ("scale: 0.01", "scale: 0", 12, "metrics.numbers.kv_cache_usage_ratio.scale", "is no factor"),
        ("{state: open, rank: 0}", "state", 9, "metrics.numbers.queue_depth[0].where", "is no mapping"),
        ("state: open", "'a-b': open", 9, "metrics.numbers.queue_depth[0].where.a-b", "is no label"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(
    before: str, after: str, line: int, field: str, what: str
) -> None:
    assert GOOD.count(before) == 1
    problems = compiled(GOOD.replace(before, after)).problems
    told = [(each.line, each.field) for each in problems if what in each.what]
    assert (line, field) in told, problems


def test_a_source_with_a_mistake_does_not_hide_the_others() -> None:
    catalogue = compiled(GOOD.replace("scale: 0.01", "scale: no"))
    assert catalogue.metrics is not None
    assert len(catalogue.metrics.sources) == 4
    assert len(catalogue.problems) == 1


@pytest.mark.parametrize("text", ["metrics: {}", "metrics: {numbers: }", "metrics: {numbers: {}}"])
def test_a_section_without_numbers_is_a_mistake(text: str) -> None:
    assert "names no number" in compiled(text).problems[0].what


def test_a_source_that_says_nothing_is_a_mistake() -> None:
    for source in ("{}", "{gauge: }", "[]", "3"):
        assert compiled(f"metrics: {{numbers: {{running: {source}}}}}").problems, source
