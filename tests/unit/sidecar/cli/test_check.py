"""`wayside check`: every problem, or what each objective promises and when its tiers tell of it."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from textwrap import dedent

import pytest

from sidecar.cli.check_models import models_in
from sidecar.cli.check_objectives import _time, rate
from sidecar.cli.main import main
from sidecar.model.duration import DAY, HOUR, MINUTE

GOOD = 'listeners: [{listen: ":8001", upstream: "127.0.0.1:9001"}]\n'
SECOND = 10**9


def called(*arguments: str) -> int:
    """Run a command in this process; argparse's exits are statuses too."""
    try:
        return main(arguments)
    except SystemExit as ended:
        return int(str(ended.code))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A place for a configuration."""
    return tmp_path / "wayside.yaml"


def printed(file: Path, slos: str, capsys: pytest.CaptureFixture[str], *flags: str) -> list[str]:
    """Check a good file and return what is said after its first lines."""
    file.write_text(GOOD + dedent(slos))
    assert called("check", str(file), *flags) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines[1:])) <= 110
    return lines[lines.index("") + 1 :]


def test_every_problem_is_listed_and_the_status_is_2(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(GOOD + "slos: [{name: a, objective: 99, good: {available: true}}]\nlgo: {}\n")
    assert called("check", str(file)) == 2
    errors = capsys.readouterr().err.splitlines()
    assert errors[0].startswith(f"{file}:2: slos[0].objective: 99 is no percentage.")
    assert errors[1].endswith("Did you mean 'log'?")
    assert errors[2] == f"2 problems in {file}"


def test_a_good_file_says_what_it_would_do(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(GOOD + "gpu: {source: none}\noutcomes: {429: client_error}\n")
    assert called("check", str(file)) == 0
    text = capsys.readouterr().out
    assert "listen :8001 -> 127.0.0.1:9001" in text
    assert f"1 rule of outcomes: see `wayside check --outcomes {file}`" in text
    assert "not used yet" in text
    assert "windows" not in text, "there are no objectives"


def test_an_objective_is_told_with_its_budget_and_what_its_tiers_do(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slos = """\
        slos:
          - {name: fast, match: {model: resnet50}, objective: 99.9%, good: {latency_below: 100ms}}
        """
    assert printed(file, slos, capsys) == [
        "fast: 99.9 % of requests of model resnet50 in any 30d",
        "  good    answered within 100ms",
        "  budget  0.1 % of 30d: 1 bad in 1,000; 43m12s of full outage",
        "  tier         severity      burn above    windows"
        "         100 % bad          15 % bad           2 % bad",
        "  page-fast    page        14.4 (1.44%)      1h/5m"
        "     51.8s / 4m56s     5m46s / 4m31s    43m12s / 1m24s",
        "  page-slow    page            6 (0.6%)     6h/30m"
        "    2m10s / 29m49s   14m24s / 28m48s       1h48m / 21m",
        "  ticket-fast  ticket          3 (0.3%)      1d/2h"
        "        4m19s / 2h    28m48s / 1h58m     3h36m / 1h42m",
        "  ticket-slow  ticket          1 (0.1%)      3d/6h"
        "        4m19s / 6h    28m48s / 5h58m     3h36m / 5h42m",
        "  guard   5 bad in the long window, in 3 different minutes if below 50; "
        "pages: or 3 and nothing good in 6h",
        "",
        "Each cell: fires after that long / clears that long after the end; plus up to one tick each.",
        "Without state_dir windows end at 6h: what looks back further does not fire.",
    ]


def test_a_streak_is_no_longer_than_the_period(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slos = """\
        slos:
          - {name: short, objective: 99%, window: 2h, good: {available: true}}
        """
    lines = printed(file, slos, capsys, "--expect-rate", "2/h")
    (guard,) = [line for line in lines if line.startswith("  guard")]
    assert guard.endswith("pages: or 3 and nothing good in 2h")
    (expected,) = [line for line in lines if line.startswith("  expect")]
    assert expected.endswith("a full outage is told after 2h")


def test_every_kind_of_promise_is_said_in_words(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slos = """\
        state_dir: state
        slos:
          - {name: a, objective: 99.97%, good: {available: {give_up: 1500ms}}, per: model, match: {method: a.B/*}}
          - {name: b, objective: 99%, good: {first_token_below: 300ms + 0.2ms/prompt_token up to 5s}, window: 1d,
             per: model, match: {model: "llama-*"}}
          - {name: c, objective: 99%, good: {all: [{token_time_below: 40ms}, {longest_gap_below: 2s}]},
             alerts: {tiers: []}}
        """
    lines = printed(file, slos, capsys, "--expect-rate", "70/h")
    assert [line for line in lines if line[:1].isalpha() or "good  " in line or "budget" in line][
        :9
    ] == [
        "a: 99.97 % of requests of each model to a.B/* in any 30d",
        "  good    answered well (over HTTP given up after 1s500ms)",
        "  budget  0.03 % of 30d: 3 bad in 10,000; 12m58s of full outage",
        "b: 99 % of requests of each model llama-* in any 1d",
        "  good    first token within 300ms + 200us/prompt_token up to 5s",
        "  budget  1 % of 1d: 1 bad in 100; 14m24s of full outage",
        "c: 99 % of requests in any 30d",
        "  good    all of: 40ms a token or less, no gap above 2s",
        "  budget  1 % of 30d: 1 bad in 100; 7h12m of full outage",
    ]
    assert "  ticket-slow is left out: 3d is more than the period" in lines
    assert "  no tiers: nobody is told" in lines
    assert not any("state_dir" in line for line in lines)


def test_the_rate_gives_false_pages_and_how_soon_an_outage_is_told(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slos = """\
        slos:
          - {name: usual, objective: 99.9%, good: {available: true}}
          - {name: nervous, objective: 99.9%, good: {available: true}, per: model, alerts: {min_bad: 1}}
          - name: tickets
            objective: 99%
            good: {available: true}
            alerts: {tiers: [{name: t, long: 1d, short: 1h, budget: 10%, severity: ticket}]}
        """
    lines = printed(file, slos, capsys, "--expect-rate", "69/h")
    assert [line for line in lines if line.startswith("  expect")] == [
        "  expect  0.0086 false pages a month; a full outage is told after 4m21s",
        "  expect  49 false pages a month of a model at that rate; a full outage is told after 2m37s",
        "  expect  no page: no tier is of that severity",
    ]
    assert "(Poisson)" in lines[-3]


@pytest.mark.parametrize("text", ["70", "0/h", "-1/h", "70/w", "many/h", "1e9/h", "70 / h"])
def test_what_is_no_rate_is_told_with_one(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert called("check", "a.yaml", f"--expect-rate={text}") == 2
    assert "is no rate: write a number and /s, /m, /h or /d, e.g. 70/h" in capsys.readouterr().err


def test_rates_are_exact() -> None:
    assert rate("70/h") == Fraction(70, HOUR)
    assert (rate("0.5/s"), rate("3/m"), rate("1/d")) == (
        Fraction(1, 2 * SECOND),
        Fraction(3, MINUTE),
        Fraction(1, DAY),
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [("0.0123", "12.3ms"), ("1", "1s"), ("59.94", "59.9s"), ("59.96", "1m"), ("61", "1m1s"), ("3599.9", "1h"),
     ("3600", "1h"), ("5184", "1h26m"), ("86399", "1d"), ("129600", "1d12h")],
)  # fmt: skip
def test_times_have_two_units_at_most(seconds: str, text: str) -> None:
    assert _time(Fraction(seconds) * SECOND) == text


@pytest.fixture
def admin() -> Iterator[str]:
    """A running Wayside that knows three models."""
    snapshot = {
        "calls": [{"model": "llama-8b"}, {"model": "unknown"}],
        "timings": [{"model": "resnet50"}],
        "in_flight": [{"model": "llama-70b"}],
    }

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(snapshot if self.path == "/api/v1/snapshot" else []).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_running_wayside_says_which_models_each_objective_is_about(
    file: Path, admin: str, capsys: pytest.CaptureFixture[str]
) -> None:
    slos = """\
        slos:
          - {name: all, objective: 99%, good: {available: true}}
          - {name: llamas, objective: 99%, good: {available: true}, match: {model: "llama-*"}}
          - {name: typo, objective: 99%, good: {available: true}, match: {model: resnet-50}}
        """
    assert printed(file, slos, capsys, "--admin", admin)[-5:] == [
        "",
        f"models at {admin}: llama-70b, llama-8b, resnet50",
        "  all: llama-70b, llama-8b, resnet50",
        "  llamas: llama-70b, llama-8b",
        "  typo: warning: 'resnet-50' matches none of them",
    ]


def test_a_wayside_that_does_not_run_is_status_1_after_the_check(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(GOOD)
    assert called("check", str(file), "--admin", "127.0.0.1:1") == 1
    captured = capsys.readouterr()
    assert f"{file} is good" in captured.out
    assert "no models from 127.0.0.1:1: " in captured.err
    assert called("check", str(file), "--admin", "nonsense") == 1


def test_names_come_from_every_key_and_unknown_is_none() -> None:
    assert models_in({}) == []
    assert models_in(
        {"server": {"models": ["b"]}, "calls": [{"model": "a"}, {"model": "unknown"}]}
    ) == ["a", "b"]


def test_where_alerts_go_is_told_and_how_and_of_secrets_the_file(
    file: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file.write_text(GOOD)
    assert called("check", str(file)) == 0
    assert "  alerts are delivered nowhere from here" in capsys.readouterr().out
    token = tmp_path / "token"
    token.write_text("hush")
    to = f"{{url: https://b, authorization: {{credentials_file: {token}}}, headers: {{X-Key: hush}}}}"
    file.write_text(
        f"{GOOD}alerts: {{alertmanagers: [http://a, {to}], labels: {{team: vision}}, scope: replica}}\n"
    )
    assert called("check", str(file)) == 0
    text = capsys.readouterr().out
    assert "  alerts to http://a\n" in text
    assert f"  alerts to https://b (token of {token}, X-Key)\n" in text
    assert "  alerts of scope replica; each replica's are its own, with team=vision\n" in text
    assert "hush" not in text
    token.unlink()
    assert called("check", str(file)) == 2
    assert f"credentials_file: '{token}' cannot be read" in capsys.readouterr().err
