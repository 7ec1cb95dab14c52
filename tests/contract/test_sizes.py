"""Files and functions stay readable: 400 lines and 60, which good code of this kind meets without trying."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "base", "common"}


def sources() -> Iterator[Path]:
    """Every file people write."""
    for top in ("sidecar", "exporters", "alerts"):
        for path in sorted((ROOT / top).rglob("*.py")):
            if not path.name.endswith(("_pb2.py", "_pb2_grpc.py")):
                yield path


def rust_sources() -> Iterator[Path]:
    """Every Rust file people write, test modules included."""
    for crate in ("tap", "wire", "gen", "fuzz"):
        for path in sorted((ROOT / "dataplane" / crate / "src").rglob("*.rs")):
            if path.name != "proto.rs":  # generated
                yield path


def test_no_file_is_longer_than_the_cap() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (*sources(), *rust_sources())
        if (lines := len(path.read_text().splitlines())) > MAX_FILE_LINES
    }
    assert long == {}


def test_no_function_is_longer_than_the_cap() -> None:
    long = {}
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > MAX_FUNCTION_LINES:
                    long[f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"] = lines
    assert long == {}


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [str(path) for path in sources() if path.stem in FORBIDDEN_NAMES] == []
