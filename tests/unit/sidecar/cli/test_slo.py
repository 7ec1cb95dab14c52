"""`wayside slo`: what a person on call reads, byte for byte, and what happens where no Wayside answers.

`python -m tests.unit.sidecar.cli.test_slo` writes tests/data/slo anew: after a change that is meant to show.
"""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timezone
from typing import Any

import pytest

from sidecar.cli import slo
from sidecar.cli.figures import COLUMNS, Paper, paper_of
from sidecar.cli.main import main
from sidecar.cli.slo_blocks import blocks, in_order
from sidecar.cli.slo_explain import explanation
from sidecar.model.duration import DAY, HOUR, MINUTE, SECOND
from sidecar.model.objective import State
from sidecar.model.sections.alerts import Alert, AlertmanagerReading, Alerts
from sidecar.model.sections.objectives import Exhaustion, ObjectiveReading
from sidecar.model.sections.store import StoreReading
from sidecar.web.document.slo import slo_document
from tests.fakes.burning import (
    AT_UNIX_NANOS,
    on_fire,
    quiet,
    reading,
    tiers,
    told,
    window,
    young,
)
from tests.fakes.http_server import Answering, serving
from tests.provision.parts import ROOT

GOLDENS = ROOT / "tests" / "data" / "slo"
REMEDY = "is written otherwise; if that is meant: python -m tests.unit.sidecar.cli.test_slo"
ADMIN = "127.0.0.1:9464"
UTC = Paper(zone=timezone.utc)


def wedged() -> ObjectiveReading:
    """One whose server is gone, and whose budget is overspent."""
    fires = {"unreachable": AT_UNIX_NANOS - 26 * HOUR}
    burn = replace(
        quiet(), tiers=tiers(fires), budget_remaining=-2.5, exhaustion=Exhaustion(0, 0, 0, HOUR)
    )
    return reading("answers", burn, "llama-3.1-8b", State.UNREACHABLE)


def ticket() -> ObjectiveReading:
    """One of which a ticket fires, with hardly any budget left."""
    fires = {"ticket-slow": AT_UNIX_NANOS - 5 * HOUR}
    perhaps = Exhaustion(3 * HOUR, HOUR, None, 6 * HOUR)
    burn = replace(quiet(), tiers=tiers(fires), budget_remaining=0.02, exhaustion=perhaps)
    return reading("ticketed", burn)


EVERY_KIND = (
    reading("quiet", quiet()),
    reading("fast", on_fire(), excluded=3),
    ticket(),
    reading("young", young(), "bert"),
    wedged(),
    reading("new", None, state=State.NO_TRAFFIC),
)


def document(
    readings: tuple[ObjectiveReading, ...] = EVERY_KIND, store: StoreReading | None = None
) -> dict[str, Any]:
    """What the API says of these, as it arrives."""
    return dict(json.loads(json.dumps(slo_document(told(readings, store)))))


def text(found: dict[str, Any], paper: Paper = UTC) -> str:
    """All of the list."""
    return "\n".join(blocks(found, ADMIN, paper)) + "\n"


def explained(found: dict[str, Any]) -> str:
    """All that is to explain."""
    told_of = [explanation(each, found["at_unix_nanos"], UTC) for each in found["objectives"]]
    return "\n\n".join("\n".join(lines) for lines in told_of) + "\n"


def goldens() -> dict[str, str]:
    """What is written, by file."""
    down = StoreReading(
        "disk", False, "no space left on device", "wayside.db.damaged-20261130T201500Z"
    )
    moved = {
        **document((reading("young", young()),), StoreReading("tap")),
        "clock_moved_seconds": -3600.0,
    }
    return {
        "list.txt": text(document()),
        "unicode.txt": text(document((reading("fast", on_fire()),)), replace(UTC, unicode=True)),
        "store-down.txt": text(document((reading("quiet", quiet()),), down)),
        "no-disk.txt": text(moved),
        "nothing.txt": text(document(())),
        "explain.txt": explained(document()),
    }


@pytest.mark.parametrize(
    "name",
    ["list.txt", "unicode.txt", "store-down.txt", "no-disk.txt", "nothing.txt", "explain.txt"],
)
def test_it_is_written_as_it_was(name: str) -> None:
    assert goldens()[name] == (GOLDENS / name).read_text(), f"{name} {REMEDY}"


