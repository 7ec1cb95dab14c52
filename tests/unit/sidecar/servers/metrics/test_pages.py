"""The catalogues read the pages they are written for: tests/data/README.md says which of them are real."""

from __future__ import annotations

import pytest

from sidecar.model.server_metrics import Number
from sidecar.servers.metrics.lines import Samples, WantedLines
from sidecar.servers.metrics.mapper import Counters, PageReading, read_page, wanted_names
from sidecar.servers.table import shipped
from tests.provision.parts import ROOT

PAGES = ROOT / "tests" / "data" / "metrics"
KINDS = [each.metrics for each in shipped() if each.metrics]

LLAMA = "meta-llama/Llama-3.1-8B-Instruct"
QUEUE, RUNNING = Number.QUEUE_DEPTH, Number.RUNNING
CACHE, BATCH = Number.KV_CACHE_USAGE, Number.EXECUTED_BATCH_SIZE
TRITON_MODELS = ("decoupled", "echo", "failing", "simple", "sleepy", "text")

# Page, or the stem of two: whose it is, and all that it says.
EXPECTED: dict[str, tuple[str, dict[Number, dict[str, float]]]] = {
    "triton-": ("triton", {QUEUE: dict.fromkeys(TRITON_MODELS, 0), BATCH: {"simple": 14 / 5}}),
    "bentoml-": ("bentoml", {RUNNING: {"": 0}, BATCH: {"": 4 / 3}}),
    "tensorflow-serving-": ("tensorflow-serving", {BATCH: {"": 8.4}}),
    "triton-trtllm": (
        "triton",
        {
            QUEUE: {"ensemble": 0, "preprocessing": 2, "tensorrt_llm": 3},
            RUNNING: {"tensorrt_llm": 8},
            CACHE: {"tensorrt_llm": 0.4875},
        },
    ),
    "vllm": ("vllm", {QUEUE: {LLAMA: 4}, RUNNING: {LLAMA: 11}, CACHE: {LLAMA: 0.4491}}),
    "vllm-0.8": (
        "vllm",
        {
            QUEUE: {"unsloth/Llama-3.2-1B-Instruct": 4},
            RUNNING: {"unsloth/Llama-3.2-1B-Instruct": 8},
            CACHE: {"unsloth/Llama-3.2-1B-Instruct": 0.25},
        },
    ),
    "tgi": ("tgi", {QUEUE: {"": 7}, RUNNING: {"": 4}, BATCH: {"": 4}}),
    "sglang": ("sglang", {QUEUE: {LLAMA: 2826}, RUNNING: {LLAMA: 162}, CACHE: {LLAMA: 0.28}}),
    "sglang-priority": ("sglang", {QUEUE: {"qwen3": 5}, RUNNING: {"qwen3": 6}, CACHE: {"qwen3": 0.375}}),
    "tensorrt-llm": (
        "tensorrt-llm",
        {QUEUE: {"llama-8b": 5}, RUNNING: {"llama-8b": 12}, CACHE: {"llama-8b": 0.62}, BATCH: {"llama-8b": 7}},
    ),
    "nim": (
        "nim",
        {
            QUEUE: {"meta/llama3-8b-instruct": 6},
            RUNNING: {"meta/llama3-8b-instruct": 1},
            CACHE: {"meta/llama3-8b-instruct": 0.5},
        },
    ),
    "dynamo-frontend": ("dynamo", {QUEUE: {"echo": 2}}),
    "dynamo-worker": ("dynamo", {CACHE: {"": 0.75}}),
    "dynamo-worker-1.6": ("dynamo", {CACHE: {"qwen/qwen3-0.6b": 0.625}}),
    "ray-serve": (
        "ray-serve",
        {QUEUE: {"Iris": 2}, RUNNING: {"Iris": 1}},
    ),
    "llama-cpp": ("llama-cpp", {QUEUE: {"": 46}, RUNNING: {"": 4}}),
    "ovms": ("ovms", {RUNNING: {"resnet": 3, "llama": 4}}),
}  # fmt: skip


def samples(name: str) -> Samples:
    """Read a page as the poller does."""
    lines = WantedLines(wanted_names(KINDS))
    lines.feed((PAGES / f"{name}.txt").read_bytes())
    return lines.samples()


def read(name: str) -> PageReading | None:
    """Read one page, or two in a row where the name is a stem."""
    if not name.endswith("-"):
        return read_page(KINDS, samples(name), Counters())
    first = read_page(KINDS, samples(f"{name}1"), Counters())
    assert first is not None
    assert BATCH not in first.numbers, "one page makes no mean"
    return read_page(KINDS, samples(f"{name}2"), first.counters)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_page_says_what_it_says(name: str) -> None:
    server, numbers = EXPECTED[name]
    reading = read(name)
    assert reading is not None
    assert reading.server == server
    assert {number: dict(values) for number, values in reading.numbers.items()} == {
        number: pytest.approx(values) for number, values in numbers.items()
    }
    assert reading.models == tuple(sorted({m for each in numbers.values() for m in each if m}))
    assert reading.left_out == 0


def test_every_catalogue_with_metrics_has_a_page() -> None:
    assert {server for server, _ in EXPECTED.values()} == {kind.server for kind in KINDS}


def test_every_source_is_found_on_some_page() -> None:
    """But one: llama.cpp's use of its cache, which its newer pages no longer have."""
    pages = [samples(path.stem) for path in PAGES.glob("*.txt")]
    unseen = {
        source.family
        for kind in KINDS
        for source in kind.sources
        if not any(source.family in page for page in pages)
    }
    assert unseen == {"llamacpp:kv_cache_usage_ratio"}


@pytest.mark.parametrize("name", ["mlserver", "kserve", "torchserve"])
def test_a_page_that_tells_none_of_the_numbers_is_no_page(name: str) -> None:
    assert read(name) is None


def test_every_page_has_a_test() -> None:
    names = {path.stem for path in PAGES.glob("*.txt")}
    known = {
        each
        for name in EXPECTED
        for each in ([f"{name}1", f"{name}2"] if name[-1] == "-" else [name])
    }
    assert names == known | {"mlserver", "kserve", "torchserve"}
