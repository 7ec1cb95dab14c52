"""The benchmark's server of token streams: a real client takes its streams, and Wayside reads every one."""

from __future__ import annotations

import os

import grpc

from bench.ends import token_server
from bench.token_server import CHUNKS, MESSAGE_BYTES
from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.harness.running import START_SECONDS
from tests.harness.samples import metric
from tests.harness.wayside import running_wayside

METHOD = "/inference.GRPCInferenceService/ModelStreamInfer"
STREAMS = 3


def test_a_stream_is_whole_and_read() -> None:
    """grpcio keeps flow control: 75,000 bytes of one stream do not fit into its first window."""
    core = min(os.sched_getaffinity(0))
    request = oip.ModelInferRequest(model_name="chat", id="1").SerializeToString()
    with (
        token_server(core) as upstream,
        running_wayside(upstream) as wayside,
        grpc.insecure_channel(wayside.address) as channel,
    ):
        ask: grpc.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(METHOD)
        calls = [ask(iter([request]), timeout=START_SECONDS) for _ in range(STREAMS)]
        answers = [[len(message) for message in call] for call in calls]
        wayside.wait_for_total(STREAMS, "calls", model="chat", code="OK")
        page = wayside.metrics()
    assert answers == [[MESSAGE_BYTES] * CHUNKS] * STREAMS
    gaps = metric(page, "wayside_response_gap_seconds_count", model="chat")
    assert gaps == STREAMS * (CHUNKS - 1)
