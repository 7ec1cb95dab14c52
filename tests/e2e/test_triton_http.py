"""Wayside before a real Triton over HTTP/1.1: every byte as without it, every call counted as what it was."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.http_calls import Ask, as_json, call_all, call_both, counted, expected
from tests.e2e.triton import Triton, running_triton
from tests.harness.samples import metric
from tests.harness.wayside import running_wayside

CONNECTIONS = 8
CALLS = 100
VECTOR = list(range(16))
MODEL = "/v2/models/{model}"
VERSIONED = MODEL + "/versions/{version}"
STREAM = f"{MODEL}/generate_stream"


@pytest.fixture(scope="module")
def triton() -> Iterator[Triton]:
    """One server for all tests of this file."""
    with running_triton() as server:
        yield server


def tensors(**more: Any) -> list[dict[str, Any]]:
    """Return both inputs of `simple`; their values too, unless something else is said."""
    said = more or {"data": [VECTOR]}
    return [
        {"name": name, "datatype": "INT32", "shape": [1, 16], **said}
        for name in ("INPUT0", "INPUT1")
    ]


def binary() -> Ask:
    """Infer with the values behind the JSON, and ask for the same."""
    head = as_json(
        {
            "inputs": tensors(parameters={"binary_data_size": 64}),
            "parameters": {"binary_data_output": True},
        }
    )
    return Ask(
        f"{MODEL}/infer",
        "/v2/models/simple/infer",
        "200",
        "simple",
        "1",
        body=head + struct.pack("<32i", *VECTOR, *VECTOR),
        headers={"Inference-Header-Content-Length": str(len(head))},
    )


INFER = as_json({"id": "r-1", "inputs": tensors()})
FAILING = as_json({"inputs": [{"name": "IN", "datatype": "INT32", "shape": [1], "data": [1]}]})

# A model that never answered well is no label: anyone could ask for any name.
ASKS = [
    Ask("/v2/health/live", "/v2/health/live", kind="probe", verb="GET"),
    Ask("/v2/health/ready", "/v2/health/ready", kind="probe", verb="GET"),
    Ask(f"{MODEL}/ready", "/v2/models/simple/ready", kind="probe", verb="GET", model="simple"),
    Ask(f"{MODEL}/ready", "/v2/models/no/ready", "400", "unknown", kind="probe", verb="GET"),
    Ask("/v2", "/v2", kind="admin", verb="GET"),
    Ask(MODEL, "/v2/models/simple", kind="admin", verb="GET", model="simple"),
    Ask("/v2/repository/index", "/v2/repository/index", kind="admin"),
    Ask("_OTHER", "/nothing", "404", kind="admin", verb="GET"),
    Ask(f"{MODEL}/infer", "/v2/models/simple/infer", "200", "simple", "1", body=INFER),
    Ask(
        f"{VERSIONED}/infer", "/v2/models/simple/versions/1/infer", "200", "simple", "1", body=INFER
    ),
    Ask(f"{VERSIONED}/infer", "/v2/models/simple/versions/9/infer", "404", "simple", body=INFER),
    Ask(f"{MODEL}/infer", "/v2/models/no/infer", "404", "unknown", body=INFER),
    Ask(f"{MODEL}/infer", "/v2/models/simple/infer", "500", "simple", body=b"{"),
    Ask(f"{MODEL}/infer", "/v2/models/failing/infer", "500", "unknown", body=FAILING),
    binary(),
    Ask(f"{MODEL}/infer", "/v2/models/simple/infer", "200", "simple", "1", body=INFER),
]


def told(text: str, version: str, path: str = "generate_stream", code: str = "200") -> Ask:
    """Give `text` something to repeat; an error says no version."""
    body = as_json({"id": "g-1", "text_input": text})
    return Ask(f"{MODEL}/{path}", f"/v2/models/text/{path}", code, "text", version, body=body)


@pytest.mark.proves("oip", "triton", "live")
def test_each_kind_of_call_is_answered_and_counted_as_it_is(triton: Triton) -> None:
    """JSON and binary tensors, versions, errors, probes and administration, on one connection."""
    with running_wayside(triton.http_address) as wayside:
        answers = call_both(triton.http_address, wayside, ASKS)
        page = wayside.metrics()
        assert wayside.snapshot()["tap"]["connections"] == {"http1": 1}
    sums = struct.pack("<16i", *(2 * value for value in VECTOR))
    assert answers[-2].body.endswith(sums + bytes(64))
    assert "wayside_tokens_total{" not in page


@pytest.mark.proves("oip", "triton", "live")
def test_text_is_counted_by_what_is_streamed(triton: Triton) -> None:
    """An error inside an answer that began with 200 is a failure; one before it has a status of its own."""
    with running_wayside(triton.http_address) as wayside:
        asks = [
            told("one", "1", "generate"),
            told("one two", "", "generate"),
            told("one two three", "1"),
            told("one stop three", "1"),
            told("stop", "", code="400"),
        ]
        answers = call_both(triton.http_address, wayside, asks)
        requests = counted(wayside, field="requests")
        page = wayside.metrics()
    assert answers[2].body.count(b"data: {") == 3
    failed = {
        series[0]: count for series, count in requests.items() if series[3] == "IN_BAND_ERROR"
    }
    assert failed == {f"{MODEL}/generate": 1, STREAM: 1}
    assert sum(requests.values()) == len(asks)
    words = {"method": STREAM, "direction": "output", "source": "chunks"}
    assert metric(page, "wayside_tokens_total", model="text", **words) == 4


@pytest.mark.proves("oip", "triton", "live")
def test_many_connections_at_once(triton: Triton) -> None:
    """Calls by JSON and by binary tensors in turn: none is lost, none is counted twice."""
    address = triton.http_address
    asks = [ASKS[-2 + number % 2] for number in range(CALLS)]
    direct = call_all(address, asks)
    with running_wayside(address) as wayside, ThreadPoolExecutor(CONNECTIONS) as pool:
        jobs = [pool.submit(call_all, wayside.address, asks) for _ in range(CONNECTIONS)]
        assert all(job.result() == direct for job in jobs)
        wayside.wait_for_total(CONNECTIONS * CALLS, "calls")
        assert counted(wayside) == expected(asks * CONNECTIONS)
        assert wayside.snapshot()["tap"]["connections"] == {"http1": CONNECTIONS}
