"""`wayside run`: compile the policy, then become the tap. Also the compiler process that reloads use."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from sidecar.cli.exit_codes import BAD_CONFIG, FAILED, OK
from sidecar.cli.flags import add_flags, sources_from
from sidecar.cli.launch import LaunchError, become_tap
from sidecar.model.restart import IN_WORDS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from sidecar.model.problem import Problem

_EPILOG = """\
examples:
  wayside run --listen :8001 --upstream 127.0.0.1:9001
      stand before a model server that was moved to port 9001; clients keep using 8001
  wayside run -c wayside.yaml --health :9465
      several listeners, objectives, limits: see `wayside check --help` for the file

then:
  curl localhost:9464/metrics       per-model latency, outcomes, objectives
  wayside tap dump                  the same facts for people

When the file changes it is taken up while running. Open connections keep the catalogue they began with, and these
parts need a restart: {fixed_parts}.
A bad edit changes nothing: it is logged, and wayside_config_last_reload_successful becomes 0.
SIGTERM drains: not ready at once, goes on accepting for --drain-delay, cuts what is left after --drain. So does
`wayside drain`, and the process goes on until it is told to end. With --final-scrape it then stays until somebody has
read a page of /metrics that tells of the last call; a second signal skips every wait.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `run` and the compiler process, which is not listed."""
    import argparse

    run = subparsers.add_parser(
        "run",
        help="forward and measure",
        description="Forward every byte untouched between clients and a model server, and measure each call.",
        epilog=_EPILOG.format(fixed_parts=IN_WORDS),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_flags(run)
    run.set_defaults(main=_run, parser=run)
    compiler = subparsers.add_parser("compile-policy")
    add_flags(compiler)
    compiler.set_defaults(main=_compile, parser=compiler)


def _run(arguments: argparse.Namespace) -> int:
    """Tolerant: what is bad is left out and logged; without a usable listener there is nothing to run."""
    from sidecar.config.compile import compile_policy
    from sidecar.tapclient.encode import policy_bytes

    compiled = compile_policy(sources_from(arguments, arguments.parser))
    as_json = compiled.policy is not None and compiled.policy.log_format == "json"
    _say("error", map(str, compiled.problems), as_json)
    _say("warning", map(str, compiled.absent), as_json)
    _say("info", map(str, compiled.notes), as_json)
    if compiled.policy is None:
        _say("error", ["no usable listener: nothing was started"], as_json)
        return BAD_CONFIG
    try:
        become_tap(policy_bytes(compiled.policy))
    except LaunchError as error:
        _say("error", [str(error)], as_json)
    return FAILED


def _compile(arguments: argparse.Namespace) -> int:
    """Strict: print the serialized policy, or every problem as a JSON line on stderr."""
    from sidecar.config.compile import compile_policy
    from sidecar.tapclient.encode import policy_bytes

    compiled = compile_policy(sources_from(arguments, arguments.parser))
    if compiled.problems or compiled.policy is None:
        for problem in compiled.problems:
            print(_problem_line(problem), file=sys.stderr)
        return BAD_CONFIG
    sys.stdout.buffer.write(policy_bytes(compiled.policy))
    return OK


def _problem_line(problem: Problem) -> str:
    return json.dumps(
        {
            "file": problem.file,
            "line": problem.line,
            "field": problem.field,
            "what": problem.what,
            "hint": problem.hint,
            "text": str(problem),
        }
    )


def _say(level: str, lines: Iterable[str], as_json: bool) -> None:
    """Write lines as the tap's log does: they are the first of it."""
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    for line in lines:
        entry = {"time": now, "level": level, "process": "run", "msg": line}
        text = json.dumps(entry) if as_json else f"{now} {level.upper():<7} run {line}"
        print(text, file=sys.stderr)
