"""The committed code of the seam is what tap.proto gives, and one package alone knows it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import sidecar

ROOT = Path(__file__).resolve().parents[2]
PROTO = ROOT / "dataplane" / "proto"

# Where the packages are imported from: the tree, or an installed wheel.
PACKAGES = Path(sidecar.__file__).resolve().parents[1]
COMMITTED = PACKAGES / "sidecar" / "tapclient"


def test_the_committed_code_is_what_the_proto_gives(tmp_path: Path) -> None:
    protoc = pytest.importorskip("grpc_tools.protoc", reason="grpcio-tools is not installed")
    arguments = [
        "protoc",
        f"-I{PROTO}",
        f"--python_out={tmp_path}",
        f"--pyi_out={tmp_path}",
        str(PROTO / "tap.proto"),
    ]
    assert protoc.main(arguments) == 0
    for name in ("tap_pb2.py", "tap_pb2.pyi"):
        fresh, committed = (tmp_path / name).read_text(), (COMMITTED / name).read_text()
        assert fresh == committed, f"{name} is stale: run `make gen` and commit the result"


def test_nobody_else_imports_the_generated_messages() -> None:
    offenders = [
        str(source.relative_to(PACKAGES))
        for top in ("sidecar", "exporters", "alerts")
        for source in (PACKAGES / top).rglob("*.py")
        if source.parent != COMMITTED and names_the_seam(source)
    ]
    assert offenders == []


def names_the_seam(source: Path) -> bool:
    """Say whether a file imports tap_pb2 in any way."""
    for node in ast.walk(ast.parse(source.read_text())):
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import | ast.ImportFrom)
            else []
        )
        module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
        if any("tap_pb2" in name for name in [*names, module]):
            return True
    return False
