"""What is said of a token file before anybody asks to drain."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sidecar.config.token_file import MAX_TOKEN_BYTES, token_file_problems
from sidecar.text.document import parse_document
from tests.provision.parts import ROOT

DOCUMENT = parse_document("wayside.yaml", b"health:\n  listen: a\n  drain_token_file: t\n")


def told(path: str) -> list[str]:
    """Everything that is said of it."""
    problems = token_file_problems(path, DOCUMENT)
    assert {(each.file, each.line, each.field) for each in problems} <= {
        ("wayside.yaml", 3, "health.drain_token_file")
    }
    return [each.what for each in problems]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b"s3cret\n", []),
        (b"x" * MAX_TOKEN_BYTES, []),
        (b"", ["is empty"]),
        (b" \n\t", ["is empty"]),
        (b"x" * (MAX_TOKEN_BYTES + 1), ["is longer than 4096 bytes"]),
    ],
)
def test_a_file_must_hold_a_token(tmp_path: Path, text: bytes, what: list[str]) -> None:
    file = tmp_path / "token"
    file.write_bytes(text)
    assert told(str(file)) == [f"'{file}' {each}" for each in what]


def test_no_file_is_no_problem() -> None:
    assert token_file_problems("", DOCUMENT) == []


@pytest.mark.parametrize("name", ["none", "", "with\0nul"])
def test_a_file_that_cannot_be_read_is_one(tmp_path: Path, name: str) -> None:
    (what,) = told(f"{tmp_path}/{name}")
    assert "cannot be read" in what


def test_a_named_pipe_holds_nobody_up(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert told(str(pipe)) == [f"'{pipe}' is empty"]


def test_the_bound_is_the_taps() -> None:
    limits = (ROOT / "dataplane/tap/src/limits.rs").read_text()
    assert f"pub const DRAIN_TOKEN_BYTES: usize = {MAX_TOKEN_BYTES};" in limits
