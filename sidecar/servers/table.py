"""What Wayside understands, as rows for people: which server, by which catalogue, and how that is proven.

Proofs are not claimed by hand: proofs.json is written by a run of the tests (`make test ARGS=--write-proofs`) from
those that passed, and a contract test compares it with what the tests claim.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from sidecar.model.policy import Kind
from sidecar.model.server_metrics import Number
from sidecar.servers.catalogue import SHIPPED, load_server, shipped_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sidecar.model.outcomes import OutcomeRule
    from sidecar.model.server_metrics import NumberSource
    from sidecar.servers.catalogue import ServerCatalogue

PROOFS = SHIPPED / "proofs.json"
UNTESTED = "untested"

# Strongest first.
MEANINGS = {
    "live": "the server itself was called with Wayside between, and every count was right",
    "recorded": "messages that a real server sent are read as they should be",
    "proto": "messages encoded by the published .proto are read as they should be",
    "documented": "requests and answers as the server's documentation writes them are read as they should be",
    UNTESTED: "the numbers are as documented, and no test has shown them right",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One server, as far as one catalogue covers it."""

    server: str
    catalogue: str
    protocol: str
    inference: int  # methods and routes of this kind
    methods: int  # and routes, of any kind
    untested: int  # of them
    proofs: tuple[str, ...]  # strongest first; empty: untested

    @property
    def proven(self) -> str:
        """Return the strongest proof, and how much it leaves out."""
        strongest = self.proofs[0] if self.proofs else UNTESTED
        if self.proofs and self.untested:
            return f"{strongest}; {self.untested} of {self.methods} {UNTESTED}"
        return strongest


@cache
def shipped() -> tuple[ServerCatalogue, ...]:
    """Return the catalogues that come with Wayside."""
    return tuple(load_server(str(path)) for path in shipped_files())


@cache
def _proofs() -> Mapping[str, Mapping[str, list[str]]]:
    """Return catalogue -> server -> proofs."""
    content: dict[str, dict[str, list[str]]] = json.loads(PROOFS.read_text())
    return content


def proofs_of(catalogue: str, server: str) -> tuple[str, ...]:
    """Return how a server is proven, strongest first; nothing for one that is not."""
    return tuple(_proofs().get(catalogue, {}).get(server, ()))


def rows() -> list[Row]:
    """Return a row for each server and catalogue that describes calls, by the server's name."""
    found = [
        Row(
            server=user,
            catalogue=each.name,
            protocol=", ".join(["gRPC"] * bool(each.methods) + ["HTTP"] * bool(each.routes)),
            inference=_kinds(each).count(Kind.INFERENCE),
            methods=len(each.methods) + len(each.routes),
            untested=len(each.untested),
            proofs=proofs_of(each.name, user),
        )
        for each in shipped()
        for user in each.used_by
        if each.methods or each.routes
    ]
    return sorted(found, key=lambda row: (row.server, row.catalogue))


def _kinds(catalogue: ServerCatalogue) -> list[Kind]:
    return [*(each.kind for each in catalogue.methods), *(each.kind for each in catalogue.routes)]


def markdown() -> str:
    """Return the rows as the table of docs/servers.md."""
    lines = [
        "| server | catalogue | protocol | methods and routes | of them inference | proven |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.server} | [{row.catalogue}](../sidecar/servers/{row.catalogue}.yaml) "
        f"| {row.protocol} | {row.methods} | {row.inference} | {row.proven} |"
        for row in rows()
    ]
    return "\n".join(lines) + "\n"


def numbers_markdown() -> str:
    """Return what is read from each server's own page, as the second table of docs/servers.md."""
    lines = [
        f"| catalogue | page | {' | '.join(number.value for number in Number)} |",
        f"|---|---|{'---|' * len(Number)}",
    ]
    for each in shipped():
        if each.metrics is None:
            continue
        cells = []
        for number in Number:
            names = [_shown(source) for source in each.metrics.sources if source.number is number]
            cells.append("<br>".join(dict.fromkeys(names)))
        link = f"[{each.name}](../sidecar/servers/{each.name}.yaml)"
        lines.append(f"| {link} | `{each.metrics_at}` | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _shown(source: NumberSource) -> str:
    """Write where a number stands: a name with its labels, or what is divided."""
    stem = source.family.removesuffix("_sum")
    if source.per == f"{stem}_count":
        return f"mean of `{stem}`"
    labels = ",".join(f'{name}="{value}"' for name, value in source.where)
    name = f"`{source.family}{{{labels}}}`" if labels else f"`{source.family}`"
    return f"{name} / `{source.per}`" if source.per else name


class RuleGroup(NamedTuple):
    """What one catalogue says of codes, and of which methods and routes it says just that."""

    file: str
    rules: tuple[OutcomeRule, ...]
    paths: tuple[str, ...]


def rule_groups(catalogues: Iterable[ServerCatalogue]) -> list[RuleGroup]:
    """Return the rules of catalogues, as far as they are in force: of two that describe a method the later counts."""
    described = {
        path: (each.file, rules) for each in catalogues for path, rules in _rules_by_path(each)
    }
    found: dict[tuple[str, tuple[OutcomeRule, ...]], list[str]] = {}
    for path, of_file in described.items():
        found.setdefault(of_file, []).append(path)
    return [RuleGroup(*of_file, tuple(paths)) for of_file, paths in found.items() if of_file[1]]


def _rules_by_path(catalogue: ServerCatalogue) -> Iterator[tuple[str, tuple[OutcomeRule, ...]]]:
    yield from ((method.path, method.outcomes) for method in catalogue.methods)
    yield from ((route.template, route.outcomes) for route in catalogue.routes)
