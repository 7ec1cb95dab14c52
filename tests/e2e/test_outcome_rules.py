"""What codes count as, by the user's word and the catalogue's: on /metrics, and to objectives."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

from tests.fakes.http_server import Answering, serving
from tests.harness.running import START_SECONDS
from tests.harness.samples import metric
from tests.harness.wayside import Wayside, running_wayside

CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
CONFIG = """\
slos:
  - {name: answers, objective: 99%, good: {available: {give_up: 10s}}}
  - {name: fast, objective: 99%, good: {latency_below: 1h}}
outcomes:
  429: client_error
  409:
    - {message: Over Quota, outcome: shed}
    - timeout
"""
# What is answered, as (path, status, words), and what it counts as.
CALLS = [
    ((CHAT, 200, ""), "ok"),
    ((CHAT, 200, ""), "ok"),
    ((CHAT, 429, "slow down"), "client_error"),  # by the user
    ((CHAT, 409, "this key is over quota"), "shed"),  # by the user, for its words
    ((CHAT, 409, "busy"), "timeout"),  # by the user
    ((CHAT, 503, "The request queue is full."), "shed"),  # by the catalogue, for its words
    ((CHAT, 503, "Loading model"), "server_error"),
    ((CHAT, 424, "no"), "server_error"),
    ((RESPONSES, 424, "no"), "client_error"),  # by the catalogue
    ((CHAT, 404, "no such model"), "client_error"),
    ((CHAT, 499, "gone"), "cancelled"),
]


class AsAsked(Answering):
    """Answers with the status and the words that the request names."""

    def do_POST(self) -> None:
        """Answer one request."""
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        said = {"model": "llama", "choices": []} if asked["status"] == 200 else asked["answer"]
        body = json.dumps(said).encode()
        self.send_response(asked["status"])
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def told() -> Iterator[tuple[Wayside, str]]:
    """Wayside after these calls, and its page."""
    with serving(AsAsked) as upstream, running_wayside(upstream, config=CONFIG) as wayside:
        client = HTTPConnection(wayside.address, timeout=START_SECONDS)
        for (path, status, words), _ in CALLS:
            asked = {"model": "llama", "status": status, "answer": {"error": {"message": words}}}
            client.request("POST", path, json.dumps(asked), {"content-type": "application/json"})
            answer = client.getresponse()
            answer.read()
            assert answer.status == status
        client.close()
        wayside.wait_for_total(len(CALLS), "calls")
        yield wayside, wayside.metrics()


def test_each_call_is_told_with_what_it_counts_as(told: tuple[Wayside, str]) -> None:
    counted = Counter((path, str(status), outcome) for (path, status, _), outcome in CALLS)
    for (path, status, outcome), count in counted.items():
        labels = {"method": path, "code": status, "outcome": outcome}
        assert metric(told[1], "wayside_calls_total", **labels) == count
        assert metric(told[1], "wayside_requests_total", **labels) == count
    assert metric(told[1], "wayside_calls_total") == len(CALLS)


@pytest.mark.parametrize("slo", ["answers", "fast"])
def test_objectives_count_by_outcome_and_leave_nothing_out_unseen(
    slo: str, told: tuple[Wayside, str]
) -> None:
    by_outcome = Counter(outcome for _, outcome in CALLS)
    events = {
        outcome: metric(told[1], "wayside_slo_events_total", slo=slo, outcome=outcome)
        for outcome in ("good", "bad", "excluded")
    }
    assert events == {
        "good": by_outcome["ok"],
        "bad": by_outcome["shed"] + by_outcome["timeout"] + by_outcome["server_error"],
        "excluded": by_outcome["client_error"] + by_outcome["cancelled"],
    }
    for reason in ("client_error", "cancelled"):
        excluded = metric(told[1], "wayside_slo_excluded_total", slo=slo, reason=reason)
        assert excluded == by_outcome[reason]
    assert metric(told[1], "wayside_slo_excluded_total", slo=slo) == events["excluded"]


def test_the_api_says_the_same(told: tuple[Wayside, str]) -> None:
    document = told[0].snapshot()
    by_outcome: Counter[str] = Counter()
    for row in document["calls"]:
        by_outcome[row["outcome"]] += row["calls"]
    assert by_outcome == Counter(outcome for _, outcome in CALLS)
    for objective in document["objectives"]:
        events = objective["events"]
        assert sum(objective["excluded_by"].values()) == events["excluded"] == 4
