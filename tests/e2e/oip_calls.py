"""The Open Inference Protocol over gRPC, called on many connections at once, direct and through Wayside."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.e2e.grpc_calls import DATA, INFER, STREAM_INFER, Seen, connected, inference
from tests.e2e.http_calls import Series, counted
from tests.harness.samples import shapes
from tests.harness.wayside import Wayside

CONNECTIONS = 8
UNARY = 40
STREAMED = 20
READY = "inference.GRPCInferenceService/ServerReady"


def _called(address: str, model: str, streamed: bool) -> list[Seen]:
    with connected(address) as client:
        calls = [client.call(INFER, inference(model, id=str(each))) for each in range(UNARY)]
        calls += [client.infer("no"), client.call(READY, b"")]
        if streamed:
            requests = [inference(model, id=str(each)) for each in range(STREAMED)]
            calls += [client.call(STREAM_INFER, *requests)]
        return calls


def infer_both(
    direct: str, wayside: Wayside, model: str, version: str, *, streamed: bool
) -> list[Seen]:
    """Call a server of one model: the same answers both ways, and each counted once, as what it was."""
    answers = _called(direct, model, streamed)
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        jobs = [pool.submit(_called, wayside.address, model, streamed) for _ in range(CONNECTIONS)]
        assert all(job.result() == answers for job in jobs)
    unary: Series = (INFER, model, version, "OK")
    stream: Series = (STREAM_INFER, model, version, "OK")
    calls: dict[Series, int] = {
        unary: UNARY * CONNECTIONS,
        (INFER, "unknown", "", "NOT_FOUND"): CONNECTIONS,
    }
    requests = dict(calls)
    if streamed:
        calls[stream] = CONNECTIONS
        requests[stream] = CONNECTIONS * STREAMED
    wayside.wait_for_total(CONNECTIONS * len(answers), "calls")
    assert counted(wayside) == calls
    assert counted(wayside, field="requests") == requests
    answered = sum(count for series, count in requests.items() if series[-1] == "OK")
    assert shapes(wayside.metrics(), model) == {f"UINT8[1,{len(DATA)}]": answered}
    assert counted(wayside, "probe") == {(READY, "", "", "OK"): CONNECTIONS}
    assert wayside.snapshot()["tap"]["blind"] == {}
    return answers
