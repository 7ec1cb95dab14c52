"""`wayside check FILE`: every problem at once, or what the file would do; with --outcomes, what calls count as."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from sidecar.cli.exit_codes import BAD_CONFIG, FAILED, OK
from sidecar.model.duration import HOUR

if TYPE_CHECKING:
    import argparse
    from fractions import Fraction

    from sidecar.config.compile import Compiled
    from sidecar.model.policy import Policy

_READ = (
    "Each cell: fires after that long / clears that long after the end; plus up to one tick each."
)

_EPILOG = """\
a whole file:
  listeners:
    - {listen: ":8001", upstream: "127.0.0.1:9001"}     # or unix:/path; the only part that must be there
  server: {type: auto, files: [my-server.yaml]}         # files: catalogues of your own, see sidecar/servers/oip.yaml
  slos:
    - {name: resnet-fast, match: {model: resnet50},  objective: 99.9%,  good: {latency_below: 100ms}}
    - {name: chat-starts, match: {model: "llama-*"}, objective: 99%,    window: 28d,    # 1h to 92d, 30d if left out
       good: {first_token_below: 300ms + 0.2ms/prompt_token up to 5s}}
    - {name: chat-flows,  match: {model: "llama-*"}, objective: 99%,    alerts: {min_bad: 10},   # tiers here too
       good: {all: [{first_token_below: 500ms}, {token_time_below: 40ms}, {longest_gap_below: 2s}]}}
    - {name: answers, per: model,                    objective: 99.95%, good: {available: true}}   # or {give_up: 10s}
  slo_files: [slos/*.yaml]          # more of them, in this form or in OpenSLO
  alerts:                           # for objectives that do not say otherwise; left out, the usual four tiers
    tiers: [{name: page-fast, long: 1h, short: 5m, budget: 2%, severity: page}]
    min_bad: 5                      # bad events before a share of them is believed
    alertmanagers: ["http://am-1:9093", "http://am-2:9093"]   # whom this host tells; each instance, see docs/alerts.md
    labels: {team: vision}          # of every alert
  outcomes: {429: client_error}     # codes that count otherwise than always, see --outcomes
  models: [resnet50]                # names shown from the start; others after their first good answer
  admin: ":9464"                    # /metrics and the API; off = none
  health: off                       # /livez /readyz /drain, e.g. ":9465"; see `wayside drain --help`
  metrics: {profile: default}       # or slo, or full: how much is on /metrics
  log: {format: human}              # or json
  drain: {delay: 5s, total: 18s}    # and final_scrape: 35s, see `wayside run --help`
  control: {memory: 128MiB, tick: 1s}
  limits: {threads: 1, unsent: 64MiB, connections: 0, models: 0, methods: 0, series: 0}     # 0 = default
  observe: true                     # false: relay only
  state_dir: /var/lib/wayside       # where state outlives a restart

Durations: us ms s m h d w. Percentages need a %.
Exit status: 0 good, 1 wayside-tap or --admin gave no answer, 2 problems, each `file:line: field: what is wrong. hint`.
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
    parser.add_argument(
        "--expect-rate",
        metavar="N/h",
        type=_rate,
        help="print how often each objective would page for nothing at this rate of requests (/s /m /h /d), "
        "and how soon for an outage",
    )
    parser.add_argument(
        "--admin",
        metavar="H:P",
        help="ask a running Wayside which models there are, and print which of them each objective is about",
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
    _summarize(arguments.file, compiled.policy, arguments.expect_rate)
    return _models(arguments.admin, compiled.policy) if arguments.admin else OK


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


def _summarize(file: str, policy: Policy, rate: Fraction | None) -> None:
    """Say what the file would do."""
    from sidecar.cli.check_delivery import delivery_lines
    from sidecar.cli.check_objectives import MODEL, objective_lines
    from sidecar.model.settings import ControlSettings
    from sidecar.model.windows import LONGEST_WITHOUT_DISK_NANOS as LONGEST

    print(f"{file} is good")
    for listener in policy.listeners:
        print(f"  listen {listener.listen} -> {listener.upstream}")
    if policy.outcomes:
        count = len(policy.outcomes)
        print(
            f"  {count} rule{'s' * (count != 1)} of outcomes: see `wayside check --outcomes {file}`"
        )
    print(
        f"  {len(policy.methods)} methods known; admin {policy.admin or 'off'}, health {policy.health or 'off'}"
    )
    for line in delivery_lines(ControlSettings.from_json(policy.control_settings).alerts):
        print(f"  {line}")
    for objective in policy.objectives:
        print()
        for line in objective_lines(objective, rate):
            print(line)
    if not policy.objectives:
        return
    print(f"\n{_READ}")
    if not ControlSettings.from_json(policy.control_settings).state_dir:
        print(
            f"Without state_dir windows end at {LONGEST // HOUR}h: what looks back further does not fire."
        )
    if rate is not None:
        print(MODEL)


def _models(admin: str, policy: Policy) -> int:
    """Say which models there are, and whose objectives they are."""
    from sidecar.cli.admin_api import HINT
    from sidecar.cli.check_models import model_lines, running_models

    try:
        models = running_models(admin)
    except (OSError, ValueError) as error:
        print(f"no models from {admin}: {error}. {HINT}", file=sys.stderr)
        return FAILED
    print()
    for line in model_lines(policy.objectives, models, admin):
        print(line)
    return OK


def _rate(text: str) -> Fraction:
    """Read a flag."""
    import argparse

    from sidecar.cli.check_objectives import rate

    try:
        return rate(text)
    except ValueError as error:
        hint = "write a number and /s, /m, /h or /d, e.g. 70/h"
        raise argparse.ArgumentTypeError(f"{error}: {hint}") from error
