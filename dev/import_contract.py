"""Hold the one-way order of the Python packages, and of the modules inside a Rust crate: who may import whom.

Each row of LAYERS may import the rows above it and its own package, never a sibling in its row. Read from the syntax
tree and not from running imports, so a lazy import inside a function counts as well. RUST_RANKS says the same of the
modules of a crate: cargo keeps crates apart, and nothing else keeps modules apart. A module is one at the top of its
crate with all that is below it; what only tests import does not count.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from dev.knots import Import
from dev.rust_modules import rust_imports

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
    "jinja2": ("alerts",),
    "h11": ("sidecar.net", "sidecar.demo"),
    "yaml": ("sidecar.text",),
    "pydantic": ("sidecar.config", "sidecar.servers"),
}

# By crate, lowest first: each row may import the rows above it.
RUST_RANKS: dict[str, tuple[tuple[str, ...], ...]] = {
    "wire": (
        # Nouns, and the contract of whoever listens.
        ("outcome",),
        ("names", "output", "tokens", "tensor", "catalogue", "content", "name_precedence", "pool"),
        ("call",),
        ("sink",),
        # Values from messages, and what to read of which message.
        ("field", "headers"),
        ("json",),
        ("plans",),
        # Framing: where things begin and end; and what a header block says.
        ("hpack", "http2", "grpc", "sse", "sniff"),
        ("head",),
        ("http1", "grpc_web"),
        # One call; all open calls of a connection; one connection.
        ("exchange",),
        ("calls",),
        ("conn",),
    ),
    "tap": (
        # Nouns, system calls, pure decisions; then one concern each, on these.
        ("limits", "clock", "lock", "sys", "proto", "names", "frames", "command", "drain"),
        ("grid", "exemplar", "log", "holds", "listen", "stream", "health", "seam", "keep"),
        ("events",),
        # Bytes one way; series; control; the catalogue; model servers.
        ("pump", "ledger", "supervisor", "policy", "upstream"),
        # A connection; its observer; what threads share; samples read.
        ("pair", "observer", "shared", "read_message", "outcomes"),
        ("worker", "model_probe", "main_loop"),
        ("start",),
    ),
}

PYTHON_TOPS = ("sidecar", "exporters", "alerts", "dashboards")
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


def python_imports(root: Path = ROOT) -> Iterator[Import]:
    """Yield every import of one of our modules by another, those for annotations alone included."""
    sources = [file for top in PYTHON_TOPS for file in sorted((root / top).rglob("*.py"))]
    named = {module_of(source, root): source for source in sources}
    for importer, source in named.items():
        for line, path in imports(source, importer):
            parts = path.split(".")
            known = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
            imported = next((name for name in known if name in named), importer)
            if imported != importer:
                yield Import(source, line, importer, imported)


def module_of(source: Path, root: Path) -> str:
    """Name the module that a file is."""
    return ".".join(source.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def broken_rule(importer: str, imported: str) -> str | None:
    """Say which rule an import breaks, if any."""
    own, other = package_of(importer), package_of(imported)
    if own and other and own != other and RANK[other] >= RANK[own]:
        return f"{own} may not import {other}"
    allowed = FENCED.get(imported.split(".")[0])
    if allowed and not any(importer == a or importer.startswith(f"{a}.") for a in allowed):
        return f"only {' and '.join(allowed)} may import {imported.split('.')[0]}"
    return None


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
    for top in PYTHON_TOPS:
        for source in sorted((root / top).rglob("*.py")):
            module = module_of(source, root)
            for line, imported in imports(source, module):
                if reason := broken_rule(module, imported):
                    found.append(f"{source.relative_to(root)}:{line}: {reason}")
    for crate in RUST_RANKS:
        if (root / "dataplane" / crate).exists():
            found += rust_problems(root, crate)
    return found


if __name__ == "__main__":
    broken = problems()
    print("\n".join(broken), file=sys.stderr, end="\n" if broken else "")
    sys.exit(1 if broken else 0)
