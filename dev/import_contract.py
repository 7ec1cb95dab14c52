"""Hold the one-way order of the Python packages, and of the modules inside a Rust crate: who may import whom.

Each row of LAYERS may import the rows above it and its own package, never a sibling in its row. Read from the syntax
tree and not from running imports, so a lazy import inside a function counts as well. RUST_RANKS says the same of the
modules of a crate: cargo keeps crates apart, and nothing else keeps modules apart. A module is one at the top of its
crate with all that is below it; what only tests import does not count.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

LAYERS: tuple[tuple[str, ...], ...] = (
    ("sidecar.model",),
    ("sidecar.text", "sidecar.net"),
    (
        "sidecar.batches",
        "sidecar.slo",
        "sidecar.alerting",
        "sidecar.scaling",
        "sidecar.gpu",
        "sidecar.servers",
        "exporters",
        "alerts",
        "dashboards",
    ),
    ("sidecar.store", "sidecar.tapclient", "sidecar.sources", "sidecar.config", "sidecar.demo"),
    ("sidecar.web",),
    ("sidecar.runtime",),
    ("sidecar.cli",),
)

# Libraries that one place alone may touch, so that their cost and their quirks stay there.
FENCED: dict[str, tuple[str, ...]] = {
    "pynvml": ("sidecar.sources",),
    "sqlite3": ("sidecar.store",),
    "prometheus_client": ("exporters", "sidecar.servers.metrics"),
    "opentelemetry": ("exporters",),
    "grpc": ("sidecar.demo", "exporters.keda"),
    "rich": ("sidecar.demo",),
    "h11": ("sidecar.net", "sidecar.demo"),
    "yaml": ("sidecar.text",),
    "pydantic": ("sidecar.config", "sidecar.servers"),
}

# By crate, lowest first: each row may import the rows above it.
RUST_RANKS: dict[str, tuple[tuple[str, ...], ...]] = {
    "wire": (
        # Nouns, and the contract of whoever listens.
        ("names", "tokens", "outcome", "tensor", "catalogue", "content", "name_precedence", "pool"),
        ("call",),
        ("sink",),
        # Values from messages, and what to read of which message.
        ("field", "headers"),
        ("json",),
        ("plans",),
        # Framing: where things begin and end; and what a header block says.
        ("hpack", "http2", "grpc", "sse", "sniff"),
        ("head",),
        ("http1",),
        # One call; all open calls of a connection; one connection.
        ("exchange",),
        ("calls",),
        ("conn",),
    ),
}

RANK = {package: rank for rank, row in enumerate(LAYERS) for package in row}


def package_of(module: str) -> str | None:
    """Name the layered package that holds a module, None for anything that is not in the order."""
    parts = module.split(".")
    for length in (2, 1):
        if (name := ".".join(parts[:length])) in RANK:
            return name
    return None


def imports(source: Path, module: str) -> Iterator[tuple[int, str]]:
    """Yield every module that a file imports, with its line; relative imports are made absolute."""
    package = module if source.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(source.read_text(), str(source))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")
            above = base[: len(base) - node.level + 1] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            # `from sidecar import config` names the package config, not only sidecar.
            yield from ((node.lineno, f"{origin}.{alias.name}") for alias in node.names)


def broken_rule(importer: str, imported: str) -> str | None:
    """Say which rule an import breaks, if any."""
    own, other = package_of(importer), package_of(imported)
    if own and other and own != other and RANK[other] >= RANK[own]:
        return f"{own} may not import {other}"
    allowed = FENCED.get(imported.split(".")[0])
    if allowed and not any(importer == a or importer.startswith(f"{a}.") for a in allowed):
        return f"only {' and '.join(allowed)} may import {imported.split('.')[0]}"
    return None


# Rust is read as far as paths need it. Comments, strings and characters are blanked out: none of them imports.
_NO_CODE = re.compile(
    r"""//[^\n]*|/\*.*?\*/|\bb?r(#*)".*?"\1|"(?:\\.|[^"\\])*"|'(?:\\[^\n']+|\\'|[^\\'\n])'""",
    re.DOTALL,
)
_TEST_IMPORT = re.compile(r"#\[cfg\(test\)\]\s*(?:pub\s+)?use\b[^;]*;")
_MODULE = re.compile(r"((?:#\[[^\]]*\]\s*)*)\b(?:pub(?:\([^)]*\))?\s+)?mod\s+(\w+)\s*([;{])")
_PATH = re.compile(r"\b(?:crate|super)\s*::")
_REEXPORT = re.compile(r"^pub use\s+", re.MULTILINE)
_TOKEN = re.compile(r"\s*(::|\w+|[{},*])")


@dataclass(frozen=True)
class RustFile:
    """A file of a crate: the path of its module, its code, and the modules that it says are in files."""

    source: Path
    module: tuple[str, ...]
    code: str
    below: tuple[str, ...]


@dataclass(frozen=True)
class RustImport:
    """A module of a crate uses another, both by their names at the top of the crate."""

    source: Path
    line: int
    importer: str
    imported: str


def blank(match: re.Match[str]) -> str:
    """Return as many line ends as there were."""
    return "\n" * match.group().count("\n")


def block_end(code: str, at: int) -> int:
    """Return where the block ends whose brace is at a place."""
    depth = 0
    for brace in re.compile(r"[{}]").finditer(code, at):
        depth += 1 if brace.group() == "{" else -1
        if depth == 0:
            return brace.end()
    return len(code)


