"""What `wayside servers` says of proofs is what the tests prove: no more, and no less."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sidecar.servers.table import MEANINGS, PROOFS, UNTESTED, rows, shipped
from tests.proofs import held, written
from tests.provision.parts import ROOT

REMEDY = 'run all tests with --write-proofs (make test ARGS="--write-proofs tests/") and commit the result'


def test_the_file_says_what_the_tests_claim(tmp_path: Path) -> None:
    listed = tmp_path / "proofs.json"
    files = [
        str(path)
        for path in (ROOT / "tests").rglob("test_*.py")
        if "mark.proves(" in path.read_text()
    ]
    collect = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "--quiet",
        "-p",
        "no:cacheprovider",
    ]
    subprocess.run(
        [*collect, f"--list-proofs={listed}", *files], cwd=ROOT, check=True, capture_output=True
    )
    assert PROOFS.read_text() == listed.read_text(), REMEDY


def test_every_claim_is_about_a_server_that_is_shipped() -> None:
    known = {(each.name, user) for each in shipped() for user in each.used_by}
    claimed = {(row.catalogue, row.server) for row in rows() if row.proofs}
    assert claimed <= known
    assert {proof for row in rows() for proof in row.proofs} <= set(MEANINGS) - {UNTESTED}


def test_a_claim_holds_when_all_of_its_tests_passed() -> None:
    live, proto = ("a", "b", "live"), ("a", "b", "proto")
    claims = [("one", live), ("two", live), ("two", proto)]
    assert held(claims, {"one", "two"}) == [live, proto]
    assert held(claims, {"two"}) == [proto]
    assert held(claims, set()) == []


def test_the_strongest_comes_first() -> None:
    text = written([("a", "b", "proto"), ("a", "b", "live"), ("a", "b", "proto")])
    assert text == '{\n "a": {\n  "b": [\n   "live",\n   "proto"\n  ]\n }\n}\n'
