"""A real Triton's own numbers, as Wayside tells them, beside what Triton's statistics say."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.triton import Triton, running_triton
from tests.harness.running import wait_until
from tests.harness.samples import metric
from tests.harness.wayside import Wayside, running_wayside

BATCH = "wayside_server_executed_batch_size"
QUEUE = "wayside_server_queue_depth"
INSTANCES = 2  # of the model `sleepy`
MAX_BATCH = 8
SLEEP_MILLISECONDS = 1500
CLIENTS = 8
CALL_SECONDS = 60.0


@pytest.fixture(scope="module")
def triton() -> Iterator[Triton]:
    """One server for all tests of this file."""
    with running_triton() as server:
        yield server


def config(triton: Triton) -> str:
    """Poll its metrics five times a second, and tell of them ten times."""
    url = f"http://127.0.0.1:{triton.metrics_port}/metrics"
    return f'server: {{metrics: "{url}", metrics_interval: 200ms}}\ncontrol: {{tick: 100ms}}\n'


def infer(triton: Triton, model: str, inputs: dict[str, list[list[int]]]) -> None:
    """Call a model over HTTP."""
    tensors = [
        {"name": name, "datatype": "INT32", "shape": [len(rows), len(rows[0])], "data": rows}
        for name, rows in inputs.items()
    ]
    request = urllib.request.Request(
        f"http://{triton.http_address}/v2/models/{model}/infer",
        json.dumps({"inputs": tensors}).encode(),
        {"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=CALL_SECONDS) as answer:
        answer.read()


def add(triton: Triton, items: int) -> None:
    """Call `simple` with so many items."""
    rows = [list(range(16))] * items
    infer(triton, "simple", {"INPUT0": rows, "INPUT1": rows})


def statistics(triton: Triton, model: str) -> dict[str, Any]:
    """Return what Triton counts of a model."""
    found: dict[str, Any] = json.loads(triton.get(f"/v2/models/{model}/stats"))["model_stats"][0]
    return found


def executed(triton: Triton) -> tuple[int, int]:
    """Return (inferences, executions) of `simple` so far."""
    now = statistics(triton, "simple")
    return now["inference_count"], now["execution_count"]


def shown(wayside: Wayside, name: str, model: str) -> float | None:
    """One sample of /metrics; None when absent."""
    try:
        return metric(wayside.metrics(), name, model=model)
    except KeyError:
        return None


def wait_for(wayside: Wayside, wanted: float | None, name: str, model: str) -> None:
    """Wait until a sample has a value, or is gone."""
    wayside.running.wait_for(lambda: shown(wayside, name, model) == wanted)


def test_the_executed_batch_is_the_one_that_triton_counts(triton: Triton) -> None:
    """Requests one at a time are executed alone: each mean that is shown is their size, exactly."""
    with running_wayside(triton.http_address, config=config(triton)) as wayside:
        wait_for(wayside, 0, QUEUE, "simple")
        for size in (4, 7, 1):
            # An interval in which both sizes were executed would have a mean between them.
            wait_for(wayside, None, BATCH, "simple")
            items, runs = executed(triton)
            means: set[float] = set()

            def call(size: int = size, means: set[float] = means) -> bool:
                add(triton, size)
                mean = shown(wayside, BATCH, "simple")
                means.update(() if mean is None else (mean,))
                return bool(means)

            wait_until(call)
            items, runs = (
                now - before for now, before in zip(executed(triton), (items, runs), strict=True)
            )
            assert means == {size}
            assert items / runs == size
        wait_for(wayside, None, BATCH, "simple")
        assert wayside.snapshot()["server"]["catalogue"] == "triton"
        assert set(wayside.snapshot()["server"]["models"]) == {
            "decoupled", "echo", "failing", "simple", "sleepy", "text", "unbatched",
        }  # fmt: skip


def test_batches_that_triton_made_itself_are_counted_as_its_statistics_do(triton: Triton) -> None:
    """Under a steady load the means of intervals lie about the mean of all of it."""
    before = executed(triton)
    means: list[float] = []
    busy = True

    def keep_calling(_: int) -> None:
        while busy:
            add(triton, 1)

    with (
        running_wayside(triton.http_address, config=config(triton)) as wayside,
        ThreadPoolExecutor(CLIENTS) as pool,
    ):
        calling = pool.map(keep_calling, range(CLIENTS))
        try:
            last: int = 0

            def look() -> bool:
                nonlocal last
                mean = shown(wayside, BATCH, "simple")
                asked = wayside.snapshot()["sequence"]
                if mean is not None and asked != last:
                    means.append(mean)
                last = asked
                return len(means) >= 5

            wayside.running.wait_for(look, CALL_SECONDS)
        finally:
            busy = False
            list(calling)
    items, runs = (now - then for now, then in zip(executed(triton), before, strict=True))
    sizes = [each["batch_size"] for each in statistics(triton, "simple")["batch_stats"]]
    assert items > runs, "the load made Triton batch"
    assert all(min(sizes) <= mean <= max(sizes) for mean in means)
    assert sum(means) / len(means) == pytest.approx(items / runs, rel=0.25)


def test_the_queue_is_the_one_that_triton_has(triton: Triton) -> None:
    """Full batches of a model that sleeps: all but those being executed wait, until they have been."""
    requests = INSTANCES + 5
    rows = [[SLEEP_MILLISECONDS]] * MAX_BATCH
    with (
        running_wayside(triton.http_address, config=config(triton)) as wayside,
        ThreadPoolExecutor(requests) as pool,
    ):
        wait_for(wayside, 0, QUEUE, "sleepy")
        calls = [pool.submit(infer, triton, "sleepy", {"MS": rows}) for _ in range(requests)]
        for waiting in (5, 3, 1, 0):
            wait_for(wayside, waiting, QUEUE, "sleepy")
            begun = requests - waiting
            answered = statistics(triton, "sleepy")["inference_stats"]["success"]["count"]
            assert begun - INSTANCES <= answered <= begun
        for call in calls:
            call.result()
        wait_for(wayside, None, BATCH, "sleepy")
    assert statistics(triton, "sleepy")["inference_stats"]["success"]["count"] == requests
    assert statistics(triton, "sleepy")["execution_count"] == requests
