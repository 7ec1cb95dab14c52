"""Which module of a Rust crate uses which other: read as far as paths need it, as cargo keeps only crates apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dev.knots import Import

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


def rust_imports(sources: Path) -> tuple[tuple[str, ...], list[Import]]:
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
                    found.append(Import(file.source, line, file.module[0], other))
    return top.below, list(dict.fromkeys(found))
