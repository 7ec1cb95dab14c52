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
# Module: the folder of its source, that of the module, and the one that alone may import it.
SEAM, EXPOSITION = PACKAGES / "sidecar/tapclient", PACKAGES / "exporters/prometheus"
GENERATED = {
    "tap": (PROTO, SEAM, SEAM),
    "metrics": (EXPOSITION / "proto", EXPOSITION / "proto", EXPOSITION),
}


@pytest.mark.parametrize("module", GENERATED)
def test_the_committed_code_is_what_the_proto_gives(module: str, tmp_path: Path) -> None:
    protoc = pytest.importorskip("grpc_tools.protoc", reason="grpcio-tools is not installed")
    proto, made, _ = GENERATED[module]
    arguments = [
        "protoc",
        f"-I{proto}",
        f"-I{Path(protoc.__file__).parent / '_proto'}",  # Google's own
        f"--python_out={tmp_path}",
        f"--pyi_out={tmp_path}",
        str(proto / f"{module}.proto"),
    ]
    assert protoc.main(arguments) == 0
    for name in (f"{module}_pb2.py", f"{module}_pb2.pyi"):
        fresh, committed = (tmp_path / name).read_text(), (made / name).read_text()
        assert fresh == committed, f"{name} is stale: run `make gen` and commit the result"


@pytest.mark.parametrize("module", GENERATED)
def test_nobody_else_imports_the_generated_messages(module: str) -> None:
    importers = [
        source
        for top in ("sidecar", "exporters", "alerts")
        for source in (PACKAGES / top).rglob("*.py")
        if imports_module(source, f"{module}_pb2")
    ]
    assert importers
    assert {source.parent for source in importers} == {GENERATED[module][2]}


def imports_module(source: Path, wanted: str) -> bool:
    """Say whether a file imports a module in any way."""
    for node in ast.walk(ast.parse(source.read_text())):
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import | ast.ImportFrom)
            else []
        )
        module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
        if any(wanted in name for name in [*names, module]):
            return True
    return False
