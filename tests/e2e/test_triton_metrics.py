"""A real Triton's own numbers, as Wayside tells them, beside what Triton's statistics say."""

from __future__ import annotations

import itertools
import json
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.triton import Triton, running_triton
from tests.fakes.http_server import Answering, serving
from tests.harness.running import wait_until
from tests.harness.samples import metric
from tests.harness.wayside import Wayside, running_wayside

BATCH = "wayside_server_executed_batch_size"
QUEUE = "wayside_server_queue_depth"
INSTANCES = 2  # of the model `sleepy`
MAX_BATCH = 8
WAIT = -1
"""Milliseconds that `sleepy` takes to mean: until it is let go."""
CLIENTS = 8
LOOKS = 5
CALL_SECONDS = 300.0


@pytest.fixture(scope="module")
def triton() -> Iterator[Triton]:
    """One server for all tests of this file."""
    with running_triton() as server:
        yield server


def config(triton: Triton) -> str:
    """Poll Triton's metrics five times a second, and tell of them ten times."""
    return polling(f"http://127.0.0.1:{triton.metrics_port}/metrics")


def polling(url: str) -> str:
    """The same of any page."""
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


def since(triton: Triton, before: tuple[int, int]) -> tuple[int, int]:
    """Return (inferences, executions) of `simple` since then."""
    now = executed(triton)
    return now[0] - before[0], now[1] - before[1]


def successes(triton: Triton) -> int:
    """Count the requests that `sleepy` has answered."""
    count: int = statistics(triton, "sleepy")["inference_stats"]["success"]["count"]
    return count


def let_go(triton: Triton, number: int) -> None:
    """Let one batch of `sleepy` go; each time takes another number."""
    (triton.repository / "sleepy" / f"let-go-{number}").touch()


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
    """Requests one at a time are executed alone: the mean of an interval of nothing else is their size."""
    with running_wayside(triton.http_address, config=config(triton)) as wayside:
        wait_for(wayside, 0, QUEUE, "simple")
        for size in (4, 7, 1):
            # Where nothing was executed there is no mean, and none is shown.
            wait_for(wayside, None, BATCH, "simple")
            before = executed(triton)

            def call(size: int = size) -> bool:
                add(triton, size)
                return shown(wayside, BATCH, "simple") == size

            wayside.running.wait_for(call)
            items, runs = since(triton, before)
            assert items == size * runs
        wait_for(wayside, None, BATCH, "simple")
        assert wayside.snapshot()["server"]["catalogue"] == "triton"
        assert set(wayside.snapshot()["server"]["models"]) == {
            "decoupled", "echo", "failing", "simple", "sleepy", "text", "unbatched",
        }  # fmt: skip


def settled_page(triton: Triton) -> bytes:
    """Return Triton's own page once it has all that its statistics have."""
    pages = [b""]

    def is_settled() -> bool:
        pages.append(triton.get("/metrics", metrics=True))
        text = pages[-1].decode()
        names = ("nv_inference_count", "nv_inference_exec_count")
        return tuple(metric(text, name, model="simple") for name in names) == executed(triton)

    wait_until(is_settled)
    return pages[-1]


def make_it_batch(triton: Triton, before: tuple[int, int]) -> None:
    """Call from many threads at once until Triton has put some of the calls together."""
    with ThreadPoolExecutor(CLIENTS) as pool:

        def has_batched() -> bool:
            list(pool.map(lambda _: add(triton, 1), range(10 * CLIENTS)))
            items, runs = since(triton, before)
            return items > runs

        wait_until(has_batched)


def test_batches_that_triton_made_itself_are_counted_as_its_statistics_do(triton: Triton) -> None:
    """Two pages of Triton's with a load between them: each mean that is shown is the load's, exactly.

    The pages are told in turn, so that one interval with the load follows another for as long as it takes to look.
    """
    before, pages = executed(triton), [settled_page(triton)]
    make_it_batch(triton, before)
    pages.append(settled_page(triton))
    items, runs = since(triton, before)
    told = itertools.cycle(pages)

    class Telling(Answering):
        def do_GET(self) -> None:
            page = next(told)
            self.send_response(200)
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

    with (
        serving(Telling) as address,
        running_wayside(triton.http_address, config=polling(f"http://{address}/")) as wayside,
    ):
        means: list[float] = []

        def look() -> bool:
            mean = shown(wayside, BATCH, "simple")
            means.extend(() if mean is None else (mean,))
            return len(means) >= LOOKS

        wayside.running.wait_for(look)
    assert set(means) == {items / runs}


def test_the_queue_is_the_one_that_triton_has(triton: Triton) -> None:
    """Full batches of a model that waits to be let go: all but those being executed are in the queue, to the last."""
    requests = INSTANCES + 5
    rows = [[WAIT]] * MAX_BATCH
    with (
        running_wayside(triton.http_address, config=config(triton)) as wayside,
        ThreadPoolExecutor(requests) as pool,
    ):
        wait_for(wayside, 0, QUEUE, "sleepy")
        calls = [pool.submit(infer, triton, "sleepy", {"MS": rows}) for _ in range(requests)]
        try:
            for answered in range(requests):
                wait_until(lambda answered=answered: successes(triton) == answered)  # type: ignore[misc]
                wait_for(wayside, max(0, requests - INSTANCES - answered), QUEUE, "sleepy")
                let_go(triton, answered)
        finally:
            for number in range(requests):
                let_go(triton, requests + number)
        for call in calls:
            call.result()
        wait_until(lambda: successes(triton) == requests)
        wait_for(wayside, None, BATCH, "sleepy")
    assert statistics(triton, "sleepy")["execution_count"] == requests
