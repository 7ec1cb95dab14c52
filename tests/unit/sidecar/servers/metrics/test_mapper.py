"""From pages to numbers: what is known, and above all what is not."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from sidecar.model.server_metrics import (
    MAX_MODEL_CHARACTERS,
    MAX_MODELS,
    Number,
    NumberSource,
    ServerPage,
)
from sidecar.servers.metrics.lines import WantedLines
from sidecar.servers.metrics.mapper import Counters, PageReading, read_page, wanted_names

DEPTH = NumberSource(Number.QUEUE_DEPTH, "depth", model="model")
WAITING = NumberSource(Number.QUEUE_DEPTH, "waiting", where=(("state", "open"),), model="model")
CACHE = NumberSource(Number.KV_CACHE_USAGE, "cache_percent", model="model", scale=0.01)
BATCH = NumberSource(Number.EXECUTED_BATCH_SIZE, "items", per="runs", model="model")
NONE = Counters()
ACME = ServerPage("acme", (DEPTH, WAITING, CACHE, BATCH))
BETA = ServerPage("beta", (NumberSource(Number.RUNNING, "busy"), DEPTH))


def read(text: str, before: Counters = NONE, pages: Sequence[ServerPage] = (ACME,)) -> PageReading:
    lines = WantedLines(wanted_names(pages))
    lines.feed(text.encode())
    reading = read_page(pages, lines.samples(), before)
    assert reading is not None
    return reading


def second(first: str, then: str) -> dict[str, float]:
    """Return the mean batch after two pages."""
    reading = read(then, read(first).counters)
    return dict(reading.numbers.get(Number.EXECUTED_BATCH_SIZE, {}))


def test_a_page_without_a_known_name_is_no_page() -> None:
    assert read_page((ACME, BETA), {"nothing": [({}, 1.0)]}, Counters()) is None
    assert read_page((), {}, Counters()) is None


def test_the_first_kind_that_fits_is_the_one() -> None:
    assert read("depth 3\nbusy 1\n", pages=(ACME, BETA)).server == "acme"
    assert read("depth 3\nbusy 1\n", pages=(BETA, ACME)).server == "beta"
    assert read("busy 1\n", pages=(ACME, BETA)).server == "beta"


def test_requests_of_several_series_add_up_and_of_ratios_the_fullest_counts() -> None:
    page = 'depth{model="a",version="1"} 3\ndepth{model="a",version="2"} 4\n'
    page += 'cache_percent{model="a",engine="0"} 25\ncache_percent{model="a",engine="1"} 50\n'
    numbers = read(page).numbers
    assert numbers == {Number.QUEUE_DEPTH: {"a": 7}, Number.KV_CACHE_USAGE: {"a": 0.5}}


def test_of_two_sources_the_first_counts_for_each_model() -> None:
    page = (
        'depth{model="a"} 0\nwaiting{model="a",state="open"} 9\nwaiting{model="b",state="open"} 5\n'
    )
    assert read(page + 'waiting{model="c",state="shut"} 7\n').numbers == {
        Number.QUEUE_DEPTH: {"a": 0, "b": 5}
    }


def test_without_a_label_the_number_is_the_whole_servers() -> None:
    reading = read("depth 3\n")
    assert reading.numbers == {Number.QUEUE_DEPTH: {"": 3}}
    assert reading.models == ()


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf", "-1"])
def test_a_series_that_says_nothing_usable_makes_its_model_absent(value: str) -> None:
    page = f'depth{{model="a",version="1"}} 3\ndepth{{model="a",version="2"}} {value}\n'
    reading = read(page + 'depth{model="b"} 1\n')
    assert reading.numbers == {Number.QUEUE_DEPTH: {"b": 1}}
    assert reading.present == (Number.QUEUE_DEPTH,)


def test_a_mean_is_of_the_interval_over_all_series_of_a_model() -> None:
    first = 'items{model="a",v="1"} 100\nruns{model="a",v="1"} 50\nitems{model="a",v="2"} 0\nruns{model="a",v="2"} 0\n'
    then = 'items{model="a",v="1"} 108\nruns{model="a",v="1"} 51\nitems{model="a",v="2"} 4\nruns{model="a",v="2"} 2\n'
    assert second(first, then) == {"a": 4}


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("depth 0\n", "items 8\nruns 2\n"),  # only now there
        ("items 8\nruns 2\n", "items 8\nruns 2\n"),  # nothing was executed
        ("items 80\nruns 20\n", "items 9\nruns 3\n"),  # began anew
        ("items 80\nruns 2\n", "items 9\nruns 3\n"),  # one of the two fell
        ("items 8\nruns 20\n", "items 9\nruns 3\n"),
        ("items 8\nruns 2\n", "depth 0\nitems 16\n"),  # half of the pair is gone
        ("items 8\nruns 2\n", 'items{new="label"} 16\nruns{new="label"} 4\n'),
        ("items 8\nruns 2\n", "items NaN\nruns 4\n"),
        ("items 8\nruns 2\n", "items 16\nruns +Inf\n"),
        ("items 0\nruns 0\n", "items 1e308\nruns 5e-324\n"),
        ("process_start_time_seconds 1\nitems 8\nruns 2\n", "process_start_time_seconds 2\nitems 90\nruns 3\n"),
    ],
)  # fmt: skip
def test_an_interval_that_cannot_be_counted_has_no_mean(first: str, then: str) -> None:
    assert second(first, then) == {}


def test_after_a_reset_the_next_interval_counts() -> None:
    pages = ["items 800\nruns 100\n", "items 8\nruns 4\n", "items 20\nruns 6\n"]
    counters, means = Counters(), []
    for page in pages:
        reading = read(page, counters)
        counters = reading.counters
        means.append(reading.numbers.get(Number.EXECUTED_BATCH_SIZE))
    assert means == [None, None, {"": 6}]


def test_another_kind_of_page_begins_anew() -> None:
    other = ServerPage("other", (BATCH,))
    first = read("items 8\nruns 2\n", pages=(other,))
    assert read("items 16\nruns 4\n", first.counters, pages=(ACME,)).numbers == {}


def test_numbers_that_are_gone_are_not_present() -> None:
    assert read("depth 3\nitems 8\nruns 2\n").present == (
        Number.QUEUE_DEPTH,
        Number.EXECUTED_BATCH_SIZE,
    )
    assert read("depth 3\nitems 8\n").present == (Number.QUEUE_DEPTH,)


def test_models_beyond_the_caps_are_left_out_and_counted() -> None:
    names = [f"m{at:03}" for at in range(MAX_MODELS + 3)] + ["x" * (MAX_MODEL_CHARACTERS + 1)]
    reading = read("".join(f'depth{{model="{name}"}} 1\n' for name in names))
    assert list(reading.numbers[Number.QUEUE_DEPTH]) == names[:MAX_MODELS]
    assert reading.models == tuple(names[:MAX_MODELS])
    assert reading.left_out == 4


def test_the_models_a_page_names_are_known_also_where_no_value_is() -> None:
    reading = read('items{model="a"} 8\nruns{model="a"} 2\ndepth{model="b"} NaN\n')
    assert reading.models == ("a", "b")
    assert reading.numbers == {}


def test_nothing_is_negative_or_without_bounds() -> None:
    reading = read('depth{v="1"} 1e308\ndepth{v="2"} 1e308\n')
    assert not any(
        math.isinf(value) for each in reading.numbers.values() for value in each.values()
    )
