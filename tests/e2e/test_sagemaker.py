"""Wayside before Amazon's Multi Model Server: one path for every model, and a path for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.http_calls import Ask, as_json, call_both
from tests.e2e.model_server import ModelServer, running_model_server
from tests.harness.wayside import running_wayside
from tests.provision.parts import require

INVOCATIONS, INVOKE = "/invocations", "/models/{model}/invoke"
GOOD, BAD, NAMED = as_json({"x": 2}), as_json({"x": -2}), as_json({"model": "iris", "x": 2})


@pytest.fixture(scope="module")
def mms() -> Iterator[ModelServer]:
    """One server for all tests of this file."""
    words = ["mms_iris.py", str(require("java")), "{}", "{}"]
    with running_model_server("mms", *words, ready="/ping") as server:
        yield server


# Of /invocations only a body may name the model; an error ends its connection, as the server says.
ASKS = [
    Ask("/ping", "/ping", kind="probe", verb="GET"),
    Ask(INVOCATIONS, INVOCATIONS, model="unknown", body=GOOD),
    Ask(INVOCATIONS, INVOCATIONS, model="iris", body=NAMED),
    Ask(INVOCATIONS, INVOCATIONS, "503", "unknown", body=BAD),
    Ask(INVOKE, "/models/iris/invoke", model="iris", body=GOOD),
    Ask(INVOKE, "/models/iris/invoke", "503", "iris", body=BAD),
    Ask(INVOKE, "/models/no/invoke", "404", "unknown", body=GOOD),
    Ask(INVOKE, "/models/iris/invoke", model="iris", body=GOOD),
]


@pytest.mark.proves("sagemaker", "sagemaker", "live")
def test_each_call(mms: ModelServer) -> None:
    """Equal answers, equal counts; nothing is taken for tokens."""
    with running_wayside(mms.http) as wayside:
        answers = call_both(mms.http, wayside, ASKS)
        assert "wayside_tokens_total{" not in wayside.metrics()
    assert b'"y": 4' in answers[2].body
