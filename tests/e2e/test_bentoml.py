"""Wayside before a real BentoML: its paths are the user's own, and so is the catalogue that explains them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.http_calls import Ask, as_json, call_both
from tests.e2e.model_server import SERVERS, ModelServer, running_model_server
from tests.harness.samples import metric
from tests.harness.wayside import running_wayside

MODEL = "words-1"
CONFIG = f"server: {{files: [{SERVERS / 'bento_words.yaml'}]}}\n"
TOKENS = "wayside_tokens_total"


@pytest.fixture(scope="module")
def bento() -> Iterator[ModelServer]:
    """One server for all tests of this file."""
    words = ["-m", "bentoml", "serve", "bento_words:Words", "--host=127.0.0.1", "--port", "{}"]
    with running_model_server("bentoml", *words, ready="/readyz") as server:
        yield server


def repeat(text: str, times: int) -> bytes:
    """Make a request."""
    return as_json({"text": text, "times": times})


PROBES = [Ask(path, path, kind="probe", verb="GET") for path in ("/livez", "/readyz", "/healthz")]
# Only an answer names the model here: an error has none.
ASKS = [
    *PROBES,
    Ask("/repeat", "/repeat", model=MODEL, body=repeat("one two three", 2)),
    Ask("/repeat", "/repeat", "400", "unknown", body=as_json({"times": 2})),
    Ask("/repeat", "/repeat", "500", "unknown", body=repeat("one", -1)),
    Ask("/stream", "/stream", model=MODEL, body=as_json({"text": "one two three four"})),
    Ask("/repeat", "/repeat", model=MODEL, body=repeat("one", 5)),
    Ask("_OTHER", "/nothing", "404", kind="admin", verb="GET"),
]


def test_a_catalogue_of_ones_own(bento: ModelServer) -> None:
    """Models and tokens are read from where the file says: stated ones of /repeat, pieces of /stream."""
    with running_wayside(bento.http, config=CONFIG) as wayside:
        answers = call_both(bento.http, wayside, ASKS)
        page = wayside.metrics()
    assert answers[6].body.count(b"data: ") == 4
    stated = {"method": "/repeat", "model": MODEL, "source": "usage"}
    assert metric(page, TOKENS, direction="input", **stated) == 3 + 1
    assert metric(page, TOKENS, direction="output", **stated) == 3 * 2 + 5
    assert metric(page, TOKENS, method="/stream", model=MODEL, source="chunks") == 4
    assert metric(page, "wayside_response_gap_seconds_count", method="/stream") == 3


@pytest.mark.proves("http", "http", "live")
def test_without_one_calls_are_still_counted(bento: ModelServer) -> None:
    """Under _OTHER: no path becomes a label that nobody has named."""
    asks = [
        *PROBES,
        Ask("_OTHER", "/repeat", kind="admin", body=repeat("one", 2)),
        Ask("_OTHER", "/repeat", "500", kind="admin", body=repeat("one", -1)),
    ]
    with running_wayside(bento.http) as wayside:
        call_both(bento.http, wayside, asks)
        assert f"{TOKENS}{{" not in wayside.metrics()
