"""What a host and the rules of a fleet tell of one harm is one alert: its name, its labels, what is said of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import yaml

from sidecar.alerting.conditions import BLIND_FOR_NANOS, CONFIG_INVALID_FOR_NANOS, conditions
from sidecar.alerting.engine import AlertingEngine, Now
from sidecar.model.delivery import AlertDelivery, Alertmanager
from sidecar.model.duration import MINUTE
from sidecar.model.objective import State
from sidecar.model.sections.config import Config
from sidecar.model.sections.objectives import Objectives
from tests.fakes.burning import AT_UNIX_NANOS, quiet, reading, tiers
from tests.provision.parts import ROOT

RULES = yaml.safe_load((ROOT / "examples/fleet/wayside.rules.yaml").read_text())
# What only the scraper knows, and what is of an objective's own.
OF_THE_FLEET = {"cluster", "namespace", "workload"}
OF_STATES = ("stalled", "unreachable")


def everything() -> Objectives:
    """Every tier and state at once."""
    usual = dict.fromkeys(
        ("page-fast", "page-slow", "ticket-fast", "ticket-slow", *OF_STATES), AT_UNIX_NANOS
    )
    burn = replace(quiet(), tiers=tiers(usual))
    return Objectives(
        (reading("resnet-fast", burn), reading("x", quiet(), state=State.NO_TELEMETRY))
    )


def rules() -> list[dict[str, Any]]:
    """All alerts of the rules."""
    return [rule for group in RULES["groups"] for rule in group["rules"] if "alert" in rule]


def rule_of(labels: dict[str, str]) -> dict[str, Any]:
    """The rule whose alert has these labels."""
    told = {key: value for key, value in labels.items() if key not in ("alertname", "slo")}
    (found,) = [
        rule
        for rule in rules()
        if rule["alert"] == labels["alertname"]
        and {key: value for key, value in rule["labels"].items() if key != "slo"} == told
        and rule["labels"].get("slo") == labels.get("slo")
    ]
    return found


def test_each_alert_of_a_host_is_one_of_the_rules_with_its_labels_and_annotations() -> None:
    engine = AlertingEngine()
    to = AlertDelivery((Alertmanager("http://am:9093"),))
    bad = Config(1, False, True, "hash")
    engine.judge(to, everything(), bad, Now(AT_UNIX_NANOS, 1))
    found = engine.judge(to, everything(), bad, Now(AT_UNIX_NANOS + BLIND_FOR_NANOS, 1)).due
    assert len(found) == 4 + len(OF_STATES) + 2
    for alert in found:
        rule = rule_of(dict(alert.labels))
        ours, theirs = dict(alert.annotations), rule["annotations"]
        assert ours.keys() == theirs.keys()
        assert ours["runbook_url"] == theirs["runbook_url"]
        first_words = [line.partition(":")[0] for line in theirs["description"].splitlines()]
        if alert.name == "WaysideBudgetBurn":
            said = [line.partition(":")[0] for line in ours["description"].splitlines()]
            assert said[:5] == first_words[:5]


def test_what_waits_waits_as_long_as_in_the_rules() -> None:
    bad = Config(1, False, True, "hash")
    waits = {
        dict(each.labels)["alertname"]: each.wait_nanos for each in conditions(everything(), bad)
    }
    told = {rule["alert"]: rule["for"] for rule in rules() if waits.get(rule["alert"])}
    assert told == {"WaysideBlind": "10m", "WaysideConfigInvalid": "5m"}
    assert waits["WaysideBlind"] == BLIND_FOR_NANOS == 10 * MINUTE
    assert waits["WaysideConfigInvalid"] == CONFIG_INVALID_FOR_NANOS == 5 * MINUTE