def rust_file(source: Path, module: tuple[str, ...]) -> RustFile:
    """Read a file, without what only tests see."""
    code = _TEST_IMPORT.sub(blank, _NO_CODE.sub(blank, source.read_text()))
    below, at = [], 0
    while found := _MODULE.search(code, at):
        at = found.end()
        if "cfg(test)" in found[1]:
            end = block_end(code, at - 1) if found[3] == "{" else at
            lines = code.count("\n", found.start(), end)
            code = code[: found.start()] + "\n" * lines + code[end:]
            at = found.start()
        elif found[3] == ";":
            below.append(found[2])
    return RustFile(source, module, code, tuple(below))


def rust_files(source: Path, module: tuple[str, ...] = ()) -> Iterator[RustFile]:
    """Yield a file and all files below it."""
    file = rust_file(source, module)
    yield file
    folder = source.parent if source.stem in ("lib", "mod") else source.with_suffix("")
    for name in file.below:
        beside, inside = folder / f"{name}.rs", folder / name / "mod.rs"
        yield from rust_files(beside if beside.exists() else inside, (*module, name))


def branches(tokens: list[str], at: int = 0) -> tuple[list[tuple[list[str], str]], int]:
    """Return the paths of a tree of imports, each with the name it gets here, and where the tree ends."""
    path: list[str] = []
    while at < len(tokens) and tokens[at] != "{":
        path.append(tokens[at])
        at += 1
        if tokens[at : at + 1] == ["::"]:
            at += 1
        elif tokens[at : at + 1] == ["as"]:
            return [(path, tokens[at + 1])], at + 2
        else:
            return [(path, path[-1])], at
    found = []
    at += 1
    while at < len(tokens) and tokens[at] != "}":
        inner, at = branches(tokens, at)
        found += [([*path, *rest], name) for rest, name in inner]
        at += tokens[at : at + 1] == [","]
    return found, at + 1


def paths_at(code: str, at: int) -> list[tuple[list[str], str]]:
    """Return the paths of the tree of imports, or the one path, that begins at a place."""
    tokens = []
    while token := _TOKEN.match(code, at):
        tokens.append(token[1])
        at = token.end()
    return branches(tokens)[0]


def from_top(path: list[str], module: tuple[str, ...]) -> list[str]:
    """Return a path as it is from the top of the crate."""
    supers = next((at for at, step in enumerate(path) if step != "super"), len(path))
    return (
        path[1:]
        if path[0] == "crate"
        else [*module[: max(0, len(module) - supers)], *path[supers:]]
    )


def rust_imports(sources: Path) -> tuple[tuple[str, ...], list[RustImport]]:
    """Return the modules at the top of a crate, and every import of one by another.

    What lib.rs shows of a module to other crates leads to that module from inside the crate too.
    """
    top, *others = rust_files(sources / "lib.rs")
    home = {name: name for name in top.below}
    for statement in _REEXPORT.finditer(top.code):
        for path, name in paths_at(top.code, statement.end()):
            home.setdefault(name, from_top(path, ())[0])
    found = []
    for file in others:
        for use in _PATH.finditer(file.code):
            for path, _ in paths_at(file.code, use.start()):
                other = home.get((from_top(path, file.module) or [""])[0])
                if other and other != file.module[0]:
                    line = file.code.count("\n", 0, use.start()) + 1
                    found.append(RustImport(file.source, line, file.module[0], other))
    return top.below, list(dict.fromkeys(found))


def knots(imports: list[RustImport]) -> list[list[str]]:
    """Return the sets of modules of which each leads to every other: the strongly connected components."""
    leads: dict[str, set[str]] = {}
    for each in imports:
        leads.setdefault(each.importer, set()).add(each.imported)

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        ahead = [start]
        while ahead:
            new = leads.get(ahead.pop(), set()) - seen
            seen |= new
            ahead += new
        return seen

    reach = {module: reached(module) for module in leads}
    found = {
        frozenset(other for other in to if module in reach.get(other, set()))
        for module, to in reach.items()
        if module in to
    }
    return sorted(sorted(knot) for knot in found)


def rust_problems(root: Path, crate: str) -> Iterator[str]:
    """Yield every import of a crate that breaks its ranks, and every module that has none."""
    sources = root / "dataplane" / crate / "src"
    rank = {module: row for row, modules in enumerate(RUST_RANKS[crate]) for module in modules}
    modules, imports = rust_imports(sources)
    for module in sorted(rank.keys() ^ set(modules)):
        reason = "is in no rank" if module in modules else "is in a rank, and not there"
        yield f"{(sources / 'lib.rs').relative_to(root)}:1: {crate}::{module} {reason}"
    for each in imports:
        if rank.get(each.imported, 0) >= rank.get(each.importer, len(rank)):
            place = f"{each.source.relative_to(root)}:{each.line}"
            yield f"{place}: {crate}::{each.importer} may not import {crate}::{each.imported}"


def problems(root: Path = ROOT) -> list[str]:
    """List every import that breaks the contract, as file:line: reason."""
    found = []
    for top in ("sidecar", "exporters", "alerts", "dashboards"):
        for source in sorted((root / top).rglob("*.py")):
            relative = source.relative_to(root)
            module = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
            for line, imported in imports(source, module):
                if reason := broken_rule(module, imported):
                    found.append(f"{relative}:{line}: {reason}")
    for crate in RUST_RANKS:
        if (root / "dataplane" / crate).exists():
            found += rust_problems(root, crate)
    return found


if __name__ == "__main__":
    broken = problems()
    print("\n".join(broken), file=sys.stderr, end="\n" if broken else "")
    sys.exit(1 if broken else 0)
