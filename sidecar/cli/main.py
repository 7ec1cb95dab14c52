"""The parser of `wayside` and its one exit."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from typing import TYPE_CHECKING

from sidecar import __version__
from sidecar.cli import check, drain, dump, rules, run, schema, servers, slo

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPILOG = """\
start here:
  wayside run --listen :8001 --upstream 127.0.0.1:9001    stand before a model server on port 9001
  wayside tap dump                                        see what passes
  wayside slo                                             see what burns, what fires, and what is left
  wayside check wayside.yaml                              find what is wrong with a configuration
  wayside rules -c wayside.yaml                           print the rules with which Prometheus judges a fleet
  wayside servers                                         see which model servers are understood
  wayside drain                                           let calls finish before the container ends

exit status: 0 good, 1 something failed while running (`drain`: not drained), 2 bad configuration or flags
"""

_OWN_COMMANDS = frozenset(
    {"run", "check", "tap", "servers", "slo", "rules", "schema", "drain", "compile-policy"}
)


def build_parser(command: str = "") -> argparse.ArgumentParser:
    """Return the parser; the demo joins it only when another command was not asked for."""
    parser = argparse.ArgumentParser(
        prog="wayside",
        description="Stands beside a model server, forwards every byte untouched, and measures every call.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"wayside {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    run.add_parser(subparsers)
    check.add_parser(subparsers)
    dump.add_parser(subparsers)
    slo.add_parser(subparsers)
    rules.add_parser(subparsers)
    servers.add_parser(subparsers)
    schema.add_parser(subparsers)
    drain.add_parser(subparsers)
    if command not in _OWN_COMMANDS and importlib.util.find_spec("sidecar.demo"):
        demo = importlib.import_module("sidecar.demo")
        if hasattr(demo, "add_parser"):
            demo.add_parser(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status."""
    given = list(sys.argv[1:] if argv is None else argv)
    arguments = build_parser(given[0] if given else "").parse_args(given)
    try:
        return int(arguments.main(arguments) or 0)
    except BrokenPipeError:
        return 0  # the reader of our output has seen enough
    except KeyboardInterrupt:
        return 130
