"""The import contract holds, and would not if somebody broke it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dev.import_contract import problems


def test_the_tree_keeps_the_contract() -> None:
    """No package imports what it may not."""
    assert problems() == []


@pytest.mark.parametrize(
    ("path", "source", "reason"),
    [
        (
            "sidecar/slo/x.py",
            "from sidecar import config",
            "sidecar.slo may not import sidecar.config",
        ),
        ("sidecar/slo/x.py", "import sidecar.gpu", "sidecar.slo may not import sidecar.gpu"),
        ("sidecar/model/x.py", "from ..slo import y", "sidecar.model may not import sidecar.slo"),
        (
            "exporters/x.py",
            "def f():\n    import sidecar.web",
            "exporters may not import sidecar.web",
        ),
        ("sidecar/slo/x.py", "import pynvml", "only sidecar.sources may import pynvml"),
        (
            "sidecar/runtime/x.py",
            "import grpc.aio",
            "only sidecar.demo and exporters.keda may import grpc",
        ),
    ],
)
def test_a_forbidden_import_is_found(tmp_path: Path, path: str, source: str, reason: str) -> None:
    """Each kind of breach is reported, with its place."""
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(source)
    assert [problem.partition(": ")[2] for problem in problems(tmp_path)] == [reason]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("sidecar/slo/x.py", "from sidecar.model import call"),
        ("sidecar/slo/x.py", "from . import y\nfrom sidecar.slo.z import w"),
        ("sidecar/cli/x.py", "from sidecar import __version__, runtime, demo"),
        ("sidecar/sources/x.py", "import pynvml"),
    ],
)
def test_an_allowed_import_is_not(tmp_path: Path, path: str, source: str) -> None:
    """What the order allows passes."""
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(source)
    assert problems(tmp_path) == []
