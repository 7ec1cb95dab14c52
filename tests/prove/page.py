"""docs/proofs/WORD.md: what was seen, when, of which commit, by which command."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tests.prove.proof import Outcome, Proof
from tests.provision.parts import ROOT

FOLDER = ROOT / "docs" / "proofs"


@dataclass(frozen=True)
class Run:
    """The circumstances of a proof."""

    day: date
    commit: str
    command: str
    minutes: float
    load_before: float
    partial: bool = False
    """It was given arguments: what it shows is shown for these alone."""


def commit() -> str:
    """Name the commit that the tree is at, and whether the tree differs from it, other pages of proofs aside."""

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=ROOT, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    name = git("rev-parse", "--short", "HEAD") or "unknown"
    changed = git("status", "--porcelain", "--", ".", ":!docs/proofs")
    return f"{name}, with changes that are not committed" if changed else name


def written(proof: Proof, outcome: Outcome, run: Run) -> str:
    """Return the page."""
    verdict = "holds" if outcome.holds else "**does not hold**"
    verdict += ", for the arguments of the command alone" if run.partial else ""
    lines = [
        f"# {proof.word}",
        "",
        proof.claim,
        "",
        "| | |",
        "|---|---|",
        f"| verdict | {verdict} |",
        f"| date | {run.day.isoformat()} |",
        f"| commit | {run.commit} |",
        f"| command | `{run.command}` |",
        f"| took | {run.minutes:.1f} minutes |",
        f"| machine | {len(os.sched_getaffinity(0))} cores, load average {run.load_before:.2f} before |",
        "",
        outcome.text,
        "",
    ]
    if outcome.failures:
        lines += ["What does not hold:", "", *(f"- {each}" for each in outcome.failures), ""]
    return "\n".join(lines)


def write(proof: Proof, outcome: Outcome, run: Run) -> Path:
    """Write the page, also where the claim does not hold; return where it lies."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / f"{proof.word}.md"
    file.write_text(written(proof, outcome, run))
    return file
