"""A real gRPC-Web server through Wayside, in binary and in base64: the same answers, and what they said is counted."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from pathlib import Path

from tests.e2e.model_server import running_model_server
from tests.harness.samples import metric
from tests.harness.wayside import running_wayside
from tests.provision.parts import require

CLIENTS = Path(__file__).with_name("grpc_web_clients.py")
LIMIT_SECONDS = 120.0
ENCODINGS = 2
CONFIG = "slos: [{name: answers, objective: 99%, good: {available: true}}]\n"
# How the calls of each encoding end, by what the server says, and of how many a handler raises.
BY_STATUS = {"OK": 2, "UNAVAILABLE": 2, "NOT_FOUND": 1}
RAISED = 1
# What the server's messages are, and how many of two tokens a stream has.
IRIS, TOKENS = "0a0469726973", "0a040a020708"
MESSAGES = 3


def calls_of_clients(address: str) -> dict[str, list[str]]:
    """Make all calls to an address; return what was understood of each."""
    python = require("grpc-web") / "bin" / "python"
    done = subprocess.run(
        [python, CLIENTS, address],
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, list[str]] = json.loads(done.stdout)
    return said


def test_a_real_server_says_the_same_and_its_status_is_counted() -> None:
    with (
        running_model_server("grpc-web", "sonora_iris.py", "{}", ready="/") as server,
        running_wayside(server.http, config=CONFIG) as wayside,
    ):
        direct = calls_of_clients(server.http)
        assert calls_of_clients(wayside.address) == direct
        wayside.wait_for_total(len(direct), "calls")
        rows, page = wayside.snapshot()["calls"], wayside.metrics()
    assert direct["binary ModelInfer iris"] == [IRIS]
    assert direct["binary Generate unloaded"] == [
        *[TOKENS] * MESSAGES,
        "UNAVAILABLE",
        "model is unloaded",
    ]
    assert direct["binary ModelInfer missing"] == ["NOT_FOUND", "no such model: é"]
    assert "=AAAA" in direct["text Generate iris"][2], "padding recurs within the body"

    counted: Counter[str] = Counter()
    for row in rows:
        assert row["ended_by"] == "server", row
        counted[row["code"]] += row["calls"]
    raised = counted.pop("500", 0) + counted.pop("UNKNOWN", 0)
    assert counted == {code: ENCODINGS * count for code, count in BY_STATUS.items()}
    assert raised == ENCODINGS * RAISED, (
        "of an answer that is none of gRPC's, what HTTP's status says"
    )

    def events(outcome: str) -> float:
        return metric(page, "wayside_slo_events_total", slo="answers", outcome=outcome)

    failed = ENCODINGS * (BY_STATUS["UNAVAILABLE"] + RAISED)
    assert events("bad") == failed
    assert events("good") + events("excluded") == len(direct) - failed
    assert events("good") >= ENCODINGS * BY_STATUS["OK"]
    streams = ENCODINGS * 2
    assert metric(page, "wayside_tokens_total", direction="output") == streams * MESSAGES * 2
    # A message counts without its prefix, and decoded; a trailers frame is none.
    answers = metric(page, "wayside_response_bytes_total", model="iris")
    assert answers == ENCODINGS * len(bytes.fromhex(IRIS))
