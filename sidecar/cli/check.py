"""`wayside check FILE`: every problem at once, or what the file would do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from sidecar.cli.exit_codes import BAD_CONFIG, OK

if TYPE_CHECKING:
    import argparse

    from sidecar.model.policy import Policy

_EPILOG = """\
a whole file:
  listeners:
    - {listen: ":8001", upstream: "127.0.0.1:9001"}     # or unix:/path; the only part that must be there
  server: {type: auto, files: [my-server.yaml]}         # files: catalogues of your own, see sidecar/servers/oip.yaml
  slos:
    - {name: resnet-fast, match: {model: resnet50},  objective: 99.9%,  good: {latency_below: 100ms}}
    - {name: chat-starts, match: {model: "llama-*"}, objective: 99%,    good: {first_token_below: 500ms}}
    - {name: answers,                                objective: 99.95%, good: {available: true}}
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
Exit status: 0 good, 2 problems, each as `file:line: field: what is wrong. hint`.
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
    parser.add_argument("file", metavar="FILE", help="wayside.yaml")
    parser.set_defaults(main=_check)


def _check(arguments: argparse.Namespace) -> int:
    from sidecar.config.compile import compile_policy
    from sidecar.config.sources import Sources

    compiled = compile_policy(Sources(arguments.file))
    problems = (*compiled.problems, *compiled.absent)
    for problem in problems:
        print(problem, file=sys.stderr)
    for note in compiled.notes:
        print(f"note: {note}")
    if problems or compiled.policy is None:
        count = len(problems)
        print(f"{count} problem{'s' if count != 1 else ''} in {arguments.file}", file=sys.stderr)
        return BAD_CONFIG
    _summarize(arguments.file, compiled.policy)
    return OK


def _summarize(file: str, policy: Policy) -> None:
    """Say what the file would do."""
    from sidecar.model.indicator import threshold_nanos

    print(f"{file} is good")
    for listener in policy.listeners:
        print(f"  listen {listener.listen} -> {listener.upstream}")
    for objective in policy.objectives:
        matches = objective.model_glob or "every model"
        nanos = threshold_nanos(objective.indicator)
        below = f" {nanos / 1e6:g} ms" if nanos else ""
        kind = objective.indicator.kind
        print(f"  {objective.name}: {objective.ratio} of {matches} {kind}{below}")
    print(
        f"  {len(policy.methods)} methods known; admin {policy.admin or 'off'}, health {policy.health or 'off'}"
    )
