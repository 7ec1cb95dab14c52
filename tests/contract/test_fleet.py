"""The fleet of the proof and of the demo is set up with files that Wayside, Prometheus and Alertmanager take."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.fleet import __main__ as demo
from tests.fleet.monitoring import (
    EXAMPLE,
    PLACE,
    Setup,
    alertmanager_settings,
    prometheus_settings,
    render_rules,
    write_targets,
)
from tests.fleet.notifications import ON_CALL, TICKETS
from tests.harness.wayside import COMMAND
from tests.prove import fleet as proof
from tests.provision.parts import require

SETUPS = {"proof": proof.SETUP, "demo": demo.SETUP}
URLS = {ON_CALL: "http://127.0.0.1:1/on-call", TICKETS: "http://127.0.0.1:1/tickets"}


@pytest.fixture(params=SETUPS)
def setup(request: pytest.FixtureRequest) -> Setup:
    """The one of the proof, and that of the demo."""
    chosen: Setup = SETUPS[request.param]
    return chosen


def run(*command: str | Path) -> str:
    """Run a command that must succeed; return what it said."""
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_its_configuration_is_a_good_one(setup: Setup) -> None:
    run(COMMAND, "check", setup.config)


@pytest.mark.parametrize("promtool", ["promtool", "promtool-3"])
def test_its_rules_and_its_prometheus_are_taken(
    setup: Setup, promtool: str, tmp_path: Path
) -> None:
    rules, targets = render_rules(setup.config, tmp_path / "rules"), tmp_path / "targets.json"
    write_targets(targets, {"chat-0-0": "127.0.0.1:1"})
    file = tmp_path / "prometheus.yml"
    settings = prometheus_settings(rules, targets, proxy="127.0.0.1:2", alertmanager="127.0.0.1:3")
    file.write_text(json.dumps(settings))
    assert "rules found" in run(require(promtool), "check", "config", file)


def test_both_alerts_that_are_waited_for_are_among_its_rules(setup: Setup, tmp_path: Path) -> None:
    rules = yaml.safe_load(render_rules(setup.config, tmp_path).read_text())
    told = {
        (each["alert"], each["labels"].get("tier"), each["labels"]["severity"])
        for group in rules["groups"]
        for each in group["rules"]
        if "alert" in each
    }
    assert {
        ("WaysideBudgetBurn", "page-fast", "page"),
        ("WaysideReplicaBurn", "replica", "ticket"),
    } <= told


def test_targets_have_the_labels_of_a_pod(tmp_path: Path) -> None:
    file = tmp_path / "targets.json"
    write_targets(file, {"chat-0-0": "127.0.0.1:1"})
    assert json.loads(file.read_text()) == [
        {"targets": ["127.0.0.1:1"], "labels": {**PLACE, "pod": "chat-0-0"}}
    ]
    assert list(tmp_path.iterdir()) == [file]


def test_alertmanager_is_the_example_with_webhooks() -> None:
    example = yaml.safe_load(EXAMPLE.read_text())
    settings = alertmanager_settings(EXAMPLE.read_text(), URLS)
    hooks = {each["name"]: each.pop("webhook_configs") for each in settings["receivers"]}
    assert hooks == {name: [{"url": url}] for name, url in URLS.items()}
    assert settings == example
    settings = alertmanager_settings(EXAMPLE.read_text(), URLS, "1m")
    assert settings["route"] == {**example["route"], "group_interval": "1m"}


def test_the_demo_takes_no_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.main(["fast"]) == demo.USAGE_ERROR
    assert demo.main(["--help"]) == 0
    assert "make demo-fleet" in capsys.readouterr().out
