"""`wayside drain`: what it asks, whom, and what it says when that does not drain."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sidecar.cli import drain
from sidecar.cli.main import main
from tests.fakes.http_server import Answering, serving

NOBODY = "127.0.0.1:1"


class _Tap(Answering):
    """Answers as the tap does, once it may."""

    status = 200
    text = "drained"
    asked: list[tuple[str, str | None]]
    over: threading.Event

    def do_POST(self) -> None:
        self.asked.append((self.path, self.headers.get("authorization")))
        self.over.wait()
        self.send_response(self.status)
        self.send_header("content-length", str(len(self.text) + 1))
        self.end_headers()
        self.wfile.write(f"{self.text}\n".encode())


@contextlib.contextmanager
def tap(
    status: int = 200, text: str = "drained", *, at_once: bool = True
) -> Iterator[tuple[str, type[_Tap]]]:
    """Serve `/drain` with this answer; yields the address and who answers."""

    class Tap(_Tap):
        asked: list[tuple[str, str | None]] = []  # noqa: RUF012 - of this one server
        over = threading.Event()

    Tap.status, Tap.text = status, text
    if at_once:
        Tap.over.set()
    with serving(Tap) as address:
        try:
            yield address, Tap
        finally:
            Tap.over.set()


def called(*arguments: str) -> int:
    """Run it in this process; argparse's exits are statuses too."""
    try:
        return main(["drain", *arguments])
    except SystemExit as ended:
        return int(str(ended.code))


def test_it_asks_and_says_when_it_is_over(capsys: pytest.CaptureFixture[str]) -> None:
    with tap() as (address, asked):
        assert called("--health", address) == 0
    assert asked.asked == [("/drain", None)]
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"draining {address}: waiting until the last call is over", "drained"]


def test_it_says_that_it_waits_while_it_does(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain, "WORD_SECONDS", 0.01)
    with tap(at_once=False) as (address, kind):
        waited = threading.Thread(target=called, args=("--health", address))
        waited.start()
        told = ""
        while told.count("still waiting") < 2:
            told += capsys.readouterr().out
        kind.over.set()
        waited.join()
    assert re.search(r"^still waiting, \d+ s$", told, re.MULTILINE)
    assert capsys.readouterr().out.endswith("drained\n")


@pytest.mark.parametrize(
    ("status", "text"),
    [(403, "only from inside: run `wayside drain`"), (404, "none"), (200, "live")],
)
def test_any_other_answer_is_a_failure_in_its_words(
    status: int, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with tap(status, text) as (address, _):
        assert called("--health", address) == 1
    assert capsys.readouterr().err == f"not drained: {address} answered {status}: {text}\n"


def test_where_nobody_listens_it_says_what_to_look_at(capsys: pytest.CaptureFixture[str]) -> None:
    assert called("--health", NOBODY) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"not drained: {NOBODY}: Connection refused. Is `wayside run` up")
    assert "--health" in error


def test_it_waits_no_longer_than_it_is_told_to(capsys: pytest.CaptureFixture[str]) -> None:
    with tap(at_once=False) as (address, _):
        assert called("--health", address, "--timeout", "20ms") == 1
    assert "has not answered within 0.02 s; the drain may go on" in capsys.readouterr().err


def test_who_interrupts_it_is_told_that_the_drain_goes_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(drain, "_wait", interrupted)
    with tap(at_once=False) as (address, _):
        assert called("--health", address) == 130
        assert capsys.readouterr().err == "no longer waited for; the drain goes on\n"


def written(folder: Path, health: str) -> str:
    """A configuration with this health."""
    file = folder / "wayside.yaml"
    listeners = 'listeners: [{listen: ":8001", upstream: "127.0.0.1:9001"}]\n'
    file.write_text(f"{listeners}{health}\n")
    return str(file)


def test_a_configuration_says_where_to_ask_and_with_which_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(" s3cret\n")
    with tap() as (address, asked):
        port = address.rpartition(":")[2]
        assert called("-c", written(tmp_path, f'health: ":{port}"')) == 0
        token = f"health: {{listen: '127.0.0.1:{port}', drain_token_file: {tmp_path}/token}}"
        assert called("-c", written(tmp_path, token)) == 0
    assert asked.asked == [("/drain", None), ("/drain", "Bearer s3cret")]


def test_what_listens_everywhere_is_asked_on_loopback() -> None:
    for listen in (":9", "0.0.0.0:9", "127.0.0.1:9"):
        assert str(drain._within(listen)) == "127.0.0.1:9"
    assert str(drain._within("[::]:9")) == "[::1]:9"
    assert str(drain._within("10.0.0.1:9")) == "10.0.0.1:9"


def test_a_configuration_that_does_not_say_where_is_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called("-c", written(tmp_path, "")) == 2
    assert "health is off. Write `health:" in capsys.readouterr().err
    assert called("-c", str(tmp_path / "none.yaml")) == 2
    assert "cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    "flags", [("--health", "nonsense"), ("--timeout", "30"), ("-c", "f", "--health", ":1")]
)
def test_bad_flags_are_status_2(flags: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert called(*flags) == 2
    assert "usage: wayside drain" in capsys.readouterr().err


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    assert called("--help") == 0
    text = capsys.readouterr().out
    assert "preStop: {exec: {command: [wayside, drain]}}" in text
    assert "drain_token_file" in text
    assert "exit status: 0 drained, 1 not" in text
