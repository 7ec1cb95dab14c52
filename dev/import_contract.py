"""Hold the one-way order of the Python packages: who may import whom.

Each row of LAYERS may import the rows above it and its own package, never a sibling in its row. Read from the syntax
tree and not from running imports, so a lazy import inside a function counts as well.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
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
    return found


if __name__ == "__main__":
    broken = problems()
    print("\n".join(broken), file=sys.stderr, end="\n" if broken else "")
    sys.exit(1 if broken else 0)
