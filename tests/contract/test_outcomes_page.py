"""docs/outcomes.md: its tables are what the tap decides and the catalogues say."""

from __future__ import annotations

import pytest

from dev import outcomes_page
from sidecar.cli.outcome_table import OutcomeTable, ask_tap
from sidecar.model.outcomes import Outcome
from sidecar.servers.table import rule_groups, shipped

PAGE = outcomes_page.PAGE.read_text()


@pytest.fixture(scope="module")
def table() -> OutcomeTable:
    """What the tap decides."""
    return ask_tap()


def test_the_page_is_current(table: OutcomeTable) -> None:
    assert outcomes_page.current(PAGE, table) == PAGE, "run make gen and commit the result"


@pytest.mark.parametrize("name", outcomes_page.TABLES)
def test_a_stale_table_is_noticed(name: str, table: OutcomeTable) -> None:
    begin = f"<!-- {name}: written by make gen -->\n"
    assert PAGE.count(begin) == 1
    stale = PAGE.replace(begin, begin + "| old | row |\n")
    assert outcomes_page.current(stale, table) == PAGE


def test_the_tap_knows_the_words_that_rules_may_say(table: OutcomeTable) -> None:
    words = {each.value for each in Outcome}
    assert {each.outcome for each in table.outcomes} == words
    assert {each.outcome for each in table.ways} == words
    assert len(table.outcomes) == len(words)


def test_every_outcome_is_explained(table: OutcomeTable) -> None:
    introduction = PAGE.partition("## ")[0]
    for each in table.outcomes:
        assert f"- `{each.outcome}`: " in introduction


def test_every_rule_of_the_catalogues_is_there() -> None:
    rows = PAGE.partition("<!-- rules")[2].partition("<!-- end of rules")[0]
    groups = rule_groups(shipped())
    assert rows.count("\n") == len(groups) + 3
    for group in groups:
        for path in group.paths:
            assert f"`{path}`" in rows


@pytest.mark.parametrize(
    "about",
    ["Client errors", "Shed load", "CANCELLED that comes from the server", "after the end mark", "Giving up over HTTP",
     "A refused connection", "UNPROCESSED", "A 404 of plain HTTP"],
)  # fmt: skip
def test_what_people_may_expect_otherwise_is_argued(about: str) -> None:
    argued = PAGE.partition("## Why so")[2].split("\n\n")
    assert [each for each in argued if each.startswith("**") and about in each.split("**")[1]]
