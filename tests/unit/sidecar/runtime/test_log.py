"""StderrLog lines as the tap expects them."""

from __future__ import annotations

import json

import pytest

from sidecar.runtime.log import MAX_LINE_CHARACTERS, StderrLog


def test_human_lines_begin_with_the_level(capsys: pytest.CaptureFixture[str]) -> None:
    StderrLog().warning("objective changed state", slo="a b", state="ok")
    assert capsys.readouterr().err == 'warning objective changed state slo="a b" state=ok\n'


def test_json_lines_are_one_object_each(capsys: pytest.CaptureFixture[str]) -> None:
    StderrLog("json").error("bad", reason=ValueError("two\nlines"))
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert json.loads(line) == {"level": "error", "msg": "bad", "reason": "two\nlines"}


@pytest.mark.parametrize("log_format", ["human", "json"])
def test_one_event_is_one_bounded_line(log_format: str, capsys: pytest.CaptureFixture[str]) -> None:
    StderrLog(log_format).info("m\nn", value="x\n" * 100_000)
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert len(line) < 3 * MAX_LINE_CHARACTERS
