"""`wayside tap dump`: what a running Wayside sees, for people."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from sidecar.cli.exit_codes import FAILED, OK
from sidecar.cli.report import report

if TYPE_CHECKING:
    import argparse

TIMEOUT_SECONDS = 5.0
DEFAULT_ADMIN = "127.0.0.1:9464"


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
    dump.add_argument(
        "--admin",
        metavar="H:P",
        default=DEFAULT_ADMIN,
        help=f"where its API is; `:9464` means this machine (default {DEFAULT_ADMIN})",
    )
    dump.add_argument("--json", action="store_true", help="print the API's JSON as it is")
    dump.set_defaults(main=_dump)


def _dump(arguments: argparse.Namespace) -> int:
    try:
        body = _fetch(arguments.admin)
        document = json.loads(body)
    except (OSError, ValueError) as error:
        hint = "Is `wayside run` up, and is its --admin this address?"
        print(f"no snapshot from {arguments.admin}: {error}. {hint}", file=sys.stderr)
        return FAILED
    if arguments.json:
        print(body.decode())
        return OK
    for line in report(document):
        print(line)
    return OK


def _fetch(admin: str) -> bytes:
    """Return the API's answer. Raises OSError, or ValueError for an address that is none."""
    import http.client

    host, _, port = admin.rpartition(":")
    connection = http.client.HTTPConnection(host or "127.0.0.1", int(port), timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/api/v1/snapshot")
        response = connection.getresponse()
        body = response.read()
    except http.client.HTTPException as error:
        raise OSError(f"it does not speak HTTP ({error!r})") from error
    finally:
        connection.close()
    if response.status != 200:
        raise OSError(f"it answered {response.status}")
    return body
