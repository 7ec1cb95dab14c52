"""The clients that people use, through Wayside: they understand the goldens' answers, and Wayside their requests."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.fakes.http_server import Answering, serving
from tests.harness.samples import metric
from tests.harness.wayside import running_wayside
from tests.provision.parts import require
from tests.servers.http_cases import CHAT, EMBEDDED, TEXTS, WHOLE_CHAT
from tests.servers.http_others import EMBED, GENERATED

SCRIPT = Path(__file__).with_name("http_clients.py")
ANSWERS = {
    (case.path, case is not WHOLE_CHAT): case
    for case in (CHAT, WHOLE_CHAT, TEXTS, EMBEDDED, EMBED, GENERATED)
}
CALLS = len(ANSWERS)
LIMIT_SECONDS = 300.0


class Golden(Answering):
    """Answers as the goldens do."""

    def do_POST(self) -> None:
        """Answer."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        streamed = asked.get("stream", False) or self.path != CHAT.path
        self.wfile.write(b"".join(ANSWERS[self.path, streamed].response))


def test_clients_and_wayside_understand_the_same() -> None:
    python = require("http-clients") / "bin" / "python"
    with serving(Golden) as upstream, running_wayside(upstream) as wayside:
        done = subprocess.run(
            [python, SCRIPT, wayside.address],
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        wayside.wait_for_total(CALLS, "calls", code="200")
        page = wayside.metrics()
    said = json.loads(done.stdout)
    assert said["openai"] == {
        "streamed": "Hel",
        "streamed_tokens": [4],
        "whole": "Hello",
        "embedded": 6,
        "texts": "ab",
    }
    assert said["ollama"] == {"generated": "The", "tokens": [26, 290], "embedded": 8}

    def tokens(model: str, direction: str) -> float:
        return metric(
            page, "wayside_tokens_total", model=model, direction=direction, source="usage"
        )

    assert (tokens("llama", "input"), tokens("llama", "output")) == (3 * 12, 3 * 4)
    assert (tokens("e5", "input"), tokens("minilm:l6", "input")) == (6, 8)
    assert (tokens("llama3:8b", "input"), tokens("llama3:8b", "output")) == (26, 290)
    assert 'source="chunks"' not in page
