"""`wayside check --outcomes`: the tap's own table, and who says otherwise."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sidecar.cli.launch import LaunchError
from sidecar.cli.main import main
from sidecar.cli.outcome_table import Meaning, OutcomeTable, Reason, Way, ask_tap, parse_table
from sidecar.cli.outcomes import WIDTH, outcome_lines
from sidecar.servers.table import rule_groups, shipped

TOLD = """\
way\tgRPC: OK\tOK\tserver\tok
way\tgRPC: a status that blames the client\tINVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS\tserver\tclient_error
way\tHTTP: 504, or 408 after the whole request, as long as nobody asked otherwise in a rule\t408, 504\tserver\ttimeout
outcome\tok\tok\tgood\tgood, late: bad\tgood, late: bad\tgood, late: bad\tgood, late: bad
outcome\tclient_error\tnone\texcluded\texcluded\texcluded\texcluded\texcluded
reason\tclient_error\tthe client was wrong
"""
GOOD = 'listeners: [{listen: ":8001", upstream: "127.0.0.1:9001"}]\n'
RULES = "outcomes:\n  429: client_error\n  503: {message: Warming up, outcome: shed}\n"
FAKE = """\
#!{python}
import sys
if sys.argv[1:] != ["outcomes"]:
    sys.exit("what?")
sys.stdout.write({told!r})
sys.exit({status})
"""


@pytest.fixture
def tap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tap that tells a short table, and nothing else."""
    return fake(tmp_path, monkeypatch, TOLD)


def fake(folder: Path, monkeypatch: pytest.MonkeyPatch, told: str, status: int = 0) -> Path:
    """Put a tap in place that says this."""
    program = folder / "tap"
    program.write_text(FAKE.format(python=sys.executable, told=told, status=status))
    program.chmod(0o755)
    monkeypatch.setenv("WAYSIDE_TAP", str(program))
    return program


def called(*arguments: str | Path) -> int:
    """Run `wayside check`; argparse's exits are statuses too."""
    try:
        return main(["check", *map(str, arguments)])
    except SystemExit as ended:
        return int(str(ended.code))


def test_what_the_tap_tells_is_read() -> None:
    table = parse_table(TOLD)
    assert table.ways[0] == Way("gRPC: OK", "OK", "server", "ok")
    assert len(table.ways) == 3
    assert table.outcomes[1] == Meaning("client_error", "none", *["excluded"] * 5)
    assert table.reasons == (Reason("client_error", "the client was wrong"),)


@pytest.mark.parametrize(
    "told",
    ["", "way\tonly two", TOLD + "why\tnot\n", TOLD.replace("reason\t", "reasons\t"), TOLD.partition("outcome")[0]],
)  # fmt: skip
def test_a_tap_of_another_version_is_told_from_one_that_is_understood(told: str) -> None:
    with pytest.raises(LaunchError, match="another version"):
        parse_table(told)


def test_a_tap_that_fails_is_an_error_with_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake(tmp_path, monkeypatch, TOLD, status=3)
    with pytest.raises(LaunchError):
        ask_tap()
    assert called("--outcomes") == 1
    assert "did not tell its outcomes" in capsys.readouterr().err


@pytest.mark.usefixtures("tap")
def test_without_a_file_the_shipped_rules_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert called("--outcomes") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["outcome", "ended", "by", "code", "when"]
    assert lines[2].split() == ["ok", "server", "OK", "gRPC:", "OK"]
    at = lines.index("  openai.yaml of /v1/responses")
    assert lines[at + 1].split() == ["client_error", "424"]
    assert not any("every call" in line for line in lines)


@pytest.mark.usefixtures("tap")
def test_the_rules_of_a_file_come_first_and_name_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "wayside.yaml"
    (tmp_path / "own.yaml").write_text(
        "routes:\n  /v1/responses: {response: {error: error}, outcomes: {418: shed}}\n"
    )
    file.write_text(GOOD + RULES + "server: {type: openai, files: [own.yaml]}\n")
    assert called("--outcomes", file) == 0
    lines = capsys.readouterr().out.splitlines()
    said = lines[next(at for at, line in enumerate(lines) if line.startswith("who says")) + 1 :]
    assert said[:3] == [
        "  wayside.yaml of every call, before what catalogues say",
        "    client_error  429",
        '    shed          503                with "warming up"',
    ]
    assert said[-2:] == ["  own.yaml of /v1/responses", "    shed          418"]
    assert "  openai.yaml of /v1/responses" not in said, "the user's own description counts"
    assert not any("oip.yaml" in line for line in said), "it is not in force"


@pytest.mark.usefixtures("tap")
def test_a_file_with_problems_shows_them_and_no_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "wayside.yaml"
    file.write_text(GOOD + "outcomes: {200: shed}\n")
    assert called("--outcomes", file) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert f"{file}:2: outcomes.200: 200 says that the answer was good" in shown.err


def test_check_without_a_file_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert called() == 2
    assert "name a FILE" in capsys.readouterr().err


def test_columns_are_aligned_and_lines_end_where_a_window_does() -> None:
    lines = list(outcome_lines(parse_table(TOLD), "", (), rule_groups(shipped())))
    assert max(map(len, lines)) <= WIDTH
    last = lines[1].index("when")
    ways = lines[2 : lines.index("")]
    assert len(ways) > len(parse_table(TOLD).ways), "long ones go on below"
    assert [line[:last] + line[last:].lstrip() for line in ways] == ways
    assert all(line[last - 2 : last].strip() == "" for line in ways)


def test_nothing_that_was_told_is_lost_in_wrapping() -> None:
    table = OutcomeTable(
        (Way("tide " * 60, "CODE, " * 20 + "LAST", "server", "ok"),),
        (Meaning("ok", "ok", *["good"] * 5),),
        (Reason("r", "m"),),
    )
    text = " ".join(outcome_lines(table, "", (), ()))
    assert text.count("tide") == 60
    assert text.count("CODE,") == 20
