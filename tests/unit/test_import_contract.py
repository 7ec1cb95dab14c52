"""The import contract holds, and would not if somebody broke it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dev.import_contract import ROOT, RUST_RANKS, problems, python_imports
from dev.knots import knots
from dev.rust_modules import rust_imports


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


@pytest.mark.parametrize("crate", RUST_RANKS)
def test_no_modules_of_a_crate_import_each_other_in_a_circle(crate: str) -> None:
    """A knot of modules can only be read, tested and changed as a whole."""
    modules, imports = rust_imports(ROOT / "dataplane" / crate / "src")
    assert len(modules) > 20
    assert len(imports) > 100
    assert knots(imports) == []


@pytest.mark.skipif(
    not (ROOT / "sidecar").exists(), reason="the packages are installed, not in this tree"
)
def test_no_two_python_modules_lead_to_each_other() -> None:
    imports = list(python_imports())
    assert len(imports) > 300
    assert knots(imports) == []


def test_a_planted_knot_of_python_modules_is_found(tmp_path: Path) -> None:
    """Also one that only annotations tie."""
    sources = {
        "a": "import sidecar.b",
        "b": "if TYPE_CHECKING:\n    from . import c",
        "c": "from sidecar.a import x",
    }
    (tmp_path / "sidecar").mkdir()
    for name, source in sources.items():
        (tmp_path / f"sidecar/{name}.py").write_text(source)
    (tmp_path / "sidecar/d.py").write_text("import sidecar.a")
    assert knots(python_imports(tmp_path)) == [["sidecar.a", "sidecar.b", "sidecar.c"]]


@pytest.fixture
def wire(tmp_path: Path) -> Path:
    """A copy of the sources of wire, to plant something in."""
    copy = tmp_path / "dataplane/wire/src"
    shutil.copytree(ROOT / "dataplane/wire/src", copy)
    return copy


def plant(file: Path, source: str) -> None:
    """Add to a file."""
    file.write_text(f"{file.read_text()}\n{source}\n")


def test_a_planted_knot_is_found(wire: Path) -> None:
    """Whatever leads back into the circle belongs to it, and what only leads to it does not."""
    plant(wire / "names.rs", "use crate::sink::Sink;")
    assert knots(rust_imports(wire)[1]) == [["call", "names", "sink"]]


@pytest.mark.parametrize(
    ("file", "source", "reason"),
    [
        ("names.rs", "use crate::conn::Conn;", "wire::names may not import wire::conn"),
        ("sink.rs", "use crate::{Conn, Nanos};", "wire::sink may not import wire::conn"),
        ("headers.rs", "use super::field;", "wire::headers may not import wire::field"),
        (
            "field/walk/short_fields.rs",
            "fn f() { super::super::super::json::f(); }",
            "wire::field may not import wire::json",
        ),
        (
            "http2/mod.rs",
            "pub use crate::{\n    hpack::{Value as V},\n    Direction,\n};",
            "wire::http2 may not import wire::hpack",
        ),
        ("plans/routes.rs", "type F = crate::head::Head;", "wire::plans may not import wire::head"),
        ("lib.rs", "mod extra { }\nmod said;", "wire::said is in no rank"),
    ],
)
def test_an_import_against_the_ranks_is_found(
    tmp_path: Path, wire: Path, file: str, source: str, reason: str
) -> None:
    """However it is written, and with its place."""
    (wire / "said.rs").write_text("")
    plant(wire / file, source)
    (problem,) = problems(tmp_path)
    place, _, found = problem.partition(": ")
    assert (place.rpartition(":")[0], found) == (f"dataplane/wire/src/{file}", reason)


def test_a_rank_of_a_module_that_is_gone_is_found(tmp_path: Path, wire: Path) -> None:
    """The table is read by people: it must not speak of what is not there."""
    top = (wire / "lib.rs").read_text()
    (wire / "lib.rs").write_text(top.replace("mod conn;", ""))
    assert [problem.partition(": ")[2] for problem in problems(tmp_path)] == [
        "wire::conn is in a rank, and not there"
    ]


@pytest.mark.parametrize(
    "source",
    [
        "// use crate::conn::Conn;",
        '/* use crate::conn::Conn; */ const A: &str = "crate::conn::Conn";',
        "#[cfg(test)]\nuse crate::conn::Conn;",
        "#[cfg(test)]\nmod more {\n    use crate::conn::{Conn};\n}",
        '#[cfg(test)]\n#[path = "more.rs"]\nmod more;',
        "use crate::{Direction, Nanos, catalogue::Read};",
        "use super::plan::{Act, Plan};\nconst BRACE: u8 = b'{';",
    ],
)
def test_what_the_ranks_allow_is_not(tmp_path: Path, wire: Path, source: str) -> None:
    """Lower modules, the own ones, and what only tests import."""
    plant(wire / "field/walk.rs", source)
    assert problems(tmp_path) == []
