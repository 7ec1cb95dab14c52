"""A YAML file as plain values that remember their lines, so that every complaint can point at one.

Plain scalars are typed as in YAML 1.2: `true`, `false`, `null`, integers and floats; all else is text. (YAML 1.1, which
the parser underneath speaks, would read `off` as false and `1:30` as 90.)
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import yaml

from sidecar.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

Path: TypeAlias = "tuple[str | int, ...]"

# The parser in C is ten times faster and ships in every wheel; a source build may lack it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Far above any real configuration (the longest shipped catalogue is under 200 lines): a bound, not a judgement.
MAX_FILE_BYTES = 1_000_000
MAX_DEPTH = 32
# Aliases let a small file describe an enormous one.
MAX_VALUES = 50_000

_QUOTES = ("'", '"', "|", ">")
# Longer ones are no integers: no setting needs them, and Python refuses to read those of thousands of digits.
_INT = re.compile(r"[-+]?[0-9]{1,100}\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(frozen=True, slots=True)
class Document:
    """The values of one file and where each was written."""

    file: str
    value: object = None
    lines: Mapping[Path, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    text: bytes = b""  # as read, for the hash of the configuration

    def line(self, path: Path) -> int:
        """Return the line of a value, or of the nearest thing around it that was written."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return 1

    def problem(self, path: Path, what: str, hint: str = "") -> Problem:
        """Return a problem at a place in this file."""
        return Problem(self.file, self.line(path), dotted(path), what, hint)


def dotted(path: Path) -> str:
    """Write a path as people do: slos[0].good."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read_document(file: str) -> Document:
    """Read a YAML file; what cannot be read is a problem of the document, never an exception."""
    text = _read(file)
    return (
        parse_document(file, text) if isinstance(text, bytes) else Document(file, problems=(text,))
    )


def read_documents(file: str) -> tuple[Document, ...]:
    """Read a YAML file of any number of documents, at least one of them; each knows its lines of the file."""
    text = _read(file)
    if isinstance(text, bytes):
        return parse_documents(file, text)
    return (Document(file, problems=(text,)),)


def _read(file: str) -> bytes | Problem:
    """Return what a file holds, or why that cannot be said."""
    try:
        with open(file, "rb") as handle:
            text = handle.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:  # of a name that no file can have
        what = f"cannot be read: {error.strerror if isinstance(error, OSError) else error}"
        return Problem(file, 0, "", what, "Check the path.")
    if len(text) > MAX_FILE_BYTES:
        what = f"is longer than {MAX_FILE_BYTES} bytes"
        return Problem(file, 0, "", what, "Is it the right file?")
    return text


def parse_document(file: str, text: bytes) -> Document:
    """Parse YAML text that was read from `file`."""
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        return Document(file, problems=(_syntax_problem(file, error),), text=text)
    return _walked(_Walk(file), root, text)


def parse_documents(file: str, text: bytes) -> tuple[Document, ...]:
    """Parse YAML text of several documents. Those before one that is no YAML are good."""
    found: list[Document] = []
    seen = 0  # the bound is the file's
    try:
        for root in yaml.compose_all(text, Loader=_LOADER):
            walk = _Walk(file, seen)
            found.append(_walked(walk, root, text))
            seen = walk.seen
    except yaml.YAMLError as error:
        found.append(Document(file, problems=(_syntax_problem(file, error),), text=text))
    return tuple(found) or (Document(file, text=text),)


def _walked(walk: _Walk, root: yaml.Node | None, text: bytes) -> Document:
    value = walk.value(root, ()) if root is not None else None
    return Document(walk.file, value, walk.lines, tuple(walk.problems), text)


def _syntax_problem(file: str, error: yaml.YAMLError) -> Problem:
    """Say where YAML itself stopped understanding."""
    hint = "Check indentation, quotes and brackets just before this line."
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        what = f"is not YAML: {error.problem or error.context}"
        return Problem(file, error.problem_mark.line + 1, "", what, hint)
    return Problem(file, 0, "", f"is not YAML: {error}", hint)


class _Walk:
    """Turns nodes into values, noting lines and problems on the way."""

    def __init__(self, file: str, seen: int = 0) -> None:
        self.file = file
        self.lines: dict[Path, int] = {}
        self.problems: list[Problem] = []
        self.seen = seen

    def value(self, node: yaml.Node, path: Path) -> object:
        """Return the plain value of a node."""
        self.lines.setdefault(path, node.start_mark.line + 1)
        self.seen += 1
        if len(path) > MAX_DEPTH or self.seen > MAX_VALUES:
            if self.seen <= MAX_VALUES + 1:
                self._complain(
                    node, path, "is nested too deep or too large", "Write it out flatter."
                )
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, at)) for at, item in enumerate(node.value)]
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, object]:
        result: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if not isinstance(key_node, yaml.ScalarNode):
                self._complain(key_node, path, "has a key that is no plain text", "Use a name.")
            elif key in result:
                hint = "Only one can count: remove the other."
                self._complain(key_node, (*path, key), "is written twice", hint)
            else:
                place = (*path, key)
                self.lines[place] = key_node.start_mark.line + 1
                result[key] = self.value(value_node, place)
        return result

    def _complain(self, node: yaml.Node, path: Path, what: str, hint: str) -> None:
        line = node.start_mark.line + 1
        self.problems.append(Problem(self.file, line, dotted(path), what, hint))


def _scalar(node: yaml.Node) -> object:
    """Type a scalar; quoted text stays text."""
    text = str(node.value)
    if getattr(node, "style", None) in _QUOTES:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.match(text):
        return int(text)
    number = float(text) if _FLOAT.match(text) else math.inf
    return number if math.isfinite(number) else text
