"""The command as people use it: statuses, messages, help that teaches."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sidecar.cli.launch import ROOT
from sidecar.cli.main import main
from sidecar.cli.report import report
from sidecar.model.server_metrics import ServerReading
from sidecar.tapclient import tap_pb2 as pb
from sidecar.tapclient.encode import parse_policy
from sidecar.web.document.snapshot import snapshot_document
from tests.fakes import facts
from tests.fakes.facts import snapshot
from tests.fakes.published import published, server_reading, watched

GOOD = 'listeners: [{listen: ":8001", upstream: "127.0.0.1:9001"}]\n'

STAND_IN_TAP = """\
#!{python}
import os, sys
assert sys.argv[1] == "--policy-fd", sys.argv
with os.fdopen(int(sys.argv[2]), "rb") as policy:
    open({out!r}, "wb").write(policy.read())
"""


def called(*arguments: str) -> int:
    """Run a command in this process; argparse's exits are statuses too."""
    try:
        return main(arguments)
    except SystemExit as ended:
        return int(str(ended.code))


def test_help_shows_what_to_type(capsys: pytest.CaptureFixture[str]) -> None:
    assert called("--help") == 0
    text = capsys.readouterr().out
    assert "wayside run --listen :8001 --upstream 127.0.0.1:9001" in text
    assert "compile-policy" not in text
    assert called("run", "--help") == 0
    assert "SIGTERM drains" in capsys.readouterr().out


def test_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert called("--version") == 0
    assert capsys.readouterr().out == "wayside 0.1.0\n"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("run",), "--listen :8001 --upstream 127.0.0.1:9001"),
        (("run", "--listen", ":1"), "each --listen needs its --upstream"),
        (("run", "--listen", ":1", "--upstream", "nonsense"), "listeners[0].upstream: 'nonsense' is no address"),
        ((), "COMMAND"),
        (("tap",), "ACTION"),
    ],
)  # fmt: skip
def test_bad_flags_are_status_2_with_what_to_write(
    arguments: tuple[str, ...], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(*arguments) == 2
    assert text in capsys.readouterr().err


def run_process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "sidecar", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )


def test_run_becomes_the_tap_with_the_policy_on_a_descriptor(tmp_path: Path) -> None:
    tap, out, file = tmp_path / "tap", tmp_path / "policy", tmp_path / "wayside.yaml"
    tap.write_text(STAND_IN_TAP.format(python=sys.executable, out=str(out)))
    tap.chmod(0o755)
    file.write_text(GOOD + "slos: [{name: a, objective: 99, good: {available: true}}]\n")
    done = run_process(
        "run", "-c", str(file), "--threads", "2", "--admin", "off", WAYSIDE_TAP=str(tap)
    )
    assert done.returncode == 0, done.stderr
    policy = parse_policy(out.read_bytes())
    assert policy.listeners[0].upstream == "127.0.0.1:9001"
    assert (policy.limits.threads, policy.admin, policy.config_valid) == (2, "", False)
    assert policy.control.argv[-2:] == ["-m", "sidecar.runtime"]
    assert b"slos[0].objective: 99 is no percentage" in done.stderr


def test_run_without_a_binary_is_status_1_with_the_remedy() -> None:
    done = run_process("run", "--listen", ":1", "--upstream", ":2", WAYSIDE_TAP="/nonexistent")
    assert done.returncode == 1
    assert b"WAYSIDE_TAP" in done.stderr


def test_the_compiler_gives_what_run_gives(tmp_path: Path) -> None:
    """Else every restart of control would find that the files have changed."""
    tap, out, file = tmp_path / "tap", tmp_path / "policy", tmp_path / "wayside.yaml"
    tap.write_text(STAND_IN_TAP.format(python=sys.executable, out=str(out)))
    tap.chmod(0o755)
    file.write_text(GOOD)
    flags = (
        "-c",
        str(file),
        "--health",
        ":7",
        "--listen",
        ":3",
        "--upstream",
        ":4",
        "--drain",
        "20s",
    )
    assert run_process("run", *flags, WAYSIDE_TAP=str(tap)).returncode == 0
    policy = parse_policy(out.read_bytes())
    reload_argv = json.loads(policy.control_settings)["reload_argv"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    again = subprocess.run(reload_argv, capture_output=True, check=True, cwd="/", env=environment)
    assert pb.Policy.FromString(again.stdout) == policy


def test_the_compiler_tells_problems_as_json_lines(tmp_path: Path) -> None:
    file = tmp_path / "wayside.yaml"
    file.write_text(GOOD + "lgo: {}\n")
    done = run_process("compile-policy", "-c", str(file))
    assert (done.returncode, done.stdout) == (2, b"")
    problem = json.loads(done.stderr)
    assert (problem["line"], problem["field"]) == (2, "lgo")
    assert problem["text"].startswith(f"{file}:2: lgo: is an unknown key.")


def test_dump_without_a_wayside_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert called("tap", "dump", "--admin", "127.0.0.1:1") == 1
    assert "no snapshot from 127.0.0.1:1" in capsys.readouterr().err
    assert called("tap", "dump", "--admin", "nonsense") == 1


def test_the_report_shows_every_part_and_leaves_absent_values_blank() -> None:
    moment = snapshot(tap=facts.tap_stats(blind=3), flights=[facts.flight(open_requests=2)])
    text = "\n".join(report(snapshot_document(published(moment, objectives=[watched("fast")]))))
    for word in ("resnet50", "127.0.0.1:9001", "fast", "tls", "in flight", " ms"):
        assert word in text
    assert "None" not in text


def test_the_report_shows_outcomes_and_why_events_are_excluded() -> None:
    event = pb.EventSeries(objective=watched("fast").id, excluded=2)
    event.excluded_by.add(label="client_error", value=2)
    event.excluded_by.add(label="cancelled", value=0)
    counters = [facts.calls(code="429", outcome="shed", count=7)]
    moment = snapshot(counters=counters, events=[event])
    lines = list(report(snapshot_document(published(moment, objectives=[watched("fast")]))))
    calls = lines.index("calls")
    assert lines[calls + 1].split()[-4:] == ["by", "outcome", "calls", "requests"]
    assert lines[calls + 2].split()[-5:] == ["429", "server", "shed", "7", "7"]
    at = lines.index("excluded events")
    assert [line.split() for line in lines[at + 1 :]] == [
        ["name", "of", "model", "reason", "count"],
        ["fast", "client_error", "2"],
    ]


def test_the_report_shows_the_servers_own_numbers() -> None:
    lines = list(report(snapshot_document(published(snapshot(), server=server_reading()))))
    at = lines.index("the server's own numbers")
    rows = [line.split() for line in lines[at + 2 : at + 5]]
    assert rows == [["(all)", "0.25"], ["bert", "0", "2"], ["resnet50", "3", "5.5"]]
    assert "cannot be read" not in lines[0]
    silent = ServerReading(up=False, failed_polls={})
    assert "own metrics cannot be read" in next(
        report(snapshot_document(published(snapshot(), server=silent)))
    )


def test_the_report_of_an_idle_wayside_has_no_empty_tables() -> None:
    lines = list(report(snapshot_document(published(pb.Snapshot()))))
    assert len(lines) == 1
