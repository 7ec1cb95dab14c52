"""A model that never answered well: its failures burn from the first, and it has a name once the server names it."""

from __future__ import annotations

import grpc
import pytest

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.e2e.http_calls import Ask, as_json, call_all
from tests.e2e.outage import objective
from tests.fakes.broken import DESCRIBED, broken_server
from tests.fakes.metrics_server import serving_metrics
from tests.fakes.oip import INFERENCE, running_oip
from tests.harness.wayside import Wayside, running_wayside

CALLS = 29
CONFIG = """
control: {tick: 100ms}
slos:
  - {name: its, match: {model: "llam*"}, objective: 99%, good: {available: true}}
  - {name: all, objective: 99%, good: {available: true}}
  - {name: other, match: {model: "healthy-*"}, objective: 99%, good: {available: true}}
"""


def chat(model: str) -> Ask:
    """A call of OpenAI's API that will fail."""
    path = "/v1/chat/completions"
    return Ask(path, path, code="500", model=model, body=as_json({"model": model, "messages": []}))


def infer(model: str) -> Ask:
    """A call of the Open Inference Protocol that will fail."""
    return Ask("/v2/models/{model}/infer", f"/v2/models/{model}/infer", code="500", body=b"{}")


def fail_until_named(wayside: Wayside, ask: Ask, model: str) -> None:
    """Call until a call is counted under the model's name."""

    def is_named() -> bool:
        call_all(wayside.address, [ask])
        return wayside.total("calls", model=model) > 0

    wayside.running.wait_for(is_named)


def models(wayside: Wayside) -> set[str]:
    """Return the labels of inference."""
    return {row["model"] for row in wayside.snapshot()["calls"] if row["kind"] == "inference"}


def test_failures_burn_and_are_no_silence_before_anybody_names_the_model() -> None:
    """29 of 29: the objective of the model and the one of all models, and not another's."""
    with broken_server() as server, running_wayside(server.address, config=CONFIG) as wayside:
        call_all(wayside.address, [chat("llama")] * CALLS)
        wayside.wait_for_total(CALLS, "calls", outcome="server_error")
        for name, bad, state in (
            ("its", CALLS, "ok"),
            ("all", CALLS, "ok"),
            ("other", 0, "no_traffic"),
        ):
            said = objective(wayside, name)
            events = [said["events"][each] for each in ("good", "bad", "excluded")]
            assert (events, said["state"]) == ([0, bad, 0], state), name
        assert models(wayside) == {"unknown"}


@pytest.mark.parametrize(
    ("path", "listed", "ask"),
    [
        ("/v1/models", {"data": [{"id": "other"}, {"id": "llama"}]}, chat("llama")),
        ("/v1/models", {"models": ["llama"]}, chat("llama")),
        ("/api/tags", {"models": [{"name": "llama"}]}, chat("llama")),
    ],
)
def test_a_model_in_the_servers_list_has_its_name(path: str, listed: object, ask: Ask) -> None:
    with (
        broken_server(lists={path: listed}) as server,
        running_wayside(server.address, config=CONFIG) as wayside,
    ):
        fail_until_named(wayside, ask, "llama")
        assert models(wayside) == {"unknown", "llama"}, "what was counted before stays there"
        assert path in server.got


def test_a_model_that_the_server_describes_has_its_name() -> None:
    """Over HTTP; one that it does not describe has none."""
    with (
        broken_server(describes=("llama",)) as server,
        running_wayside(server.address, config=CONFIG) as wayside,
    ):
        call_all(wayside.address, [infer("nothing")])
        fail_until_named(wayside, infer("llama"), "llama")
        wayside.running.wait_for(lambda: f"{DESCRIBED}nothing" in server.got)
        described = {path for path in server.got if path.startswith(DESCRIBED)}
        assert sorted(described) == [f"{DESCRIBED}llama", f"{DESCRIBED}nothing"]
        assert models(wayside) == {"unknown", "llama"}


def test_a_model_that_the_server_describes_over_grpc_has_its_name() -> None:
    request = oip.ModelInferRequest(model_name="llama")
    request.parameters["status"].int64_param = grpc.StatusCode.INTERNAL.value[0]
    with (
        running_oip() as (upstream, _),
        running_wayside(upstream, config=CONFIG) as wayside,
        grpc.insecure_channel(wayside.address) as channel,
    ):
        infer_unary: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            f"/{INFERENCE}/ModelInfer"
        )

        def is_named() -> bool:
            with pytest.raises(grpc.RpcError):
                infer_unary(request.SerializeToString())
            return wayside.total("calls", model="llama", code="INTERNAL") > 0

        wayside.running.wait_for(is_named)
        assert wayside.total("calls", kind="admin") == 0, "what is asked is in no count"


def test_a_scan_of_random_names_makes_no_label_and_ten_questions_a_minute() -> None:
    """Each of them looks as broken as a model that is; the server has none of them."""
    scan = [infer(f"scan-{number}") for number in range(500)]
    with broken_server() as server, running_wayside(server.address, config=CONFIG) as wayside:
        call_all(wayside.address, scan)
        wayside.running.wait_for(lambda: len(server.got) > 0)
        call_all(wayside.address, scan)
        wayside.wait_for_total(2 * len(scan), "calls", model="unknown", code="500")
        asked = [path for path in server.got if path.startswith(DESCRIBED)]
        minutes = 1 + wayside.snapshot()["uptime_seconds"] // 60  # one, but on a very slow machine
        assert 0 < len(asked) <= 10 * minutes
        assert models(wayside) == {"unknown"}


def test_nobody_is_asked_where_that_is_forbidden() -> None:
    """The lists and the descriptions are there, and stay unasked; only the server's page names a model then."""
    forbidden = "server: {probe_models: false}\n" + CONFIG
    lists = {"/v1/models": {"data": [{"id": "llama"}]}}
    with (
        broken_server(lists=lists) as server,
        running_wayside(server.address, config=forbidden) as wayside,
    ):
        call_all(wayside.address, [chat("llama")] * CALLS)
        wayside.wait_for_total(CALLS, "calls", model="unknown")
        asked_after = wayside.snapshot()["sequence"] + 3  # each tick is an occasion to ask
        wayside.running.wait_for(lambda: wayside.snapshot()["sequence"] > asked_after)
        assert server.got == []


def test_a_model_on_the_servers_own_page_has_its_name_with_its_first_call() -> None:
    page = 'vllm:num_requests_waiting{engine="0",model_name="llama"} 2\n'
    with broken_server() as server, serving_metrics(page) as metrics:
        polled = (
            f'server: {{metrics: "{metrics.url}", metrics_interval: 200ms, probe_models: false}}'
        )
        with running_wayside(server.address, config=f"{polled}\n{CONFIG}") as wayside:
            wayside.running.wait_for(lambda: "wayside_server_queue_depth" in wayside.metrics())
            assert models(wayside) == set(), "who is not called is no label"
            call_all(wayside.address, [chat("llama"), chat("elsewhere")])
            wayside.wait_for_total(2, "calls")
            assert models(wayside) == {"llama", "unknown"}
