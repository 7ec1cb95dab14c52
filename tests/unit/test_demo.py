"""The demo's own parts: its batching, its reading of a snapshot, its arguments."""

from __future__ import annotations

import argparse
import asyncio
import random
from typing import Any

import pytest

from sidecar.demo import duration_seconds, rate
from sidecar.demo.batching import Batcher
from sidecar.demo.models import LOAD_SHARES, MODELS, DemoModel
from sidecar.demo.reading import see

INSTANT = DemoModel("instant", "1", fixed_ms=0.0, per_item_ms=0.0, max_batch=4, max_delay_ms=0.0)


def executed_batches(model: DemoModel, requests: int) -> list[int]:
    """Submit requests at one moment; return the size of the batch that each was executed in."""

    async def submit_all() -> list[int]:
        batcher = Batcher(model, random.Random(0))
        loop = asyncio.ensure_future(batcher.run())
        sizes = await asyncio.gather(*(batcher.submit() for _ in range(requests)))
        loop.cancel()
        return list(sizes)

    return asyncio.run(submit_all())


def test_a_full_batch_never_exceeds_the_largest_allowed() -> None:
    """Ten requests at once, four to a batch: 4, 4 and 2."""
    assert executed_batches(INSTANT, 10) == [4] * 8 + [2] * 2


def test_a_request_alone_is_not_held_for_ever() -> None:
    """Without company a request runs once the longest delay is over."""
    patient = DemoModel(
        "patient", "1", fixed_ms=0.0, per_item_ms=0.0, max_batch=4, max_delay_ms=5.0
    )
    assert executed_batches(patient, 1) == [1]


def test_the_load_asks_only_for_models_there_are() -> None:
    """Shares add up to one, over unary models."""
    assert sum(LOAD_SHARES.values()) == pytest.approx(1.0)
    assert all(MODELS[name].tokens == 0 for name in LOAD_SHARES)


@pytest.mark.parametrize(("text", "seconds"), [("20s", 20), ("1.5m", 90), ("500ms", 0.5), ("7", 7)])
def test_durations_are_read(text: str, seconds: float) -> None:
    """All the units, and bare seconds."""
    assert duration_seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "0s", "-3s", "soon", "1d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    """With a text that says what to write."""
    with pytest.raises(argparse.ArgumentTypeError, match="is not a duration"):
        duration_seconds(text)


@pytest.mark.parametrize("text", ["0", "-1", "x", "1e9", "nan"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    """A demo must not be asked to melt its machine."""
    with pytest.raises(argparse.ArgumentTypeError, match="is not a rate"):
        rate(text)


def snapshot(uptime_seconds: float, calls: int) -> dict[str, Any]:
    """Make as much of a snapshot as the demo reads."""
    row = {"model": "bert", "kind": "inference", "outcome": "ok", "calls": calls}
    probe = {"model": "", "kind": "probe", "outcome": "ok", "calls": 99}
    latency = {"p50": 0.02, "p99": 0.09}
    return {
        "uptime_seconds": uptime_seconds,
        "calls": [row, probe],
        "in_flight": [{"model": "bert", "kind": "inference", "calls": 3}],
        "timings": [
            {"model": "bert", "kind": "inference", "outcome": "ok", "latency_seconds": latency}
        ],
        "objectives": [
            {"name": "fast", "state": "ok", "events": {"good": 9, "bad": 1, "excluded": 0}}
        ],
        "upstreams": [{"up": True}],
    }


def test_two_snapshots_make_a_sight() -> None:
    """The rate is what happened between the two; probes are no load."""
    sight = see(snapshot(10.0, 100), snapshot(12.0, 150), {"objectives": []})
    assert list(sight.models) == ["bert"]
    bert = sight.models["bert"]
    assert (bert.calls_per_second, bert.in_flight, bert.outcomes) == (25.0, 3, {"ok": 150})
    assert (bert.p50_seconds, bert.p99_seconds) == (0.02, 0.09)
    assert (sight.objectives["fast"].good, sight.objectives["fast"].bad) == (9, 1)
    assert sight.upstream_up


def test_one_snapshot_has_no_rate() -> None:
    """The first look has nothing before it: no rate is not a rate of zero."""
    same = snapshot(10.0, 100)
    assert see(same, same, {"objectives": []}).models["bert"].calls_per_second is None
