"""`wayside tap dump`: what a running Wayside sees, for people."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from sidecar.cli.admin_api import HINT, add_admin_flag, fetch
from sidecar.cli.exit_codes import FAILED, OK
from sidecar.cli.report import report

if TYPE_CHECKING:
    import argparse


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `tap dump`."""
    tap = subparsers.add_parser("tap", help="look at a running Wayside")
    actions = tap.add_subparsers(title="actions", metavar="ACTION", required=True)
    dump = actions.add_parser(
        "dump",
        help="print what it sees",
        description="Print calls, latencies, what is in flight, upstreams, objectives and blind connections.",
        epilog="example:\n  wayside tap dump --admin 127.0.0.1:9464",
    )
    add_admin_flag(dump)
    dump.add_argument("--json", action="store_true", help="print the API's JSON as it is")
    dump.set_defaults(main=_dump)


def _dump(arguments: argparse.Namespace) -> int:
    try:
        body = fetch(arguments.admin, "/api/v1/snapshot")
        document = json.loads(body)
    except (OSError, ValueError) as error:
        print(f"no snapshot from {arguments.admin}: {error}. {HINT}", file=sys.stderr)
        return FAILED
    if arguments.json:
        print(body.decode())
        return OK
    for line in report(document):
        print(line)
    return OK
