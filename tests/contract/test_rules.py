"""The rules of examples/fleet are what `wayside rules` writes, and promtool of both ages takes them and their tests."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from alerts.promql import PROMETHEUS2
from sidecar.cli.main import main
from sidecar.model import metrics
from tests.fakes.pods import SHAPES
from tests.harness import promtool
from tests.provision.parts import ROOT

FLEET = ROOT / "examples" / "fleet"
CONFIG = str(FLEET / "wayside.yaml")
WRITTEN = ("wayside.rules.yaml", "wayside.test.yaml", "wayside-days.test.yaml")


def written(folder: Path, *flags: str) -> list[Path]:
    """What the command writes with these flags."""
    assert main(["rules", "-c", CONFIG, "-o", str(folder), *flags]) == 0
    return sorted(folder.iterdir())


def test_the_committed_files_are_what_the_command_writes(tmp_path: Path) -> None:
    assert [each.name for each in written(tmp_path)] == sorted(WRITTEN)
    for name in WRITTEN:
        fresh, committed = (tmp_path / name).read_text(), (FLEET / name).read_text()
        assert fresh == committed, f"{name} is stale: wayside rules -c {CONFIG} -o {FLEET}"


@pytest.mark.parametrize("split", [(), ("--split",)])
@pytest.mark.parametrize(("age", "dialect"), promtool.PAIRS)
def test_promtool_takes_the_rules(
    age: str, dialect: str, split: tuple[str, ...], tmp_path: Path
) -> None:
    files = written(tmp_path, "--dialect", dialect, *split)
    rules = [each for each in files if each.name.endswith(".rules.yaml")]
    assert len(rules) == (2 if split else 1)
    assert promtool.problems(age, "check", "rules", *rules) == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("age", "dialect", "flags"),
    [
        *((age, dialect, ()) for age, dialect in promtool.PAIRS),
        ("promtool", PROMETHEUS2, ("--split", "--by", "service", "--match", "service=chat")),
    ],
)
def test_rules_do_what_their_tests_say(
    age: str, dialect: str, flags: tuple[str, ...], tmp_path: Path
) -> None:
    files = written(tmp_path, "--dialect", dialect, *flags)
    tests = [each for each in files if each.name.endswith(".test.yaml")]
    assert len(tests) == 2
    for each in tests:
        assert promtool.problems(age, "test", "rules", each) == ""


@pytest.mark.parametrize("age", promtool.AGES)
def test_prometheus_makes_the_workload_of_each_pod(
    age: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rules", "--scrape"]) == 0
    job = yaml.safe_load(capsys.readouterr().out)
    job["job_name"] = "pods"
    job["static_configs"] = [
        {"targets": [f"pod-{at}"], "labels": labels}
        for at, (labels, _) in enumerate(SHAPES.values())
    ]
    config = tmp_path / "prometheus.yaml"
    config.write_text(json.dumps({"scrape_configs": [job]}))
    # One age adds the port to a target's name, the other does not.
    targets = promtool.relabelled(age, config, "pods")
    found = {each["instance"].removesuffix(":80"): each["workload"] for each in targets}
    assert found == {f"pod-{at}": name for at, (_, name) in enumerate(SHAPES.values())}
    assert {each["namespace"] for each in targets} == {"ml"}


def test_the_resource_of_the_operator_holds_the_same_rules(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["rules", "-c", CONFIG, "--format", "prometheusrule"]) == 0
    resource = yaml.safe_load(capsys.readouterr().out)
    plain = yaml.safe_load((FLEET / "wayside.rules.yaml").read_text())
    assert (resource["kind"], resource["spec"]["groups"]) == ("PrometheusRule", plain["groups"])


@pytest.mark.parametrize("age", promtool.AGES)
def test_whoever_is_called_reads_what_burns_and_where(age: str, tmp_path: Path) -> None:
    written(tmp_path)
    bad = {"chat-0": 100, "chat-1": 300, "chat-2": 10, "chat-3": 50}
    fleet = 'namespace="ml", workload="chat", slo="resnet-fast"'
    series = [
        {
            "series": f'wayside_slo_events_total{{{fleet}, pod="{pod}", outcome="{outcome}"}}',
            "values": f"0+{quiet}x60 {60 * quiet + rate}+{rate}x59",
        }
        for pod, errors in bad.items()
        for outcome, quiet, rate in (("good", 1000, 1000 - errors), ("bad", 0, errors))
    ]
    # That nothing fires is wrong on purpose: promtool then prints what does.
    asked = [
        {"alertname": name, "eval_time": f"{at}m"}
        for name, at in (("WaysideBudgetBurn", 70), ("WaysideReplicaBurn", 80))
    ]
    test = {
        "rule_files": ["wayside.rules.yaml"],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": series, "alert_rule_test": asked}],
    }
    (tmp_path / "read.yaml").write_text(json.dumps(test))
    said = promtool.problems(age, "test", "rules", tmp_path / "read.yaml")
    for words in (
        "ml/chat: resnet-fast burns its budget at 1",
        "99.9 % of requests of model resnet50 in any 30d; good is: answered within 100ms",
        " over 1h, ",
        " over 5m; told above 14.4 in both",
        "Since: 1970-01-01 01:0",
        "Budget left: -",
        "of 30d; at this rate gone in 0s",
        "Model: resnet50",
        "Worst replicas, bad events in 5m: chat-1 1500, chat-0 500, chat-3 250, see the runbook",
        'runbook_url="docs/alerts.md#waysidebudgetburn"',
        "ml/chat: 3 of its replicas burn the budget of resnet-fast at more than 6 times",
        "bad events in 6h: chat-1 6000, chat-0 2000, chat-3 1000, of model resnet50",
    ):
        assert words in said, words
    assert "error expanding" not in said


def rules() -> list[dict[str, object]]:
    """Every rule of the example."""
    groups = yaml.safe_load((FLEET / "wayside.rules.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def alerts() -> list[dict[str, object]]:
    """Every alert of the example."""
    return [rule for rule in rules() if "alert" in rule]


def test_every_alert_has_its_runbook_and_each_runbook_an_alert() -> None:
    page = (ROOT / "docs" / "alerts.md").read_text()
    sections = re.findall(r"^## (Wayside\w+)$", page, re.MULTILINE)
    assert set(sections) == {str(each["alert"]) for each in alerts()}
    for each in alerts():
        annotations = each["annotations"]
        assert isinstance(annotations, dict)
        assert annotations["runbook_url"] == f"docs/alerts.md#{str(each['alert']).lower()}"
        assert {"summary", "description"} <= annotations.keys()


def test_the_alertmanager_of_the_example_knows_the_alerts() -> None:
    config = yaml.safe_load((FLEET / "alertmanager.yaml").read_text())
    known = {
        "alertname": {str(each["alert"]) for each in alerts()},
        "tier": {labels.get("tier", "") for labels in map(labels_of, alerts())},
        "severity": {labels["severity"] for labels in map(labels_of, alerts())},
    }
    named = [
        matcher
        for rule in config["inhibit_rules"]
        for matcher in (*rule["source_matchers"], *rule["target_matchers"])
    ]
    assert len(named) >= 4
    for matcher in named:
        label, value = re.split(r"=~?", matcher, maxsplit=1)
        assert set(value.strip('"').split("|")) <= known[label.strip()], matcher


def test_rules_and_their_page_name_metrics_that_there_are() -> None:
    known = {each.name for each in metrics.ALL}
    samples = known | {f"{name}_{suffix}" for name in known for suffix in ("total", "info")}
    expressions = [str(rule["expr"]) for rule in rules()]
    named = set(re.findall(r"\bwayside_\w+", " ".join(expressions)))
    assert len(named) > 10
    assert named <= samples
    page = (ROOT / "docs" / "alerts.md").read_text()
    assert set(re.findall(r"`(wayside_[a-z_]+)", page)) <= samples
    recorded = {str(rule["record"]) for rule in rules() if "record" in rule}
    assert set(re.findall(r"wayside:[\w:]+", " ".join([*expressions, page]))) <= recorded


def labels_of(alert: dict[str, object]) -> dict[str, str]:
    """The labels that a rule gives an alert."""
    labels = alert["labels"]
    assert isinstance(labels, dict)
    return labels
