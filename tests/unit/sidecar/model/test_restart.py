"""What needs a restart is there in the policy, and is told wherever it has to be."""

from __future__ import annotations

from functools import reduce

import pytest

from sidecar.cli.main import main
from sidecar.model.restart import FIXED_PARTS, IN_WORDS, STATE_DIR
from sidecar.tapclient import tap_pb2 as pb
from tests.provision.parts import ROOT


def test_each_part_is_a_field_of_the_policy() -> None:
    for part in FIXED_PARTS:
        assert reduce(getattr, part.attribute.split("."), pb.Policy()) is not None


def test_the_documentation_names_each() -> None:
    paragraph = (ROOT / "docs/configuration.md").read_text().partition("need a restart")[0]
    told = paragraph.rpartition("\n\n")[2]
    names = [*(part.written for part in FIXED_PARTS), STATE_DIR]
    assert [name for name in names if f"`{name}`" not in told] == []


def test_help_names_each(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    assert IN_WORDS in capsys.readouterr().out
