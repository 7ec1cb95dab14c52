"""CONTRIBUTING.md leads to places that are there, and tells of commands that exist."""

from __future__ import annotations

import re
from pathlib import Path

import alerts
import exporters
import sidecar
from tests.provision.parts import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text()
STILL_TO_COME = {"sidecar/gpu"}
PLACE = re.compile(
    r"`((?:dataplane|sidecar|exporters|tests|bench|dev|docs|dashboards|alerts|deploy)(?:/[\w./-]*)?)`"
)


def place(name: str) -> Path:
    """Return where a place of the tree is; the packages may be installed elsewhere."""
    packages = {
        "sidecar": sidecar.__path__,
        "exporters": exporters.__path__,
        "alerts": alerts.__path__,
    }
    top, _, rest = name.partition("/")
    return Path(packages[top][0], rest) if top in packages else ROOT / name


def changes() -> list[str]:
    """Return the rows of the table of changes."""
    table = PAGE.partition("## To change something, open")[2].partition("\n## ")[0]
    return [row for row in table.splitlines() if row.startswith("| ")][1:]


def test_every_place_is_there() -> None:
    named = set(PLACE.findall(PAGE))
    assert len(named) > 20
    gone = {each for each in named if not place(each).exists()}
    assert gone == STILL_TO_COME


def test_every_row_of_the_house_is_a_folder() -> None:
    house = PAGE.partition("```\n")[2].partition("```")[0]
    rows = re.findall(
        r"(?:^|  )((?:dataplane|sidecar|exporters|alerts|deploy|tests|bench)(?:/\w+)?)(?=  )",
        house,
        re.M,
    )
    assert len(rows) >= 12
    assert [each for each in rows if not place(each).is_dir()] == []


def test_ten_ordinary_changes_have_a_way_each() -> None:
    rows = changes()
    assert len(rows) >= 10
    for row in rows:
        assert PLACE.search(row), row


def test_every_command_is_a_target_of_make() -> None:
    targets = set(re.findall(r"^([a-z-]+(?: [a-z-]+)*):", (ROOT / "Makefile").read_text(), re.M))
    known = {name for group in targets for name in group.split()}
    assert set(re.findall(r"`make ([a-z-]+)", PAGE)) <= known