def test_pages_come_first_then_tickets_then_the_least_budget_and_the_unknown_last() -> None:
    names = [each["name"] for each in in_order(document()["objectives"])]
    assert names == ["answers", "fast", "ticketed", "quiet", "young", "new"]


def test_names_as_long_as_the_wire_allows_fit_the_paper_and_cannot_move_the_cursor() -> None:
    model = "\x1b[2J\n\rorg/" + "a-very-long-model-name-" * 20
    long = replace(
        reading("x" * 200, on_fire(), model, excluded=10**15),
        events=reading("", None, excluded=10**15).events,
    )
    wide = replace(
        long, objective=replace(long.objective, model_glob="g" * 300, method_glob="m" * 300)
    )
    found = document((*EVERY_KIND, wide, reading("named", on_fire(), model)))
    lines = [*text(found).splitlines(), *explained(found).splitlines()]
    assert max(map(len, lines)) <= COLUMNS
    assert all(line.isprintable() for line in lines)
    assert any("named of ?[2J??org/a-very" in line for line in lines)


def test_colour_and_blocks_only_where_they_can_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    class Screen:
        encoding = "UTF-8"

        def __init__(self, terminal: bool) -> None:
            self.terminal = terminal

        def isatty(self) -> bool:
            return self.terminal

    def paper(terminal: bool = True, **environment: str) -> tuple[bool, bool]:
        for name in ("NO_COLOR", "TERM"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        found = paper_of(Screen(terminal))  # type: ignore[arg-type]
        return found.colour, found.unicode

    assert paper() == (True, True)
    assert paper(NO_COLOR="1") == (False, True)
    assert paper(NO_COLOR="") == (True, True)
    assert paper(TERM="dumb") == (False, True)
    assert paper(terminal=False) == (False, True)
    Screen.encoding = "ANSI_X3.4-1968"
    assert paper() == (True, False)
    coloured = text(document(), replace(UTC, colour=True))
    assert "\x1b[1;31mFIRES: page-fast\x1b[0m" in coloured
    assert coloured.replace("\x1b[1;31m", "").replace("\x1b[0m", "") == text(document())


class Voice:
    """A server of one page that says what it is told to."""

    def __init__(self) -> None:
        self.status, self.body, self.address = 200, b"", ""

    def says(self, body: bytes | dict[str, Any], status: int = 200) -> str:
        """Answer so from now on; return the address."""
        self.status = status
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.address


@pytest.fixture(scope="module")
def voice() -> Iterator[Voice]:
    """One server for all tests: ending one takes half a second."""
    found = Voice()

    class Answer(Answering):
        def do_GET(self) -> None:
            self.send_response(found.status)
            self.send_header("content-length", str(len(found.body)))
            self.end_headers()
            self.wfile.write(found.body)

    with serving(Answer) as found.address:
        yield found


def test_json_is_the_apis_document(voice: Voice, capsys: pytest.CaptureFixture[str]) -> None:
    admin = voice.says(document())
    assert main(["slo", "--admin", admin, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == document()


def test_the_exit_status_tells_whether_something_fires_only_when_asked_for(
    voice: Voice,
    capsys: pytest.CaptureFixture[str],
) -> None:
    admin = voice.says(document())
    assert main(["slo", "--admin", admin]) == 0
    assert "3 of 6 fire" in capsys.readouterr().out
    assert main(["slo", "--admin", admin, "--exit-code"]) == 3
    assert main(["slo", "--admin", admin, "--exit-code", "--json"]) == 3
    admin = voice.says(document(EVERY_KIND[:1]))
    assert main(["slo", "--admin", f"http://{admin}/", "--exit-code"]) == 0


def test_one_objective_is_explained_and_of_one_model_alone(
    voice: Voice,
    capsys: pytest.CaptureFixture[str],
) -> None:
    models = (reading("each", quiet(), "bert"), reading("each", on_fire(), "unknown"))
    admin = voice.says(document((*EVERY_KIND, *models)))
    assert main(["slo", "--admin", admin, "explain", "fast"]) == 0
    out = capsys.readouterr().out
    assert "1h = 360 slots of 10s: good 9,850, bad 150, ratio 1.5%, burn 15, above 14.4" in out
    assert main(["slo", "explain", "each", "--admin", admin]) == 0
    both = capsys.readouterr().out
    assert both.index("each of unknown") < both.index("each of bert"), "what fires comes first"
    assert main(["slo", "explain", "each", "--model", "bert", "--admin", admin]) == 0
    assert "unknown" not in capsys.readouterr().out


def test_what_there_is_not_is_status_2_and_the_nearest_is_named(
    voice: Voice,
    capsys: pytest.CaptureFixture[str],
) -> None:
    admin = voice.says(document())
    assert main(["slo", "explain", "fst", "--admin", admin]) == 2
    assert "there is no objective 'fst'. Did you mean 'fast'?" in capsys.readouterr().err
    assert main(["slo", "explain", "young", "--model", "brt", "--admin", admin]) == 2
    assert "no model 'brt' of young. Did you mean 'bert'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command", [["slo"], ["slo", "--watch"], ["slo", "--json"], ["slo", "explain", "fast"]]
)
@pytest.mark.parametrize(
    "admin",
    ["127.0.0.1:1", "nonsense", "127.0.0.1:99999", ":", "a..b:80", "\x00:1", "[::1:9", "x y:1"],
)
def test_where_nobody_answers_it_says_so(
    command: list[str], admin: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--admin", admin]) == 1
    told_of = capsys.readouterr()
    assert told_of.err.startswith(f"no objectives from {admin}: ")
    assert "Is `wayside run` up" in told_of.err
    assert told_of.out == ""
    # What cannot be an address is told apart from one at which nobody is.
    is_address = admin in ("127.0.0.1:1", "a..b:80", "[::1:9")
    assert ("write host:port" in told_of.err) == (not is_address)


WRONG_ANSWERS = [
    b"", b"<html>", b"[]", b"null", b"17", b"{}", b'{"objectives": 5}', b'{"objectives": [{}]}', b"[" * 100_000,
    b'{"objectives": [], "at_unix_nanos": "now"}', b'{"objectives": [], "at_unix_nanos": 1e400}',
    b'{"objectives": [], "at_unix_nanos": 99999999999999999999999999999}', b"\xff\xfe\x00",
]  # fmt: skip


@pytest.mark.parametrize("command", [["slo"], ["slo", "--json"], ["slo", "explain", "fast"]])
@pytest.mark.parametrize("body", WRONG_ANSWERS)
def test_something_else_that_answers_is_no_wayside(
    voice: Voice, command: list[str], body: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    admin = voice.says(body)
    assert main([*command, "--admin", admin]) == 1
    assert "Is `wayside run` up" in capsys.readouterr().err


def test_every_part_that_may_be_missing_of_a_stranger_is_told_without_a_traceback() -> None:
    """Take away, or spoil, one value of a good document after the other."""
    whole = document((reading("fast", on_fire(), excluded=3), reading("young", young(), "bert")))
    values: tuple[Any, ...] = (None, "x", [], -1)
    for path in paths(whole):
        for spoiled in values:
            with_one = json.loads(json.dumps(whole))
            at = with_one
            for key in path[:-1]:
                at = at[key]
            at[path[-1]] = spoiled
            with contextlib.suppress(slo._NoAnswer):
                slo._whole(blocks(with_one, ADMIN, UTC), ADMIN)
                for each in (
                    with_one["objectives"] if isinstance(with_one["objectives"], list) else []
                ):
                    slo._whole(explanation(each, AT_UNIX_NANOS, UTC), ADMIN)


def paths(value: object, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a document."""
    items: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for key, inside in items:
        yield (*before, key)
        yield from paths(inside, (*before, key))


def test_an_older_wayside_has_no_such_page(
    voice: Voice, capsys: pytest.CaptureFixture[str]
) -> None:
    admin = voice.says(b"Nothing is at this address.", 404)
    assert main(["slo", "--admin", admin]) == 1
    assert "it answered 404" in capsys.readouterr().err


def test_watching_goes_on_while_wayside_is_away_and_ends_with_ctrl_c(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answers: Iterator[Callable[[], list[str]]] = iter([lambda: ["one"], gone, lambda: ["two"]])
    pauses = itertools.count()

    def pause(seconds: float) -> None:
        assert seconds == 1.0
        if next(pauses) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        slo.watch(lambda: next(answers)(), pause)
    assert capsys.readouterr().out.splitlines() == [
        "one", "", "it is away", "Asked again each second; Ctrl-C ends this.", "", "two", "",
    ]  # fmt: skip


def gone() -> list[str]:
    """Nobody answers."""
    raise slo._NoAnswer("it is away")


def test_a_watch_on_a_terminal_draws_over_itself_and_no_further_than_it_reaches(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("LINES", "5")
    monkeypatch.setenv("COLUMNS", "80")
    slo._draw([f"line {n}" for n in range(9)])
    drawn = capsys.readouterr().out
    assert drawn.startswith("\x1b[Hline 0\x1b[K\n")
    assert drawn.endswith("... 6 more lines\x1b[K\n\x1b[J")
    assert drawn.count("\n") == 4


def test_ctrl_c_is_status_130_and_no_traceback(
    voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupted)
    admin = voice.says(document())
    assert main(["slo", "--admin", admin, "--watch"]) == 130


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["slo", "--help"], ["slo", "explain", "--help"], ["--help"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 0
        assert "wayside slo" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("bad", "minutes", "six_hours", "words"),
    [
        (2, 2, (90, 2), "2 bad, fewer than 5: too few; it would take 3 bad and no good one in 6h 0m"),
        (3, 3, (0, 3), "3 bad, fewer than 5: enough all the same, as at least 3 bad and no good one in 6h 0m"),
        (5, 2, (90, 5), "5 bad, 5 or more, but in 2 different minutes, fewer than 3: too few"),
        (5, 3, (90, 5), "5 bad, 5 or more, in 3 different minutes, 3 or more: enough"),
        (49.5, 1, (90, 50), "49.5 bad, 5 or more, but all in one minute, fewer than 3: too few"),
        (50, 1, (90, 50), "50 bad, 50 or more, in however few minutes: enough"),
        (6, None, (90, 6), "in how many minutes is not told, 3 are needed"),
    ],
)  # fmt: skip
def test_the_guard_is_told_in_words(
    bad: float, minutes: int | None, six_hours: tuple[int, int], words: str
) -> None:
    one = replace(window(HOUR, 10, bad), bad_minutes=minutes)
    burn = replace(
        quiet(), windows=(window(5 * MINUTE, 10, bad), one, window(6 * HOUR, *six_hours))
    )
    found = " ".join(explained(document((reading("fast", burn),))).split())
    assert words in found


def test_a_tier_that_is_held_with_enough_bad_events_is_too_near_to_its_threshold() -> None:
    """The engine decides; what it decides is never told the other way round."""
    burn = replace(on_fire(), tiers=tiers(held_by={"page-fast": "guard"}))
    found = " ".join(explained(document((reading("fast", burn),))).split())
    assert (
        "150 bad, 50 or more, in however few minutes: enough, but so near to the threshold" in found
    )
    assert "so burns; held: too few to be sure" in found


def test_a_budget_of_a_window_that_is_not_full_says_of_how_much_it_is() -> None:
    """A minute of errors after a start is not a month's budget gone."""
    windows = (
        window(HOUR, 40, 10, covered=90 * SECOND),
        window(30 * DAY, 40, 10, covered=90 * SECOND),
    )
    burn = replace(quiet(), windows=windows, budget_remaining=-199.0)
    found = " ".join(text(document((reading("fast", burn),))).split())
    assert "overspent: 200 budgets of the 1m 30s there is of 30d are spent" in found


def test_who_is_told_stands_above_the_objectives() -> None:
    snapshot = replace(
        told([ticket()]),
        alerts=Alerts((Alert((("alertname", "A"),), (), 5, 9),)),
        alertmanagers=(
            AlertmanagerReading("http://a", 4, last_success_unix_nanos=AT_UNIX_NANOS),
            AlertmanagerReading("http://b", last_error="refused"),
        ),
    )
    lines = list(blocks(slo_document(snapshot), ADMIN, UTC))
    at = lines.index("1 alert told to:")
    assert lines[at + 1] == "  http://a: last taken at 08:55:00"
    assert lines[at + 2] == "  http://b: nothing taken yet; refused"
    assert max(map(len, lines)) <= COLUMNS


if __name__ == "__main__":
    for file, body in goldens().items():
        (GOLDENS / file).write_text(body)
