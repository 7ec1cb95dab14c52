"""Flags shared by `run` and the compiler process, and what they override in the file."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from sidecar.cli.launch import python_argv

if TYPE_CHECKING:
    from sidecar.config.sources import Overrides, Sources

# Flag -> (place in the file, metavar, help). Values are read as the file's would be.
_SETTINGS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "--admin": (
        ("admin",),
        "H:P",
        "serve /metrics and the JSON API there, or `off` (default :9464, on every interface)",
    ),
    "--health": (
        ("health", "listen"),
        "H:P",
        "serve /livez, /readyz and /drain there (default off); /drain only on loopback, or with a token: "
        "see `wayside drain --help`",
    ),
    "--log-format": (("log", "format"), "F", "human or json (default human)"),
    "--drain-delay": (
        ("drain", "delay"),
        "D",
        "go on accepting this long after SIGTERM (default 5s)",
    ),
    "--drain": (("drain", "total"), "D", "cut what is still open after this long (default 18s)"),
    "--final-scrape": (
        ("drain", "final_scrape"),
        "D",
        "after SIGTERM, when the calls are over, wait this long for a last read of /metrics, e.g. 35s (default 0s)",
    ),
    "--first-scrape": (
        ("health", "first_scrape"),
        "D",
        "not ready before /metrics was read once, or this long after the start (default 0s)",
    ),
    "--threads": (("limits", "threads"), "N", "data threads of the tap (default 1)"),
    "--control-memory": (
        ("control", "memory"),
        "SIZE",
        "restart the control process above this resident memory, e.g. 128MiB",
    ),
}
_INTEGERS = {"--threads"}


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add them to a command."""
    parser.add_argument(
        "-c", "--config", metavar="FILE", default="", help="wayside.yaml; flags override it"
    )
    parser.add_argument(
        "--listen",
        metavar="H:P",
        action="append",
        default=[],
        help="accept clients here; `:8001` means every interface, both families. "
        "Repeat with --upstream for more listeners",
    )
    parser.add_argument(
        "--upstream",
        metavar="H:P|unix:PATH",
        action="append",
        default=[],
        help="the model server behind it; `:9001` means this machine",
    )
    for flag, (_, metavar, text) in _SETTINGS.items():
        parser.add_argument(flag, metavar=metavar, default=None, help=text)


def sources_from(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> Sources:
    """Return what the policy is made of; ends the program when flags contradict each other."""
    from sidecar.config.sources import Sources

    if len(arguments.listen) != len(arguments.upstream):
        parser.error("each --listen needs its --upstream, in the same order")
    if not arguments.listen and not arguments.config:
        parser.error(
            "say where to listen: --listen :8001 --upstream 127.0.0.1:9001, or -c wayside.yaml"
        )
    overrides, flags = _overrides(arguments)
    configured = ("-c", os.path.abspath(arguments.config)) if arguments.config else ()
    return Sources(
        file=arguments.config,
        overrides=overrides,
        flags=tuple(flags),
        control_argv=python_argv("sidecar.runtime"),
        reload_argv=(*python_argv("sidecar"), "compile-policy", *configured, *flags),
    )


def _overrides(arguments: argparse.Namespace) -> tuple[Overrides, list[str]]:
    """Return (values by place in the file, the flags to give to the compiler process)."""
    overrides: Overrides = {}
    flags: list[str] = []
    pairs = list(zip(arguments.listen, arguments.upstream, strict=True))
    if pairs:
        overrides["listeners",] = [{"listen": here, "upstream": there} for here, there in pairs]
        for here, there in pairs:
            flags += [f"--listen={here}", f"--upstream={there}"]
    for flag, (path, _, _) in _SETTINGS.items():
        value = getattr(arguments, flag[2:].replace("-", "_"))
        if value is not None:
            number = flag in _INTEGERS and value.isdigit()
            overrides[path] = int(value) if number else value
            flags.append(f"{flag}={value}")
    return overrides, flags
