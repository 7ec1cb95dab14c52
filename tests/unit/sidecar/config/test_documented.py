"""What the documentation shows is a configuration, and what it says `check` prints is what it prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sidecar.cli import check
from sidecar.cli.main import main
from sidecar.config.compile import Compiled, compile_policy
from sidecar.config.sources import Sources

ROOT = Path(__file__).resolve().parents[4]
PAGE = (ROOT / "docs/configuration.md").read_text()
BLOCKS: list[str] = re.findall(r"```(?:yaml)?\n(.*?)```", PAGE, re.DOTALL)
LISTENERS = 'listeners: [{listen: ":8001", upstream: "127.0.0.1:9001"}]\n'


def compiled(folder: Path, text: str) -> Compiled:
    """Compile a configuration beside the files that the examples name."""
    (folder / "my-server.yaml").write_text("methods:\n  /a.B/C: {kind: inference}\n")
    file = folder / "wayside.yaml"
    file.write_text(text.replace(", drain_token_file: ...", ""))
    return compile_policy(Sources(str(file)))


def block_with(words: str) -> str:
    """The one block of the page with some words."""
    (found,) = [each for each in BLOCKS if words in each]
    return found


def test_the_whole_file_of_the_page_is_right(tmp_path: Path) -> None:
    found = compiled(tmp_path, block_with("listeners:"))
    assert found.problems == ()
    assert found.policy is not None
    (objective,) = found.policy.objectives
    assert (objective.per_model, objective.min_bad, len(objective.tiers)) == (True, 10, 2)


def test_the_whole_file_of_the_help_is_right(tmp_path: Path) -> None:
    whole = check._EPILOG.partition("a whole file:\n")[2].partition("\n\n")[0]
    found = compiled(tmp_path, whole.replace("\n  ", "\n").removeprefix("  "))
    assert found.problems == ()
    assert found.policy is not None
    assert len(found.policy.objectives) == 4


def test_the_openslo_of_the_page_is_read(tmp_path: Path) -> None:
    (tmp_path / "slos.yaml").write_text(block_with("kind: SLO"))
    found = compiled(tmp_path, LISTENERS + "slo_files: [slos.yaml]\n")
    assert found.problems == ()
    assert found.policy is not None
    assert [each.name for each in found.policy.objectives] == ["resnet"]


GOODS = re.findall(r"^\| `(\{.*?\})` \| ", PAGE, re.MULTILINE)


@pytest.mark.parametrize("good", GOODS)
def test_every_good_of_the_table_is_one(good: str, tmp_path: Path) -> None:
    slo = f"slos:\n- name: a\n  objective: 99%\n  good: {good}\n"
    assert compiled(tmp_path, LISTENERS + slo).problems == ()
    assert len(GOODS) == 7


def test_what_check_prints_is_what_the_page_shows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slo = "{name: resnet-fast, match: {model: resnet50}, objective: 99.9%, good: {latency_below: 100ms}}"
    file = tmp_path / "wayside.yaml"
    file.write_text(f"{LISTENERS}slos: [{slo}]\n")
    assert main(("check", str(file), "--expect-rate", "70/h")) == 0
    assert block_with("resnet-fast: 99.9 %") in capsys.readouterr().out
