"""What the client says is held against what it was asked for."""

from __future__ import annotations

import pytest

from bench.__main__ import calls_of
from bench.contenders import CONTENDERS
from bench.loads import (
    FEWEST_CALLS,
    Latency,
    LoadFailedError,
    check_count,
    check_rate,
    latency,
    loads,
    pace,
    request,
)
from bench.token_server import CHUNK, CHUNKS, MESSAGE_BYTES
from sidecar.demo.proto import wayside_demo_oip_pb2 as oip

SAID = """finished in 1.00s, 100.00 req/s, 1.00KB/s
requests: 100 total, 100 started, 100 done, {good} succeeded, {bad} failed, 0 errored, 0 timeout
status codes: {fine} 2xx, 0 3xx, 0 4xx, {wrong} 5xx
traffic: 1.00KB (1024) total, 1B (1) headers (space savings 90.00%), 24.10KB ({data}) data
"""


def said(good: int = 100, fine: int = 100, data: int = 24_100) -> str:
    """Return h2load's summary."""
    return SAID.format(good=good, bad=100 - good, fine=fine, wrong=100 - fine, data=data)


def test_a_round_in_which_all_calls_came_back_is_taken() -> None:
    check_count(said(), 100, 24_100)


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (said(good=99), "99 succeeded, 1 failed"),
        (said(fine=98), "98 with 2xx"),
        (said(data=24_099), "24099 bytes came back instead of 24100"),
        ("could not connect", "the client said: could not connect"),
    ],
)
def test_a_round_with_anything_missing_is_not(output: str, reason: str) -> None:
    with pytest.raises(LoadFailedError, match=reason):
        check_count(output, 100, 24_100)


def log_of(gaps_us: list[int]) -> str:
    """Return h2load's log of calls that start these times after one another and last 7 µs more each time."""
    start, lines = 1_000_000, []
    for place, gap in enumerate(gaps_us):
        start += gap
        lines.append(f"{start}\t200\t{7 * (place + 1)}")
    return "\n".join(reversed(lines)) + "\n"


def test_the_log_is_summed_up_in_any_order() -> None:
    assert latency(log_of([1] * 200), 5.0) == Latency(7 * 101, 7 * 199, 5.0)


def test_an_open_loop_holds_its_rate_but_for_its_ends() -> None:
    check_rate(log_of([5000] * 50 + [1000] * 900 + [5000] * 50), 1000)
    for gap in (1030, 970):
        with pytest.raises(LoadFailedError, match="calls/s were made instead of 1,000"):
            check_rate(log_of([gap] * 1000), 1000)


def test_a_burst_is_no_rate() -> None:
    with pytest.raises(LoadFailedError):
        check_rate(log_of([0] * 100), 1000)


def test_the_loads_are_those_that_are_promised() -> None:
    """100,000 calls a round at 64 in flight, 1,000 calls/s over 64 connections, as many chunks as calls."""
    shapes = {load.name: load for load in loads(100_000)}
    busy, open_loop, stream = shapes["busy"], shapes["open"], shapes["stream"]
    assert (busy.calls, busy.connections * busy.streams) == (100_000, 64)
    assert (open_loop.connections, open_loop.per_second) == (64, 1000)
    assert pace(open_loop) == ["--rps=15.625", "-r1", "--rate-period=1ms"]
    assert pace(busy) == []
    assert stream.calls * stream.parts >= 100_000
    assert stream.path.endswith("/ModelStreamInfer")
    assert shapes["single"].connections * shapes["single"].streams == 1
    assert shapes["big"].answer_bytes() > 600_000


def test_slow_contenders_make_fewer_calls_but_hold_an_open_loop() -> None:
    slow = next(one for one in CONTENDERS if one.share < 1)
    shapes = {load.name: load for load in loads(100_000)}
    assert calls_of(shapes["busy"], slow) == 100_000 * slow.share
    assert calls_of(shapes["big"], slow) == FEWEST_CALLS
    assert calls_of(shapes["open"], slow) == shapes["open"].calls


def test_requests_and_chunks_are_whole_messages_after_a_prefix() -> None:
    body = request(192)
    assert body[:5] == b"\0" + len(body[5:]).to_bytes(4, "big")
    assert oip.ModelInferRequest.FromString(body[5:]).model_name == "resnet50"
    assert CHUNK[:5] == b"\0" + MESSAGE_BYTES.to_bytes(4, "big")
    assert oip.ModelStreamInferResponse.FromString(CHUNK[5:]).infer_response.model_name == "chat"
    assert CHUNKS > 1
