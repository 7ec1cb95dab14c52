"""The compiler process is bounded in time and output, and its exit status decides."""

from __future__ import annotations

import asyncio
import json
import sys

import pytest

from sidecar.runtime import compiler
from sidecar.runtime.compiler import Outcome, run_compiler


def outcome_of(code: str) -> Outcome:
    """Run a Python program as if it were the compiler."""
    return asyncio.run(run_compiler((sys.executable, "-c", code)))


def test_status_0_is_a_policy() -> None:
    assert outcome_of("print('policy', end='')") == Outcome(policy=b"policy")


def test_status_2_is_problems_readable_or_not() -> None:
    line = json.dumps({"text": "f:1: a: b"})
    found = outcome_of(
        f"import sys; print({line!r}, file=sys.stderr); print('oops', file=sys.stderr); sys.exit(2)"
    )
    assert found == Outcome(problems=("f:1: a: b", "oops"))


def test_any_other_status_is_a_failure_with_the_last_line() -> None:
    found = outcome_of("raise SystemExit('no memory')")
    assert "status 1: no memory" in found.failure


def test_a_program_that_is_not_there_is_a_failure() -> None:
    assert "did not start" in asyncio.run(run_compiler(("/nonexistent/python",))).failure


def test_one_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "TIMEOUT_SECONDS", 0.3)
    assert "ended" in outcome_of("import time; time.sleep(600)").failure


def test_one_that_never_stops_talking_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "MAX_OUTPUT_BYTES", 100_000)
    assert (
        "status -9" in outcome_of("import sys\nwhile True: sys.stdout.write('x' * 10000)").failure
    )
