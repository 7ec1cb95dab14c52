"""Files of rules, rendered from objectives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from alerts import promtool_tests, relabel
from alerts.judged import ALL, LONG, SHORT, Judged
from alerts.promql import GRID_NANOS, Window, quoted
from alerts.scope import PROMETHEUS
from sidecar.model import metrics
from sidecar.model.duration import HOUR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerts.scope import Scope
    from sidecar.model.objective import Objective

# What kube-state-metrics tells of those that have replicas: (metric, label that names them).
_KUBE_METRICS = (
    (
        "ready",
        (
            ("kube_deployment_status_replicas_ready", "deployment"),
            ("kube_statefulset_status_replicas_ready", "statefulset"),
            ("kube_daemonset_status_number_ready", "daemonset"),
        ),
    ),
    (
        "desired",
        (
            ("kube_deployment_spec_replicas", "deployment"),
            ("kube_statefulset_replicas", "statefulset"),
            ("kube_daemonset_status_desired_number_scheduled", "daemonset"),
        ),
    ),
)
_DROPPED = (
    metrics.TAP_RECORDS_DROPPED,
    metrics.TAP_LOG_DROPPED,
    metrics.TAP_SERIES_CAPPED,
    metrics.TAP_SLO_MODELS_CAPPED,
    metrics.TAP_KEEPS_REFUSED,
)


@dataclass(frozen=True, slots=True)
class Promised:
    """An objective, and what it promises in words."""

    objective: Objective
    words: str


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A file, and what stands in it."""

    name: str
    text: str


def render(
    promised: Sequence[Promised], scope: Scope, rule_format: str, *, split: bool
) -> list[RuleFile]:
    """Return the files of rules: one, or one for whoever scrapes and one for whoever keeps what is older."""
    parts = (SHORT, LONG) if split else (ALL,)
    return [_file(promised, scope, rule_format, part) for part in parts]


def render_relabelings(scope: Scope, rule_format: str) -> str:
    """Return what makes a pod's labels for Prometheus, or for a PodMonitor."""
    steps = relabel.where() if rule_format == PROMETHEUS else ()
    steps += relabel.workload()
    steps += relabel.service() if scope.by == relabel.SERVICE else ()
    return _rendered("relabelings.yaml.j2", scope, steps=steps, format=rule_format) + "\n"


def _file(promised: Sequence[Promised], scope: Scope, rule_format: str, part: str) -> RuleFile:
    name = "wayside" if part == ALL else f"wayside-{part}"
    groups = [
        _rendered("objective.yaml.j2", scope, o=Judged(each.objective, each.words, scope, part))
        for each in promised
    ]
    # Whoever keeps what is older has no scrapes: what is about replicas belongs to whoever has.
    if part != LONG:
        groups.append(_rendered("replicas.yaml.j2", scope))
    text = _rendered(f"{rule_format}.yaml.j2", scope, groups=groups, name=name, part=part)
    return RuleFile(f"{name}.rules.yaml", f"{text}\n")


def render_tests(
    promised: Sequence[Promised], scope: Scope, files: Sequence[RuleFile]
) -> list[RuleFile]:
    """Return what promtool tests files of rules with: each minute, and over days each five.

    None where the rules are about one fleet alone: tests are about several.
    """
    if not promtool_tests.can_test(scope):
        return []
    lines = [line.strip() for each in files for line in each.text.splitlines()]
    context: dict[str, Any] = {
        "files": [each.name for each in files],
        "groups": [line.removeprefix("- name: ") for line in lines if line.startswith("- name: ")],
        "objectives": [each.objective for each in promised],
        **promtool_tests.WORDS,
    }
    files_of_tests = [("wayside.test.yaml", "tests.yaml.j2")]
    if any(promtool_tests.expected_of(each.objective) for each in promised):
        files_of_tests.append(("wayside-days.test.yaml", "long_tests.yaml.j2"))
    return [
        RuleFile(name, _rendered(template, scope, **context) + "\n")
        for name, template in files_of_tests
    ]


def _rendered(template: str, scope: Scope, **context: Any) -> str:
    environment = _environment(scope)
    text: str = environment.get_template(template).render(**context)
    return text


def _environment(scope: Scope) -> Environment:
    """Return an environment whose marks are neither PromQL's nor those of Prometheus' own templates."""
    environment = Environment(
        loader=PackageLoader("alerts"),
        block_start_string="[%",
        block_end_string="%]",
        variable_start_string="[[",
        variable_end_string="]]",
        comment_start_string="[#",
        comment_end_string="#]",
        undefined=StrictUndefined,
        autoescape=False,
    )
    environment.filters.update(
        quoted=quoted, one_line=_one_line, literal=_literal, literal_format=_literal_format
    )
    environment.globals.update(
        scope=scope,
        five=Window(GRID_NANOS, scope.dialect),
        hour=Window(HOUR, scope.dialect),
        kube_metrics=_KUBE_METRICS,
        dropped_metrics=[f"{each.name}_total" for each in _DROPPED],
    )
    annotations: Any = environment.get_template("annotations.j2").module
    environment.globals["annotations"] = annotations
    return environment


def _one_line(text: str) -> str:
    """Return what the user wrote as a part of one line."""
    return "".join(each if each.isprintable() else " " for each in text)


def _literal(text: str) -> str:
    """Return what the user wrote so that Prometheus finds no template of its own in it."""
    return text.replace("{{", '{{ "{{" }}')


def _literal_format(text: str) -> str:
    """Return what is to stand in a format as it is."""
    return text.replace("%", "%%")
