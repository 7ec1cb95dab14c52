"""Rules for every test: end-to-end tests are marked by where they lie, and what did not run is said at the end."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from tests.proofs import Proofs, add_options

HERE = Path(__file__).resolve().parent

# Folder: the mark its tests get, so that `-m "not e2e"` leaves out exactly what starts processes.
MARK_BY_FOLDER = {"e2e": "e2e", "gpu": "gpu"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of tests/proofs.py."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Keep account of what the tests prove about model servers: in one process, which must see all of them."""
    if config.getoption("--write-proofs") and config.getoption("numprocesses", None):
        raise pytest.UsageError(
            '--write-proofs needs one run of all: make test ARGS="--write-proofs tests/"'
        )
    config.pluginmanager.register(Proofs(config))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the folder they lie in."""
    for item in items:
        folder = item.path.relative_to(HERE).parts[0] if item.path.is_relative_to(HERE) else ""
        if mark := MARK_BY_FOLDER.get(folder):
            item.add_marker(mark)


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Take the reason out of a skip, which pytest keeps as (file, line, text)."""
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return str(report.longrepr)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List what could not run, once per reason; pytest's own line stays the last."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for report in terminalreporter.stats.get("skipped", []):
        by_reason[reason_of(report)].append(report.nodeid)
    if not by_reason:
        return
    terminalreporter.section("could not run", sep="-")
    for reason, tests in sorted(by_reason.items()):
        shown = tests[0] if len(tests) == 1 else f"{len(tests)} tests, {tests[0]} among them"
        terminalreporter.write_line(f"{reason}: {shown}")
