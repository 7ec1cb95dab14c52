"""`wayside demo`: a model server that is none, a steady load, and Wayside between them, to see what Wayside shows."""

from __future__ import annotations

import argparse
import importlib.util
import re
import sys

SECONDS_BY_UNIT = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
DEFAULT_CALLS_PER_SECOND = 150.0

ABOUT = """
Starts three processes: a demo model server (Open Inference Protocol over gRPC, simulated models, dynamic batching),
Wayside in front of it, and clients that call through Wayside at a steady rate. Shows what Wayside sees, read from
Wayside's own API, until Ctrl-C or until the time given is over.
"""

EXAMPLES = """
an incident, from begin to end in about a minute:
  wayside demo --incident slow      batches of every model take ten times as long
  wayside demo --incident failing   most calls of one model fail
  wayside demo --incident wedged    no model answers any more
It begins after 15 s and ends 10 s after a tier has fired, which then clears; each step is told in a line. On a
terminal the keys s, f and w begin one, too. The demo's only tier looks at 60 s and 10 s, so that it can be watched;
the usual ones look at an hour and more.
"""
# What sidecar.demo.fault knows, without importing it.
INCIDENTS = ("slow", "failing", "wedged")


def duration_seconds(text: str) -> float:
    """Read a duration such as 20s, 1.5m or 500ms; a bare number is in seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h|)", text.strip())
    if not found or float(found[1]) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration: write 20s, 2m or 500ms")
    return float(found[1]) * SECONDS_BY_UNIT[found[2]]


def rate(text: str) -> float:
    """Read a rate of calls per second."""
    try:
        calls_per_second = float(text)
    except ValueError:
        calls_per_second = 0.0
    if not 0 < calls_per_second <= 2000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a rate: write a number up to 2000")
    return calls_per_second


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `demo`."""
    parser = subparsers.add_parser(
        "demo",
        help="a demo model server, a load and Wayside between them",
        description=ABOUT,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        *("--for", "-t"),
        dest="for_seconds",
        metavar="DURATION",
        type=duration_seconds,
        help="end by itself after this long, for example 20s (default: run until Ctrl-C)",
    )
    parser.add_argument(
        "--rate",
        metavar="N",
        type=rate,
        default=DEFAULT_CALLS_PER_SECOND,
        help=f"unary calls per second, all models together (default: {DEFAULT_CALLS_PER_SECOND:g})",
    )
    parser.add_argument(
        "--incident",
        choices=INCIDENTS,
        default="",
        help="have the model server misbehave for a while, and watch a budget burn",
    )
    parser.set_defaults(main=main, parser=parser)


def main(args: argparse.Namespace) -> int:
    """Run the demo and return its exit status."""
    absent = [name for name in ("grpc", "rich") if importlib.util.find_spec(name) is None]
    if absent:
        print("wayside demo needs packages that are not installed.", file=sys.stderr)
        print("Install them with: pip install grpcio rich", file=sys.stderr)
        return 1
    # Only here: the other commands must not pay for what the demo imports.
    from sidecar.demo.run import perform

    return perform(args.for_seconds, args.rate, args.incident)
