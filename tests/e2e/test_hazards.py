"""Every attack, before a server that says what the attack needs: bytes, memory, and what /metrics says of it.

Processor time is measured by `make prove ARGS=hazards`, never here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

from tests.harness import process
from tests.harness.wayside import Wayside, running_wayside
from tests.hazards.attack import Attack
from tests.hazards.attacks import ATTACKS, ELSEWHERE, ROWS
from tests.hazards.measure import play_once
from tests.hazards.passage import Upstream, upstream

MOST_MEMORY_BYTES = 16_000_000
ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "how-it-works.md"
LIMITS = ROOT / "tests" / "e2e" / "test_limits.py"


@pytest.fixture(scope="module")
def server() -> Iterator[Upstream]:
    with upstream() as server:
        yield server


@pytest.fixture(scope="module")
def wayside(server: Upstream) -> Iterator[Wayside]:
    with running_wayside(server.address, config="control: {tick: 100ms}\n") as wayside:
        yield wayside


@pytest.fixture(scope="module")
def resident_before(wayside: Wayside) -> int:
    """Memory before the first attack: what all of them together add counts, not only what each does."""
    wayside.metrics()
    return process.resident_bytes(wayside.running.pid)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: f"{attack.row} {attack.name}")
def test_an_attack_costs_little_and_is_told(
    attack: Attack, server: Upstream, wayside: Wayside, resident_before: int
) -> None:
    played = play_once(server, wayside, attack)
    assert played.counted == played.wanted
    assert process.peak_bytes(wayside.running.pid) - resident_before <= MOST_MEMORY_BYTES


def test_the_page_is_well_formed_after_all_that(wayside: Wayside) -> None:
    page = wayside.metrics()
    parse = openmetrics if page.rstrip().endswith("# EOF") else prometheus
    names = {sample.labels.get("model") for family in parse(page) for sample in family.samples}
    assert 'a"b\\c{d="e"} 1 # f' in names, "the spiteful name came back as it was given"


def documented() -> dict[int, list[str]]:
    """Read the rows of the table of hazards: number, and the other cells."""
    section = DOCUMENT.read_text().partition("\n## Hazards\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \|(.+)\|$", section, re.M)
    return {int(number): [cell.strip() for cell in cells.split(" | ")] for number, cells in rows}


def test_each_row_is_attacked() -> None:
    attacked = {attack.row for attack in ATTACKS}
    assert attacked | set(ELSEWHERE) == set(ROWS)
    tests = LIMITS.read_text()
    for name in ELSEWHERE.values():
        assert f"def {name}(" in tests


def test_the_table_of_hazards_names_each_row_and_its_metrics() -> None:
    table = documented()
    assert list(table) == list(ROWS)
    for attack in ATTACKS:
        told = table[attack.row][-1]
        named = f'`wayside_tap_http2_frames_total{{type="{attack.frames}"}}`'
        assert not attack.frames or named in told, (attack.row, told)
        for each in attack.counted:
            reason = each.labels.get("reason")
            assert f"`{each.name}" in told, (attack.row, told)
            assert reason is None or f'{{reason="{reason}"}}' in told, (attack.row, told)
