"""`wayside servers`: what is understood of which model server, and how that is proven."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from sidecar.cli import servers_check
from sidecar.cli.exit_codes import BAD_CONFIG, OK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sidecar.model.outcomes import OutcomeRule
    from sidecar.servers.catalogue import ServerCatalogue
    from sidecar.text.document import Document


_EPILOG = """\
examples:
  wayside servers                             every server that is known
  wayside servers show vllm                   its methods, and what is read from their messages
  wayside servers check my.yaml               find what is wrong with a file of your own
  wayside servers check my.yaml --proto my.proto
  wayside servers check my.yaml --sample ask.bin --method /shop.Ranker/Rank

Servers are recognised by the paths of their methods: there is nothing to configure. Every catalogue is a YAML file; the
shipped ones are in the folder that `wayside servers show` names, and are the best examples for one of your own.

exit status: 0 good, 1 problems in the file, 2 bad flags
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `servers` with its actions."""
    servers = subparsers.add_parser(
        "servers",
        help="say which model servers are understood; check a file for one of your own",
        description="List the model servers whose calls Wayside reads, and how each is proven.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    servers.set_defaults(main=_list)
    actions = servers.add_subparsers(title="actions", metavar="ACTION")
    show = actions.add_parser(
        "show",
        help="print the methods of a server, and what is read from them",
        description="Print every method of a server: what it is for, and which fields are read, by name.",
        epilog="example:\n  wayside servers show vllm",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    show.add_argument("name", metavar="NAME", help="a server, or a catalogue, of `wayside servers`")
    show.set_defaults(main=_show)
    servers_check.add_parser(actions)


def _list(_: argparse.Namespace) -> int:
    from sidecar.servers.table import MEANINGS, rows

    titles = ("SERVER", "CATALOGUE", "PROTOCOL", "METHODS", "PROVEN")
    lines = [
        (row.server, row.catalogue, row.protocol, str(row.methods), row.proven) for row in rows()
    ]
    widths = [max(len(line[at]) for line in [titles, *lines]) for at in range(len(titles))]
    for line in [titles, *lines]:
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        print("  ".join(cells).rstrip())
    print()
    for name, meaning in MEANINGS.items():
        print(f"{name}: {meaning}")
    return OK


def _show(arguments: argparse.Namespace) -> int:
    from sidecar.servers.catalogue import SHIPPED
    from sidecar.servers.table import shipped
    from sidecar.text.document import read_document
    from sidecar.text.suggest import suggest

    chosen = [each for each in shipped() if arguments.name in (each.name, *each.used_by)]
    if not chosen:
        known = {name: 0 for each in shipped() for name in (each.name, *each.used_by)}
        hint = suggest(arguments.name, known)
        print(f"no server {arguments.name!r} is known. {hint}", file=sys.stderr)
        return BAD_CONFIG
    for at, server in enumerate(chosen):
        document = read_document(str(SHIPPED / f"{server.name}.yaml"))
        for line in [*([""] if at else []), *_described(server, document)]:
            print(line)
    return OK


def _described(server: ServerCatalogue, document: Document) -> Iterator[str]:
    """Yield a catalogue as lines."""
    from sidecar.servers.table import UNTESTED, proofs_of

    yield f"{server.name}: {document.file}"
    for user in server.used_by:
        yield f"  {user}: {', '.join(proofs_of(server.name, user)) or UNTESTED}"
    assert isinstance(document.value, dict)
    for method in server.methods:
        flags = [method.kind.value]
        flags += ["stream"] * method.streaming + ["many requests"] * method.many_requests
        flags += [UNTESTED] * (method.path in server.untested)
        yield f"  {method.path}  {', '.join(flags)}"
        spec = document.value["methods"][method.path]
        for side in ("request", "response"):
            yield from _read(side, spec.get(side))
        yield from _rules(method.outcomes)
    for route in server.routes:
        stream = "stream when asked" if route.streams_when_asked else "stream"
        flags = [route.kind.value] + [stream] * route.streaming
        flags += [UNTESTED] * (route.written in server.untested)
        yield f"  {'|'.join(route.verbs) or 'any'} {route.template}  {', '.join(flags)}"
        spec = document.value["routes"][route.written]
        for side in ("request", "response"):
            yield from _read(side, spec.get(side))
        yield from _rules(route.outcomes)
    if server.metrics:
        yield from _numbers(server.metrics_at, document.value["metrics"])


def _rules(rules: Iterable[OutcomeRule]) -> Iterator[str]:
    """Yield what codes count as, where that is not the usual."""
    label = "outcomes"
    for rule in rules:
        words = f' with "{rule.message}"' if rule.message else ""
        yield f"    {label:<8}  {rule.code}{words} is {rule.outcome.value}"
        label = ""


def _numbers(place: str, section: dict[str, Any]) -> Iterator[str]:
    """Yield the numbers that are read from a server's own metrics, a line for each source."""
    enable = f"  with {section['enable']}" if "enable" in section else ""
    yield f"  metrics{f' at {place}' if place else ''}{enable}"
    for name, value in section["numbers"].items():
        label = name
        for source in value if isinstance(value, list) else [value]:
            yield f"    {label:<20} = {_source(source)}"
            label = "else"


def _source(source: dict[str, Any]) -> str:
    """Say where a number stands, as a query would."""
    where = ", ".join(f'{name}="{value}"' for name, value in source.get("where", {}).items())
    labels = f"{{{where}}}" if where else ""
    scale = f" * {source['scale']}" if "scale" in source else ""
    if "gauge" in source:
        return f"{source['gauge']}{labels}{scale}"
    if "histogram" in source:
        return f"mean of {source['histogram']}{labels}{scale}"
    return f"increase of {source['mean_of']}{labels} / increase of {source['per']}{scale}"


def _read(side: str, value: Any) -> Iterator[str]:
    """Yield what is read from one side, a line for each value."""
    label = side
    forms = value if isinstance(value, list) else [value] if value else []
    for form in forms:
        lines = [
            f"{name:<10} = {_expression(text)}"
            for name, text in form.items()
            if name not in ("message", "when_any", "when_none")
        ]
        if len(forms) > 1:
            lines = [f"{_condition(form) or 'else'}:", *lines]
        for line in lines:
            yield f"    {label:<8}  {line}"
            label = ""


def _condition(form: dict[str, object]) -> str:
    """Say when a form is the one that counts."""
    texts = []
    for key, word in (("when_any", "with"), ("when_none", "without")):
        names = form.get(key)
        if names is not None:
            texts.append(
                f"{word} {' or '.join(names if isinstance(names, list) else [str(names)])}"
            )
    return ", ".join(texts)


def _expression(text: object) -> str:
    return " else ".join(str(each) for each in text) if isinstance(text, list) else str(text)
