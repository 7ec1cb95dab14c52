"""A catalogue held against a .proto: do methods, field names and numbers agree?

A .proto is compiled by protoc into descriptors, and those are reduced to the few facts that can disagree.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from google.protobuf import descriptor_pb2

from sidecar.text.suggest import suggest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sidecar.model.problem import Problem
    from sidecar.servers.catalogue import ServerCatalogue
    from sidecar.text.document import Document
    from sidecar.text.document import Path as Place

NEEDS_PROTOC = (
    "Reading a .proto needs protoc: `pip install grpcio-tools`, or install protobuf-compiler."
)
_MAX_PROTOC_SECONDS = 60.0
_MESSAGE_TYPES = frozenset(
    {
        descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE,
        descriptor_pb2.FieldDescriptorProto.TYPE_GROUP,
    }
)


class ProtoError(Exception):
    """A .proto that cannot be read; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class ProtoField:
    """A field: its number, and the full name of the message it holds, if it holds one."""

    number: int
    message: str = ""


@dataclass(frozen=True, slots=True)
class ProtoMethod:
    """A method: full names of what goes in and out, and which of them is a stream."""

    request: str
    response: str
    streams_in: bool = False
    streams_out: bool = False


@dataclass(frozen=True, slots=True)
class Schema:
    """What a set of .proto files says, by full name.

    A map is a message `...Entry` of `key` and `value`, as on the wire.
    """

    methods: Mapping[str, ProtoMethod] = field(default_factory=dict)
    messages: Mapping[str, Mapping[str, ProtoField]] = field(default_factory=dict)


@dataclass(slots=True)
class Comparison:
    """What came of comparing: problems, and the fields, as (message, field), that agree."""

    problems: list[Problem] = field(default_factory=list)
    agreed: set[tuple[str, str]] = field(default_factory=set)


