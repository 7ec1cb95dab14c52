"""make prove: which words run, what its pages say, and that a claim that does not hold is told as one."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest

from tests.prove import __main__ as prove
from tests.prove import page
from tests.prove.proof import Figures, Outcome, Proof, UsageError
from tests.prove.words import PROOFS
from tests.provision.parts import ROOT


def proof(word: str, run: Callable[[Sequence[str]], Outcome], arguments: str = "") -> Proof:
    """A proof that needs nothing."""
    return Proof(word, f"{word} is so.", 1, run, arguments=arguments)


def holds(_: Sequence[str]) -> Outcome:
    return Outcome("a table")


def fails(_: Sequence[str]) -> Outcome:
    return Outcome("a table", ("one figure is too large",))


def lacks(_: Sequence[str]) -> Outcome:
    pytest.fail("no memory cgroup here")


def breaks(_: Sequence[str]) -> Outcome:
    raise TimeoutError("never came about")


def counts(arguments: Sequence[str]) -> Outcome:
    if not all(word.isdigit() for word in arguments):
        raise UsageError("counts takes numbers")
    return Outcome(" ".join(arguments))


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three proofs and one that takes arguments, their pages in a folder of the test."""
    proofs = (
        proof("good", holds),
        proof("bad", fails),
        proof("broken", breaks),
        proof("lacking", lacks),
    )
    monkeypatch.setattr(prove, "PROOFS", (*proofs, proof("many", counts, "[NUMBER...]")))
    monkeypatch.setattr(page, "FOLDER", tmp_path)
    monkeypatch.setattr(prove, "missing_parts", lambda _: [])
    return tmp_path


def written(pages: Path) -> set[str]:
    """Name the pages there are."""
    return {file.stem for file in pages.glob("*.md")}


def test_a_claim_that_holds_is_written_with_date_commit_and_command(pages: Path) -> None:
    assert prove.main(["good"]) == 0
    text = (pages / "good.md").read_text()
    assert text.startswith("# good\n\ngood is so.\n")
    assert "| verdict | holds |" in text
    assert '| command | `make prove ARGS="good"` |' in text
    assert f"| commit | {page.commit()} |" in text
    assert "\na table\n" in text
    assert "does not hold" not in text


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("bad", "one figure is too large"),
        ("broken", "TimeoutError: never came about"),
        ("lacking", "Failed: no memory cgroup here"),
    ],
)
def test_a_claim_that_does_not_hold_fails_and_is_written_as_such(
    pages: Path, word: str, why: str
) -> None:
    assert prove.main([word]) == 1
    text = (pages / f"{word}.md").read_text()
    assert "| verdict | **does not hold** |" in text
    assert f"\n- {why}\n" in text


def test_without_a_word_all_run_and_one_failure_hides_no_other(pages: Path) -> None:
    assert prove.main([]) == 1
    assert written(pages) == {"good", "bad", "broken", "lacking", "many"}


def test_several_words_run_in_their_order(pages: Path) -> None:
    assert prove.main(["many", "good"]) == 0
    assert written(pages) == {"many", "good"}


def test_arguments_go_to_their_one_word(pages: Path) -> None:
    assert prove.main(["many", "1", "2"]) == 0
    text = (pages / "many.md").read_text()
    assert "\n1 2\n" in text
    assert "| verdict | holds, for the arguments of the command alone |" in text


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["nothing"], "'nothing' is no proof; there are good, bad, broken, lacking, many"),
        (["good", "1"], "good takes no arguments"),
        (["good", "many", "1"], "go with one word"),
        (["many", "x"], "counts takes numbers"),
    ],
)
def test_what_makes_no_sense_is_refused_and_writes_nothing(
    pages: Path, words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prove.main(words) == 2
    assert complaint in capsys.readouterr().err
    assert written(pages) == set()


def test_an_interrupt_writes_nothing(pages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: Sequence[str]) -> Outcome:
        raise KeyboardInterrupt

    monkeypatch.setattr(prove, "PROOFS", (proof("long", interrupted),))
    assert prove.main(["long"]) == 130
    assert written(pages) == set()


def test_a_part_that_is_missing_is_a_claim_that_was_not_shown(
    pages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prove, "missing_parts", lambda _: ["h2load is missing: no network"])
    assert prove.main(["good"]) == 1
    assert "- h2load is missing: no network" in (pages / "good.md").read_text()


def test_figures_decide_and_are_told() -> None:
    figures = Figures()
    figures.tell("calls", 12)
    figures.at_most("failed", 0, 0)
    figures.at_least("kills", 12, 12)
    figures.equal("counted", 12, 12)
    figures.none("complaints", [])
    assert figures.outcome().holds
    figures.at_most("seconds", 2.5, 2, " s")
    figures.at_least("kills", 11, 12)
    figures.equal("counted", 11, 12)
    figures.none("complaints", ["a", "b", "c", "d"])
    outcome = figures.outcome("A remark.")
    assert outcome.failures == (
        "seconds: 2.5 s, claimed: at most 2 s",
        "kills: 11, claimed: at least 12",
        "counted: 11, claimed: 12",
        "complaints: a; b; c and 1 more, claimed: none",
    )
    assert "| calls | 12 |  |  |" in outcome.text
    assert "| seconds | 2.5 s | at most 2 s | **no** |" in outcome.text
    assert outcome.text.endswith("\n\nA remark.")


def test_every_word_is_documented_and_none_twice() -> None:
    words = [each.word for each in PROOFS]
    assert len(words) == len(set(words))
    document = (ROOT / "docs" / "testing.md").read_text()
    table = dict(re.findall(r"^\| `([\w-]+)` \| .* \| (\d+) \|$", document, re.M))
    assert table == {each.word: str(math.ceil(each.minutes)) for each in PROOFS}


def test_what_takes_little_time_comes_first() -> None:
    minutes = [each.minutes for each in PROOFS]
    assert minutes == sorted(minutes)


def test_a_page_names_the_circumstances() -> None:
    run = page.Run(date(2026, 11, 30), "abc1234", 'make prove ARGS="good"', 1.25, 0.5)
    text = page.written(proof("good", holds), Outcome("a table"), run)
    for line in ("| date | 2026-11-30 |", "| commit | abc1234 |", "| took | 1.2 minutes |"):
        assert line in text
    assert "load average 0.50 before |" in text
