"""The model server's own numbers through a whole Wayside: read while they are there, and gone when they are not."""

from __future__ import annotations

from tests.fakes.metrics_server import MetricsServer, serving_metrics
from tests.harness.samples import metric
from tests.harness.wayside import Wayside, running_wayside

PAGE = """\
# TYPE nv_inference_pending_request_count gauge
nv_inference_pending_request_count{{model="bert",version="1"}} {pending}
# TYPE nv_inference_count counter
nv_inference_count{{model="bert",version="1"}} {items}
# TYPE nv_inference_exec_count counter
nv_inference_exec_count{{model="bert",version="1"}} {runs}
"""
NUMBERS = tuple(
    f"wayside_server_{name}"
    for name in ("queue_depth", "running", "kv_cache_usage_ratio", "executed_batch_size")
)
SAID = "own numbers"


def page(pending: int, items: int, runs: int) -> str:
    """Return what a Triton says."""
    return PAGE.format(pending=pending, items=items, runs=runs)


def config(server: MetricsServer, more: str = "") -> str:
    """Poll it five times a second, and tell of it ten times."""
    asked = f'server: {{metrics: "{server.url}", metrics_interval: 200ms{more}}}'
    return f"{asked}\ncontrol: {{tick: 100ms}}\n"


def value(wayside: Wayside, name: str, **labels: str) -> float | None:
    """One sample of /metrics; None when absent."""
    try:
        return metric(wayside.metrics(), f"wayside_{name}", **labels)
    except KeyError:
        return None


def wait_for(wayside: Wayside, wanted: float | None, name: str, **labels: str) -> None:
    """Wait until a sample has a value, or is gone."""
    wayside.running.wait_for(lambda: value(wayside, name, **labels) == wanted)


def wait_for_failures(wayside: Wayside, reason: str, times: int) -> None:
    """Wait until so many polls have failed for a reason."""
    name = "server_metrics_failed_polls_total"
    wayside.running.wait_for(lambda: (value(wayside, name, reason=reason) or 0) >= times)


def said(wayside: Wayside, word: str) -> int:
    """Count the lines of the log about the server's own numbers that hold a word."""
    return sum(SAID in line and word in line for line in wayside.running.text().splitlines())


def gone(wayside: Wayside) -> bool:
    """Tell whether no number of the server is shown."""
    text = wayside.metrics()
    return not any(name in text for name in NUMBERS)


def test_numbers_are_there_while_the_server_tells_them() -> None:
    """Through every way to fail: absent and not 0, counted by reason, said once; and back again."""
    with (
        serving_metrics(page(3, 0, 0)) as server,
        running_wayside(server.address, config=config(server)) as wayside,
    ):
        wait_for(wayside, 3, "server_queue_depth", model="bert")
        assert value(wayside, "server_metrics_up") == 1
        assert value(wayside, "server_executed_batch_size") is None
        failures = {
            "silent": "timeout",
            "missing": "status",
            "reset": "unreachable",
            "huge": "too_large",
            "garbage": "malformed",
        }
        for manner, reason in failures.items():
            server.manner = manner
            wait_for_failures(wayside, reason, 2)
            assert gone(wayside)
            assert value(wayside, "server_metrics_up") == 0
            assert said(wayside, f"reason={reason}") == 1
            server.manner = "good"
            wait_for(wayside, 3, "server_queue_depth", model="bert")
        document = wayside.snapshot()
        assert document["server"]["catalogue"] == "triton"
        assert document["server"]["models"] == ["bert"]
        assert document["tap"]["control_restarts"] == {}, "control went on through all of it"


def test_a_page_that_changes_loses_what_it_no_longer_has() -> None:
    """A family that is gone is absent alone; a page of somebody else takes everything with it."""
    with (
        serving_metrics(page(3, 0, 0)) as server,
        running_wayside(server.address, config=config(server)) as wayside,
    ):
        wait_for(wayside, 3, "server_queue_depth")
        server.page = page(3, 0, 0).partition("# TYPE nv_inference_count")[2].encode()
        wait_for(wayside, None, "server_queue_depth")
        assert value(wayside, "server_metrics_up") == 1
        wayside.running.wait_for(lambda: said(wayside, "gone=queue_depth") == 1)
        server.page = b'vllm:num_requests_waiting{engine="0",model_name="llama"} 2\n'
        wait_for(wayside, 2, "server_queue_depth", model="llama")
        assert wayside.snapshot()["server"]["models"] == ["llama"]
        server.page = b"<html>Not here</html>\n"
        wayside.running.wait_for(lambda: gone(wayside))
        assert value(wayside, "server_metrics_up") == 0
        wait_for_failures(wayside, "unmapped", 1)


def test_a_restarted_server_gives_no_wild_mean() -> None:
    """Counters that began anew are counted from there: every mean ever shown is one that was executed."""
    shown: set[float] = set()

    def shows(wayside: Wayside, wanted: float) -> bool:
        now = value(wayside, "server_executed_batch_size", model="bert")
        if now is not None:
            shown.add(now)
        return now == wanted

    # One interval lies between two polls, and a scrape may miss it: the page grows until the mean was seen.
    items, runs = 10_000, 1_000
    with (
        serving_metrics(page(0, items, runs)) as server,
        running_wayside(server.address, config=config(server)) as wayside,
    ):
        wait_for(wayside, 0, "server_queue_depth")

        def grow(per_run: int) -> bool:
            nonlocal items, runs
            items, runs = items + 2 * per_run, runs + 2
            server.page = page(0, items, runs).encode()
            return shows(wayside, per_run)

        wayside.running.wait_for(lambda: grow(4))
        items, runs = 3, 3
        wayside.running.wait_for(lambda: grow(6))
        server.page = page(1, items, runs).encode()
        wait_for(wayside, 1, "server_queue_depth")
        wait_for(wayside, None, "server_executed_batch_size")
    assert all(1 <= mean <= 6 for mean in shown), shown
    assert {4, 6} <= shown


def test_without_an_address_nothing_is_said() -> None:
    """Not asked for is not silent: no line, and no 0."""
    with serving_metrics(page(3, 0, 0)) as server, running_wayside(server.address) as wayside:
        assert "wayside_server_" not in wayside.metrics()
        assert "server" not in wayside.snapshot()
        assert server.asked == []


def test_an_edit_of_the_address_is_taken_up() -> None:
    """Like everything but the listeners."""
    with (
        serving_metrics(page(3, 0, 0)) as first,
        serving_metrics(page(5, 0, 0)) as second,
        running_wayside(first.address, config=config(first)) as wayside,
    ):
        wait_for(wayside, 3, "server_queue_depth")
        wayside.config.write_text(config(second, ", type: triton"))
        wait_for(wayside, 5, "server_queue_depth")
        wayside.config.write_text("{}\n")
        wayside.running.wait_for(lambda: "wayside_server_" not in wayside.metrics())
