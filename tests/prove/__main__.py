"""make prove: the long proofs, one after the other.

usage: make prove                         all of them, in the order of --list: an hour and a half
       make prove ARGS="WORD..."          some of them
       make prove ARGS="WORD ARGUMENT..." one, with arguments of its own
       make prove ARGS="--list"           the words, what each claims, and how long it takes
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Sequence
from datetime import datetime, timezone

import pytest

from tests.prove.page import Run, commit, write
from tests.prove.proof import Outcome, Proof, UsageError
from tests.prove.words import PROOFS
from tests.provision import __main__ as provision
from tests.provision import parts

# What the parts that proofs share with tests raise where something is missing; neither is an Exception.
PYTEST_ENDS = (pytest.skip.Exception, pytest.fail.Exception)
USAGE_ERROR = 2
INTERRUPTED = 130


def note(text: str) -> None:
    """Say what is being done."""
    print(f"==> {text}", file=sys.stderr, flush=True)


def chosen(words: Sequence[str]) -> tuple[list[Proof], list[str]]:
    """Split a command line into proofs and the arguments of the last one. Raises UsageError."""
    known = {proof.word: proof for proof in PROOFS}
    if not words:
        return list(PROOFS), []
    names: list[str] = []
    for word in words:
        if word not in known:
            break
        names.append(word)
    arguments = list(words[len(names) :])
    if not names:
        raise UsageError(f"{words[0]!r} is no proof; there are {', '.join(known)}")
    if arguments and len(names) > 1:
        raise UsageError(f"arguments ({' '.join(arguments)}) go with one word, not with several")
    if arguments and not known[names[0]].arguments:
        raise UsageError(f"{names[0]} takes no arguments, but was given {' '.join(arguments)}")
    return [known[name] for name in names], arguments


def listing() -> str:
    """Return the words for people."""
    rows = []
    for proof in PROOFS:
        rows.append(
            f"{f'{proof.word} {proof.arguments}':22}  {proof.minutes:>4g} min  {proof.claim}"
        )
    return "\n".join(rows)


def missing_parts(proof: Proof) -> list[str]:
    """Get what it needs; say what could not be had."""
    if wanted := [part for part in proof.parts if parts.find(part) is None]:
        provision.main(wanted)
    reasons = parts.failures()
    return [
        f"{part} is missing: {reasons.get(part, 'unknown reason')}"
        for part in proof.parts
        if parts.find(part) is None
    ]


def show(proof: Proof, arguments: Sequence[str]) -> Outcome:
    """Run a proof; whatever breaks it is a claim that was not shown."""
    if missing := missing_parts(proof):
        return Outcome("It could not be run.", tuple(missing))
    try:
        return proof.run(arguments)
    except UsageError:
        raise
    except (Exception, *PYTEST_ENDS) as error:
        traceback.print_exc()
        return Outcome("It broke off.", (f"{type(error).__name__}: {error}",))


def run_one(proof: Proof, arguments: Sequence[str]) -> bool:
    """Run a proof, write its page, say how it went."""
    words = " ".join([proof.word, *arguments])
    note(f"{words} (about {proof.minutes:g} min): {proof.claim}")
    at, load_before, began = commit(), os.getloadavg()[0], time.monotonic()
    outcome = show(proof, arguments)
    minutes = (time.monotonic() - began) / 60
    today = datetime.now(timezone.utc).date()
    command = f'make prove ARGS="{words}"'
    run = Run(today, at, command, minutes, load_before, partial=bool(arguments))
    file = write(proof, outcome, run)
    print(outcome.text)
    for failure in outcome.failures:
        print(f"DOES NOT HOLD: {failure}")
    verdict = "holds" if outcome.holds else "does not hold"
    note(f"{proof.word} {verdict}, {minutes:.1f} min: {os.path.relpath(file, parts.ROOT)}")
    return outcome.holds


def main(words: Sequence[str]) -> int:
    """Return 0 where every claim held, 1 where one did not, 2 for a command line that makes no sense."""
    if words and words[0] in ("-h", "--help"):
        print(f"{__doc__}\n{listing()}")
        return 0
    if list(words) == ["--list"]:
        print(listing())
        return 0
    try:
        proofs, arguments = chosen(words)
        held = [run_one(proof, arguments) for proof in proofs]
    except UsageError as error:
        print(f"prove: {error}", file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        note("interrupted; the proof that was running has written nothing")
        return INTERRUPTED
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
