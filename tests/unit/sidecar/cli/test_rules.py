"""`wayside rules`: what it prints, what it writes, and what it refuses."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml

from sidecar.cli.main import main

GOOD = """\
listeners: [{listen: ":8001", upstream: "127.0.0.1:9001"}]
slos:
  - {name: fast, objective: 99.9%, good: {latency_below: 100ms}}
  - {name: answers, per: model, objective: 99%, window: 28d, good: {available: true}}
"""


def called(*arguments: str) -> int:
    """Run a command in this process; argparse's exits are statuses too."""
    try:
        return main(arguments)
    except SystemExit as ended:
        return int(str(ended.code))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A good configuration."""
    found = tmp_path / "wayside.yaml"
    found.write_text(GOOD)
    return found


def groups(file: Path, capsys: pytest.CaptureFixture[str], *flags: str) -> list[dict[str, Any]]:
    """The groups that are printed."""
    assert called("rules", "-c", str(file), *flags) == 0
    found: list[dict[str, Any]] = yaml.safe_load(capsys.readouterr().out)["groups"]
    return found


def thresholds(group: dict[str, Any]) -> dict[str, float]:
    """The shares of bad events above which the tiers of a group fire."""
    found = {}
    for rule in group["rules"]:
        if rule.get("alert") == "WaysideBudgetBurn":
            _, _, after = rule["expr"].partition("> ")
            found[rule["labels"]["tier"]] = float(after.split()[0])
    return found


def test_each_objective_is_a_group_of_its_own(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fast, answers, replicas = groups(file, capsys)
    assert [each["name"] for each in (fast, answers, replicas)] == [
        "wayside-slo-fast",
        "wayside-slo-answers",
        "wayside-replicas",
    ]
    assert thresholds(fast) == {
        "page-fast": 0.0144,
        "page-slow": 0.006,
        "ticket-fast": 0.003,
        "ticket-slow": 0.001,
    }
    # 28 days: by the share of the budget, and the slowest tier no further than the budget itself.
    assert thresholds(answers) == pytest.approx(
        {"page-fast": 0.1344, "page-slow": 0.056, "ticket-fast": 0.028, "ticket-slow": 0.01}
    )


def test_a_rule_reads_what_rules_before_it_have_recorded(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for group in groups(file, capsys):
        recorded = [rule.get("record", "") for rule in group["rules"]]
        for at, rule in enumerate(group["rules"]):
            for name in set(recorded) - {""}:
                if f"{name}{{" in rule["expr"]:
                    assert name in recorded[:at], (name, rule["expr"])


def test_names_are_constant_and_lengths_are_labels(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fast, answers, _ = groups(file, capsys)
    names = [
        {rule["record"] for rule in each["rules"] if "record" in rule} for each in (fast, answers)
    ]
    assert names[0] == names[1]
    windows = {
        rule["labels"]["window"]
        for rule in answers["rules"]
        if rule.get("record") == "wayside:slo_bad:increase"
    }
    assert windows == {"5m", "30m", "1h", "2h", "6h", "1d", "3d", "28d"}


def test_one_budget_for_each_model_only_where_it_is_counted_so(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fast, answers, _ = groups(file, capsys)
    assert "sum by (cluster, namespace, workload, slo, pod)" in fast["rules"][0]["expr"]
    assert "sum by (cluster, namespace, workload, slo, model, pod)" in answers["rules"][0]["expr"]


def test_a_match_is_in_every_selector_and_by_service_in_every_sum(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = groups(file, capsys, "--match", "namespace=vision", "--by", "service")
    for rule in found[0]["rules"]:
        assert rule["expr"].count("{") == rule["expr"].count('namespace="vision"')
        assert "workload" not in rule["expr"]


def test_split_has_all_rules_once(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = [rule for group in groups(file, capsys) for rule in group["rules"]]
    out = tmp_path / "out"
    assert called("rules", "-c", str(file), "--split", "-o", str(out)) == 0
    parts = {
        name: [
            rule
            for group in yaml.safe_load((out / f"wayside-{name}.rules.yaml").read_text())["groups"]
            for rule in group["rules"]
        ]
        for name in ("short", "long")
    }
    # Some rules are about all windows at once, so each part has one of its own.
    both = {
        "wayside:slo_errors:ratio",
        "wayside:slo_burn_rate:ratio",
        "wayside:slo_bad_draws:count",
    }
    plain = [each for each in whole if each.get("record") not in both]
    split = [each for part in parts.values() for each in part if each.get("record") not in both]
    assert sorted(map(str, split)) == sorted(map(str, plain))
    assert not any(":5m]" in each["expr"] for each in parts["short"]), "no long window"
    assert not any("increase(wayside_" in each["expr"] for each in parts["long"]), "no raw counter"


def test_the_anchored_dialect_extrapolates_nothing(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = groups(file, capsys, "--dialect", "prometheus3")
    for rule in found[0]["rules"]:
        assert rule["expr"].count("increase(wayside_") == rule["expr"].count("] anchored)")


def test_the_page_of_runbooks_may_be_anywhere(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = groups(file, capsys, "--runbooks", "https://wiki/wayside")
    urls = [rule["annotations"]["runbook_url"] for rule in found[2]["rules"] if "alert" in rule]
    assert urls[0] == "https://wiki/wayside#waysidereplicasstalled"


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        ((), "say whose rules: -c wayside.yaml"),
        (("-c", "a", "--split"), "--split makes two files: say where to, -o DIR"),
        (("-c", "a", "--match", "env=prod"), "'env=prod' is no LABEL=VALUE: write one of cluster"),
        (("-c", "a", "--match", "service=a"), "--match service does not go with --by workload"),
        (("-c", "a", "--dialect", "3"), "prometheus2"),
    ],
)
def test_bad_flags_say_what_to_write(
    flags: tuple[str, ...], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called("rules", *flags) == 2
    assert text in capsys.readouterr().err


@pytest.mark.parametrize(
    ("slos", "text"),
    [
        (
            "slos: [{name: a, objective: 99, good: {available: true}}]",
            ":2: slos[0].objective: 99 is no percentage",
        ),
        ("log: {format: json}", ": slos: there are none, so there are no rules. Write slos:"),
    ],
)
def test_a_bad_configuration_makes_no_rules(
    slos: str, text: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(GOOD.partition("slos:")[0] + dedent(slos))
    assert called("rules", "-c", str(file)) == 2
    printed = capsys.readouterr()
    assert text in printed.err
    assert printed.out == ""


def test_a_folder_that_cannot_be_written_is_told(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called("rules", "-c", str(file), "-o", str(file)) == 1
    assert f"{file} cannot be written" in capsys.readouterr().err


def test_without_jinja2_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    for name in [each for each in sys.modules if each.split(".")[0] == "alerts"]:
        monkeypatch.delitem(sys.modules, name)
    assert called("rules", "-c", str(file)) == 1
    assert "pip install 'wayside[rules]'" in capsys.readouterr().err


def test_help_shows_what_to_type(capsys: pytest.CaptureFixture[str]) -> None:
    assert called("rules", "--help") == 0
    text = capsys.readouterr().out
    assert "promtool test rules rules/*.test.yaml" in text
    assert "--enable-feature=promql-extended-range-selectors" in text
