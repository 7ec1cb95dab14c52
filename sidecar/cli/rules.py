"""`wayside rules`: the rules with which Prometheus judges a fleet, and what tests them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from alerts.promql import DIALECTS, PROMETHEUS2
from alerts.relabel import WORKLOAD
from alerts.scope import FLEETS, FORMATS, PLACE, PROMETHEUS, Scope
from sidecar.cli.exit_codes import BAD_CONFIG, FAILED, OK
from sidecar.model.alert_names import DEFAULT_RUNBOOKS

if TYPE_CHECKING:
    import argparse

    from alerts.rules import Promised, RuleFile

_EPILOG = """\
Recording rules and alerts for each objective, over all replicas of a workload: a group for each, evaluated in order
each minute. They read wayside_slo_events_total, whose labels namespace, pod and workload are the scraper's; --scrape
prints what makes them. docs/alerts.md says what each alert means and what to do.

examples:
  wayside rules -c wayside.yaml                                 print the rules, as Prometheus reads them
  wayside rules -c wayside.yaml -o rules/                       the same as a file, with tests beside it
  promtool test rules rules/*.test.yaml                         see them fire, clear and stay silent
  wayside rules -c wayside.yaml --format prometheusrule         for prometheus-operator: kubectl apply -f -
  wayside rules -c wayside.yaml -o rules/ --split               long windows for Thanos Ruler
  wayside rules -c wayside.yaml --match namespace=vision        where another namespace has objectives of the same name
  wayside rules --scrape --format prometheusrule                the relabelings of a PodMonitor that make `workload`

dialects: prometheus2 is for every Prometheus from 2.42 on; it extrapolates from what lies between the first and the
last scrape of a window. prometheus3 counts every event once, and needs `anchored`: Prometheus 3.16, or from 3.7 on
with --enable-feature=promql-extended-range-selectors.

exit status: 0 good, 1 jinja2 is not installed or a file could not be written, 2 bad configuration or flags
"""
_MATCHED = (*PLACE, *FLEETS)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `rules`."""
    import argparse

    parser = subparsers.add_parser(
        "rules",
        help="print the rules with which Prometheus judges a fleet",
        description="Render the objectives of a configuration as rules for Prometheus, with tests for promtool.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-c", "--config", metavar="FILE", default="", help="wayside.yaml")
    parser.add_argument(
        "-o", "--output", metavar="DIR", help="write files there, and promtool's tests beside them"
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default=PROMETHEUS,
        help="a file of rules, or the resource of prometheus-operator (default prometheus)",
    )
    parser.add_argument(
        "--split", action="store_true", help="two files: windows up to 1h, and longer ones"
    )
    parser.add_argument(
        "--dialect",
        choices=DIALECTS,
        default=PROMETHEUS2,
        help="how increases are written: see below (default prometheus2)",
    )
    parser.add_argument(
        "--by",
        choices=FLEETS,
        default=WORKLOAD,
        help="whose events are one budget; service joins canary and stable (default workload)",
    )
    parser.add_argument(
        "--match",
        metavar="LABEL=VALUE",
        action="append",
        type=_matcher,
        default=[],
        help="be about this cluster, namespace, workload or (with --by service) service alone; may be repeated",
    )
    parser.add_argument(
        "--runbooks",
        metavar="URL",
        default=DEFAULT_RUNBOOKS,
        help=f"the page that runbook_url leads to, at the alert's name (default {DEFAULT_RUNBOOKS})",
    )
    parser.add_argument(
        "--scrape",
        action="store_true",
        help="print instead what makes the labels of pods; asks for no configuration",
    )
    parser.set_defaults(main=_rules, parser=parser)


def _matcher(text: str) -> tuple[str, str]:
    """Read a flag."""
    import argparse

    label, _, value = text.partition("=")
    if label not in _MATCHED or not value:
        hint = f"write one of {', '.join(_MATCHED)}, = and what it is to be, e.g. namespace=vision"
        raise argparse.ArgumentTypeError(f"{text!r} is no LABEL=VALUE: {hint}")
    return label, value


def _rules(arguments: argparse.Namespace) -> int:
    try:
        from alerts import rules
    except ModuleNotFoundError as error:
        if error.name != "jinja2":
            raise
        print("jinja2 is not installed: pip install 'wayside[rules]'", file=sys.stderr)
        return FAILED
    scope = Scope(arguments.by, tuple(arguments.match), arguments.dialect, arguments.runbooks)
    if strange := {label for label, _ in arguments.match} - set(scope.key):
        arguments.parser.error(f"--match {strange.pop()} does not go with --by {arguments.by}")
    if arguments.scrape:
        print(rules.render_relabelings(scope, arguments.format), end="")
        return OK
    if not arguments.config:
        arguments.parser.error("say whose rules: -c wayside.yaml")
    if arguments.split and not arguments.output and arguments.format == PROMETHEUS:
        arguments.parser.error("--split makes two files: say where to, -o DIR")
    promised = _promised(arguments.config)
    if not promised:
        return BAD_CONFIG
    files = rules.render(promised, scope, arguments.format, split=arguments.split)
    if not arguments.output:
        print("---\n".join(each.text for each in files), end="")
        return OK
    # promtool reads files of rules, and no resources.
    tests = rules.render_tests(promised, scope, files) if arguments.format == PROMETHEUS else []
    return _write(Path(arguments.output), [*files, *tests])


def _promised(file: str) -> list[Promised]:
    """Return the objectives of a configuration; none, and its problems told, where it has any."""
    from alerts.rules import Promised
    from sidecar.cli.check_objectives import promise, words
    from sidecar.config.compile import compile_policy
    from sidecar.config.sources import Sources
    from sidecar.model.problem import Problem

    compiled = compile_policy(Sources(file))
    problems = list(compiled.problems)
    objectives = compiled.policy.objectives if compiled.policy else ()
    if not problems and not objectives:
        hint = "Write slos: [{name: answers, objective: 99.9%, good: {available: true}}]."
        problems.append(Problem(file, 0, "slos", "there are none, so there are no rules", hint))
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        return []
    return [
        Promised(each, f"{promise(each)}; good is: {words(each.indicator)}") for each in objectives
    ]


def _write(folder: Path, files: list[RuleFile]) -> int:
    """Write files, and say which."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for each in files:
            (folder / each.name).write_text(each.text)
            print(folder / each.name)
    except OSError as error:
        print(f"{folder} cannot be written: {error.strerror}", file=sys.stderr)
        return FAILED
    return OK
