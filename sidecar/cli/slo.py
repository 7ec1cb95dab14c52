"""`wayside slo`: what was promised, what is left, how fast it burns, what fires, and why."""

from __future__ import annotations

import json
import shutil
import sys
import time
from typing import TYPE_CHECKING, Any

from sidecar.cli.admin_api import HINT, add_admin_flag, fetch
from sidecar.cli.exit_codes import BAD_CONFIG, FAILED, FIRES, OK
from sidecar.cli.figures import clear_to_end, paper_of
from sidecar.cli.slo_blocks import Document, blocks, in_order, tiers_of
from sidecar.cli.slo_explain import explanation

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable

WATCH_SECONDS = 1.0

_EPILOG = """\
One block for each objective, and for each model of one that is counted by model; what fires comes first, then the
least budget. Burn 1 spends the budget exactly within the objective's window; a tier fires while its long and its short
window burn faster than its factor. All of it is of this replica alone: a fleet's budget is in Prometheus.

examples:
  wayside slo                                   what burns on this machine
  wayside slo --watch                           the same, each second, until Ctrl-C
  wayside slo --admin 10.0.0.7:9464 --json      the document of /api/v1/slo
  wayside slo --exit-code > /dev/null           for scripts: 3 when something fires
  wayside slo explain resnet-fast               why its tiers fire or do not, with every number
  wayside slo explain answers --model bert      of one model alone

exit status: 0 it was asked, whether or not something fires (with --exit-code: 3 when something does); 1 it could not
be asked; 2 bad flags, or no objective of that name
"""


class _NoAnswer(Exception):
    """It could not be asked, or answered with something else; the text says which."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `slo` and `slo explain`."""
    import argparse

    parser = subparsers.add_parser(
        "slo",
        help="see what burns, what fires, and what is left",
        description="Print the objectives of a running Wayside: promise, budget, burn, what fires since when.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_admin_flag(parser)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="print the API's JSON as it is")
    how.add_argument("--watch", action="store_true", help="print it anew each second until Ctrl-C")
    parser.add_argument("--exit-code", action="store_true", help="exit with 3 when something fires")
    parser.set_defaults(main=_slo)
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    explain = actions.add_parser(
        "explain",
        help="why the tiers of one objective fire or do not, with numbers",
        description="Print each tier's rule, what lies in its windows, what the guard says, and the decision.",
        epilog="examples:\n  wayside slo explain resnet-fast\n  wayside slo explain answers --model bert",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    explain.add_argument("name", metavar="NAME", help="name of the objective")
    explain.add_argument(
        "--model", default="", help="of an objective counted by model: one of them"
    )
    add_admin_flag(explain, argparse.SUPPRESS)
    explain.set_defaults(main=_explain)


def _slo(arguments: argparse.Namespace) -> int:
    if arguments.watch:
        return watch(lambda: _look(arguments.admin)[1], time.sleep)
    try:
        document, lines = _look(arguments.admin)
    except _NoAnswer as error:
        return _not_asked(error)
    if arguments.json:
        print(json.dumps(document, indent=1))
    else:
        print(*lines, sep="\n")
    firing = any(tier["firing"] for each in document["objectives"] for tier in tiers_of(each))
    return FIRES if firing and arguments.exit_code else OK


def _explain(arguments: argparse.Namespace) -> int:
    try:
        document, _ = _look(arguments.admin)
        named = [each for each in document["objectives"] if each["name"] == arguments.name]
        model = arguments.model
        found = [each for each in in_order(named) if model in ("", each.get("model", ""))]
        if not found:
            return _unknown(arguments, document["objectives"], named)
        now, paper = document["at_unix_nanos"], paper_of(sys.stdout)
        told = [_whole(explanation(each, now, paper), arguments.admin) for each in found]
    except _NoAnswer as error:
        return _not_asked(error)
    print("\n\n".join("\n".join(lines) for lines in told))
    return OK


def _unknown(
    arguments: argparse.Namespace, objectives: list[Document], named: list[Document]
) -> int:
    """Say what there is instead of what was asked for."""
    from sidecar.text.suggest import suggest

    if named:
        what, word = f"model {arguments.model!r} of {arguments.name}", arguments.model
        known = {each["model"]: each for each in named if "model" in each}
    else:
        what, word = f"objective {arguments.name!r}", arguments.name
        known = {each["name"]: each for each in objectives}
    print(f"there is no {what}. {suggest(word, known)}", file=sys.stderr)
    return BAD_CONFIG


def watch(look: Callable[[], list[str]], pause: Callable[[float], Any]) -> int:
    """Print what `look` returns, over what stands there, until Ctrl-C; what cannot be asked now may be soon."""
    try:
        lines = look()
    except _NoAnswer as error:
        return _not_asked(error)
    while True:
        _draw(lines)
        pause(WATCH_SECONDS)
        try:
            lines = look()
        except _NoAnswer as error:
            lines = [str(error), "Asked again each second; Ctrl-C ends this."]


def _draw(lines: list[str]) -> None:
    if not sys.stdout.isatty():
        print(*lines, "", sep="\n", flush=True)
        return
    room = shutil.get_terminal_size().lines - 1
    if len(lines) > room:
        lines = [*lines[: room - 1], f"... {len(lines) - room + 1} more lines"]
    print(clear_to_end(lines), end="", flush=True)


def _look(admin: str) -> tuple[Document, list[str]]:
    """Return the document and its lines. Raises _NoAnswer, also for what only looks like an answer."""
    try:
        document = json.loads(fetch(admin, "/api/v1/slo"))
    except (OSError, ValueError, RecursionError) as error:
        raise _NoAnswer(f"no objectives from {admin}: {error}. {HINT}") from error
    if not isinstance(document, dict):
        raise _NoAnswer(_something_else(admin))
    return document, _whole(blocks(document, admin, paper_of(sys.stdout)), admin)


def _whole(lines: Iterable[str], admin: str) -> list[str]:
    """Return all lines, or raise _NoAnswer where the document lacks what every Wayside of this version tells."""
    try:
        return list(lines)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, OSError) as error:
        raise _NoAnswer(_something_else(admin)) from error


def _something_else(admin: str) -> str:
    return (
        f"{admin} answered with something else: it is no Wayside, or one of another version. {HINT}"
    )


def _not_asked(error: _NoAnswer) -> int:
    print(error, file=sys.stderr)
    return FAILED
