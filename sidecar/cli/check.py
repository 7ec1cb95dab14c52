"""`wayside check FILE`: every problem at once, or what the file would do; with --outcomes, what calls count as."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from sidecar.cli.exit_codes import BAD_CONFIG, FAILED, OK

if TYPE_CHECKING:
    import argparse

    from sidecar.config.compile import Compiled
    from sidecar.model.indicator import Indicator
    from sidecar.model.policy import Policy

_EPILOG = """\
a whole file:
  listeners:
    - {listen: ":8001", upstream: "127.0.0.1:9001"}     # or unix:/path; the only part that must be there
  server: {type: auto, files: [my-server.yaml]}         # files: catalogues of your own, see sidecar/servers/oip.yaml
  slos:
    - {name: resnet-fast, match: {model: resnet50},  objective: 99.9%,  good: {latency_below: 100ms}}
    - {name: chat-starts, match: {model: "llama-*"}, objective: 99%,    good: {first_token_below: 500ms}}
    - {name: answers,                                objective: 99.95%, good: {available: true}}   # or {give_up: 10s}
  outcomes: {429: client_error}     # codes that count otherwise than always, see --outcomes
  models: [resnet50]                # names shown from the start; others after their first good answer
  admin: ":9464"                    # /metrics and the API; off = none
  health: off                       # /livez /readyz /drain, e.g. ":9465"; see `wayside drain --help`
  log: {format: human}              # or json
  drain: {delay: 5s, total: 18s}
  control: {memory: 128MiB, tick: 1s}
  limits: {threads: 1, unsent: 64MiB, connections: 0, models: 0, methods: 0, series: 0}     # 0 = default
  observe: true                     # false: relay only
  state_dir: /var/lib/wayside       # where state outlives a restart

Durations: us ms s m h d w. Percentages need a %.
Exit status: 0 good, 1 wayside-tap could not be asked, 2 problems, each as `file:line: field: what is wrong. hint`.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `check`."""
    import argparse

    parser = subparsers.add_parser(
        "check",
        help="find every problem in a configuration file",
        description="Read a configuration strictly and report every problem with its line and a hint.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE", nargs="?", help="wayside.yaml")
    parser.add_argument(
        "--outcomes",
        action="store_true",
        help="print what each way for a call to end counts as, and the rules in force that say otherwise; "
        "without FILE those that are shipped",
    )
    parser.set_defaults(main=_check, parser=parser)


def _check(arguments: argparse.Namespace) -> int:
    from sidecar.config.compile import compile_policy
    from sidecar.config.sources import Sources

    if not arguments.file:
        if not arguments.outcomes:
            arguments.parser.error("name a FILE, e.g. wayside.yaml")
        return _outcomes("", None)
    compiled = compile_policy(Sources(arguments.file))
    problems = (*compiled.problems, *compiled.absent)
    for problem in problems:
        print(problem, file=sys.stderr)
    for note in [] if arguments.outcomes else compiled.notes:
        print(f"note: {note}")
    if problems or compiled.policy is None:
        count = len(problems)
        print(f"{count} problem{'s' if count != 1 else ''} in {arguments.file}", file=sys.stderr)
        return BAD_CONFIG
    if arguments.outcomes:
        return _outcomes(arguments.file, compiled)
    _summarize(arguments.file, compiled.policy)
    return OK


def _outcomes(file: str, compiled: Compiled | None) -> int:
    """Print what is in force by a file, or by what is shipped."""
    from sidecar.cli.launch import LaunchError
    from sidecar.cli.outcome_table import ask_tap
    from sidecar.cli.outcomes import outcome_lines
    from sidecar.servers.table import rule_groups, shipped

    try:
        table = ask_tap()
    except LaunchError as error:
        print(error, file=sys.stderr)
        return FAILED
    user = compiled.policy.outcomes if compiled and compiled.policy else ()
    groups = rule_groups(compiled.catalogues if compiled else shipped())
    for line in outcome_lines(table, file, user, groups):
        print(line)
    return OK


def _summarize(file: str, policy: Policy) -> None:
    """Say what the file would do."""
    print(f"{file} is good")
    for listener in policy.listeners:
        print(f"  listen {listener.listen} -> {listener.upstream}")
    for objective in policy.objectives:
        matches = objective.model_glob or "every model"
        good = _good(objective.indicator)
        print(f"  {objective.name}: {objective.ratio} of {matches} {good}")
    if policy.outcomes:
        count = len(policy.outcomes)
        print(
            f"  {count} rule{'s' * (count != 1)} of outcomes: see `wayside check --outcomes {file}`"
        )
    print(
        f"  {len(policy.methods)} methods known; admin {policy.admin or 'off'}, health {policy.health or 'off'}"
    )


def _good(indicator: Indicator) -> str:
    """Say what makes an event good."""
    from sidecar.model.indicator import Available

    if isinstance(indicator, Available):
        return f"{indicator.kind}, given up after {indicator.give_up_nanos / 1e9:g} s"
    return f"{indicator.kind} {indicator.threshold_nanos / 1e6:g} ms"