def read_proto(file: str, folders: Sequence[str] = ()) -> Schema:
    """Compile a .proto with protoc, its imports looked for in these folders and beside it. Raises ProtoError."""
    with tempfile.TemporaryDirectory(prefix="wayside-proto-") as temporary:
        out = os.path.join(temporary, "descriptors")
        path = os.path.abspath(file)
        included = [*(os.path.abspath(folder) for folder in folders), os.path.dirname(path)]
        arguments = [*(f"-I{folder}" for folder in dict.fromkeys(included)), "--include_imports"]
        try:
            done = subprocess.run(
                [*_protoc(), *arguments, f"--descriptor_set_out={out}", path],
                capture_output=True,
                text=True,
                timeout=_MAX_PROTOC_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ProtoError(f"protoc cannot be run on {file}: {error}") from error
        if done.returncode:
            said = done.stderr.strip().splitlines() or ["protoc gave no reason"]
            raise ProtoError(f"{file} is no .proto that protoc understands: {said[0]}")
        with open(out, "rb") as made:
            return schema_of(descriptor_pb2.FileDescriptorSet.FromString(made.read()).file)


def _protoc() -> list[str]:
    """Return the command that starts protoc. Raises ProtoError."""
    if importlib.util.find_spec("grpc_tools"):
        return [sys.executable, "-m", "grpc_tools.protoc"]
    found = shutil.which("protoc")
    if found is None:
        raise ProtoError(NEEDS_PROTOC)
    return [found]


def schema_of(files: Iterable[descriptor_pb2.FileDescriptorProto]) -> Schema:
    """Reduce descriptors to what can disagree."""
    methods: dict[str, ProtoMethod] = {}
    messages: dict[str, dict[str, ProtoField]] = {}
    for file in files:
        package = f"{file.package}." if file.package else ""
        for service in file.service:
            for method in service.method:
                methods[f"/{package}{service.name}/{method.name}"] = ProtoMethod(
                    method.input_type.lstrip("."),
                    method.output_type.lstrip("."),
                    method.client_streaming,
                    method.server_streaming,
                )
        for message in file.message_type:
            _add(message, package, messages)
    return Schema(methods, messages)


def _add(
    message: descriptor_pb2.DescriptorProto, prefix: str, messages: dict[str, dict[str, ProtoField]]
) -> None:
    """Add a message and those inside it."""
    name = f"{prefix}{message.name}"
    messages[name] = {
        each.name: ProtoField(
            each.number, each.type_name.lstrip(".") if each.type in _MESSAGE_TYPES else ""
        )
        for each in message.field
    }
    for inner in message.nested_type:
        _add(inner, f"{name}.", messages)


def compare(document: Document, server: ServerCatalogue, schema: Schema) -> Comparison:
    """Compare every method of a catalogue that compiled without a problem."""
    return _Comparer(document, server, schema).run()


class _Comparer:
    """One comparison; collects problems instead of raising."""

    def __init__(self, document: Document, server: ServerCatalogue, schema: Schema) -> None:
        self.document = document
        self.server = server
        self.schema = schema
        self.found = Comparison()
        self._done: set[tuple[str, str]] = set()

    def run(self) -> Comparison:
        written = self._written()
        for method in self.server.methods:
            place = ("methods", method.path)
            known = self.schema.methods.get(method.path)
            if known is None:
                self._complain(
                    place, "is not in the .proto", suggest(method.path, self.schema.methods)
                )
                continue
            self._streams(place, method.streaming, method.many_requests, known)
            spec = written.get(method.path) or {}
            self._forms(spec.get("request"), known.request)
            self._forms(spec.get("response"), known.response)
        return self.found

    def _written(self) -> dict[str, dict[str, object]]:
        """Return the methods as they stand in the file, where forms still bear their messages' names."""
        value = self.document.value
        methods = value.get("methods") if isinstance(value, dict) else None
        return methods if isinstance(methods, dict) else {}

    def _streams(
        self, place: Place, streaming: bool, many_requests: bool, known: ProtoMethod
    ) -> None:
        if streaming != known.streams_out:
            says = "a stream" if known.streams_out else "one message"
            hint = f"Write streaming: {str(known.streams_out).lower()}."
            self._complain((*place, "streaming"), f"answers with {says} in the .proto", hint)
        if many_requests and not known.streams_in:
            hint = "Remove many_requests."
            self._complain((*place, "many_requests"), "takes one request in the .proto", hint)

    def _forms(self, value: object, full: str) -> None:
        """Compare the forms that bear the name of the message; all of them where none does."""
        forms = value if isinstance(value, list) else [value] if value else []
        described = [form for form in forms if isinstance(form, dict)]
        names = {str(form["message"]) for form in described if "message" in form}
        for name in (names & {full, full.rpartition(".")[2]}) or names:
            self._message(name, full)

    def _message(self, name: str, full: str) -> None:
        if (name, full) in self._done:
            return
        self._done.add((name, full))
        there = self.schema.messages.get(full, {})
        for field_name, described in self.server.messages[name].items():
            place = ("messages", name, field_name)
            known = there.get(field_name)
            if known is None:
                self._complain(place, f"{full} has no such field", suggest(field_name, there))
            elif known.number != described.number:
                what = f"is {described.number}, and {known.number} in {full}"
                self._complain(place, what, f"Write {known.number}.")
            elif self._holds(place, described.message, described.is_map, known):
                self.found.agreed.add((name, field_name))

    def _holds(self, place: Place, message: str, is_map: bool, known: ProtoField) -> bool:
        """Compare what a field holds; say whether it can hold what is described."""
        inside = known.message
        if is_map:
            entry = self.schema.messages.get(inside, {})
            if set(entry) != {"key", "value"}:
                self._complain(place, "is no map in the .proto", "Write message: instead of map:.")
                return False
            inside = entry["value"].message
        if not message:
            return True
        if not inside:
            self._complain(place, "holds no message in the .proto", "Write its number alone.")
            return False
        self._message(message, inside)
        return True

    def _complain(self, place: Place, what: str, hint: str = "") -> None:
        self.found.problems.append(self.document.problem(place, what, hint))
