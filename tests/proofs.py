"""What tests show about servers: the marker `proves(catalogue, server, how)`, and sidecar/servers/proofs.json.

`--write-proofs` writes the file from the tests of this run that passed; `--list-proofs FILE` writes what the collected
tests claim, whether they run or not.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from pathlib import Path

import pytest

from sidecar.servers.table import MEANINGS, PROOFS

Claim = tuple[str, str, str]
"""Catalogue, server, how."""

STRENGTH = list(MEANINGS)


def claims_of(item: pytest.Item) -> list[Claim]:
    """Return what a test shows when it passes."""
    return [(mark.args[0], mark.args[1], mark.args[2]) for mark in item.iter_markers("proves")]


def held(claims: Iterable[tuple[str, Claim]], passed: Collection[str]) -> list[Claim]:
    """Return the claims of (test, claim) all of whose tests passed."""
    tests: dict[Claim, list[str]] = defaultdict(list)
    for test, claim in claims:
        tests[claim].append(test)
    return [claim for claim, names in tests.items() if all(name in passed for name in names)]


def written(claims: Iterable[Claim]) -> str:
    """Write claims as the file has them."""
    proofs: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for catalogue, server, how in sorted(set(claims), key=lambda c: (*c[:2], STRENGTH.index(c[2]))):
        proofs[catalogue].setdefault(server, []).append(how)
    return json.dumps(proofs, indent=1) + "\n"


def add_options(parser: pytest.Parser) -> None:
    """Add both options."""
    parser.addoption(
        "--write-proofs", action="store_true", help="write sidecar/servers/proofs.json"
    )
    parser.addoption("--list-proofs", metavar="FILE", help="write what the tests claim to prove")


class Proofs:
    """The plugin behind the options."""

    def __init__(self, config: pytest.Config) -> None:
        """Begin with nothing claimed."""
        self.config = config
        self.claims: list[tuple[str, Claim]] = []
        self.passed: set[str] = set()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note what is claimed."""
        self.claims = [(item.nodeid, claim) for item in session.items for claim in claims_of(item)]
        if file := self.config.getoption("--list-proofs"):
            Path(file).write_text(written(claim for _, claim in self.claims))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what passed."""
        if report.when == "call" and report.passed:
            self.passed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        """Write what held."""
        if self.config.getoption("--write-proofs"):
            PROOFS.write_text(written(held(self.claims, self.passed)))
