"""Protos as their owners publish them: descriptors out of packages on PyPI, or of files of a public repository.

None of their code is run.
"""

from __future__ import annotations

import ast
import fnmatch
import hashlib
import io
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from google.protobuf import (
    any_pb2,
    descriptor_pb2,
    descriptor_pool,
    duration_pb2,
    empty_pb2,
    struct_pb2,
    timestamp_pb2,
    wrappers_pb2,
)

RAW = "https://raw.githubusercontent.com"
FETCH_SECONDS = 30.0
WELL_KNOWN = [any_pb2, duration_pb2, empty_pb2, struct_pb2, timestamp_pb2, wrappers_pb2]


@dataclass(frozen=True)
class Package:
    """A package of one version, and the files in it that hold protos."""

    name: str
    version: str
    members: tuple[str, ...]
    """`*_pb2.py` or `*.proto`, `*` standing for anything; what lies in an archive inside is written ARCHIVE!MEMBER."""
    renamed: tuple[tuple[str, str], ...] = ()
    """Prefixes of files and proto packages that a publisher put before somebody else's protos, and what stood there."""

    def wheel(self, folder: Path) -> Path:
        """Return its wheel, fetched where it is not there yet."""
        stem = f"{self.name.replace('-', '_')}-{self.version}-"
        found = [path for path in folder.iterdir() if path.name.lower().startswith(stem)]
        return found[0] if found else fetch(self, folder)

    def descriptors(self, folder: Path) -> list[descriptor_pb2.FileDescriptorProto]:
        """Return the descriptors in it."""
        return descriptors(self, self.wheel(folder))

    def provenance(self, folder: Path) -> dict[str, object]:
        """Tell where they come from."""
        named = {file.name for file in self.descriptors(folder) if file.service}
        return {
            "package": self.name,
            "version": self.version,
            "sha256": digest(self.wheel(folder)),
            "protos": sorted(named or {"(messages)"}),
        }


@dataclass(frozen=True)
class Repository:
    """A commit of a repository on GitHub, and its .proto files, named as they import each other.

    For protos that are in no package. A file that lies in the folder for wheels already, under the repository's name,
    the commit and its own, is not fetched again.
    """

    name: str
    commit: str
    root: str
    """The folder that imports start from."""
    protos: tuple[str, ...]

    def descriptors(self, folder: Path) -> list[descriptor_pb2.FileDescriptorProto]:
        """Return the descriptors of these files."""
        return compiled({proto: self._source(proto, folder) for proto in self.protos})

    def provenance(self, folder: Path) -> dict[str, object]:
        """Tell where they come from; the commit says what their content is."""
        return {"repository": self.name, "commit": self.commit, "protos": list(self.protos)}

    def _source(self, proto: str, folder: Path) -> bytes:
        path = folder / self.name / self.commit / self.root / proto
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            url = f"{RAW}/{self.name}/{self.commit}/{self.root}/{proto}"
            with urllib.request.urlopen(url, timeout=FETCH_SECONDS) as answer:
                path.write_bytes(answer.read())
        return path.read_bytes()


def fetch(package: Package, folder: Path) -> Path:
    """Download the wheel as pip would, and return it."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", f"--dest={folder}"]
    subprocess.run([*command, f"{package.name}=={package.version}"], check=True)
    stem = f"{package.name.replace('-', '_')}-{package.version}-"
    (wheel,) = (path for path in folder.iterdir() if path.name.lower().startswith(stem))
    return wheel


def digest(wheel: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


def members(wheel: Path, names: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """Yield the files named, with their names inside the innermost archive."""
    with zipfile.ZipFile(wheel) as archive:
        for name in names:
            outer, _, inner = name.partition("!")
            for each in fnmatch.filter(archive.namelist(), outer):
                content = archive.read(each)
                if inner:
                    with zipfile.ZipFile(io.BytesIO(content)) as nested:
                        content = nested.read(inner)
                yield inner or each, content


def descriptors(package: Package, wheel: Path) -> list[descriptor_pb2.FileDescriptorProto]:
    """Return the descriptors in a package."""
    found: list[descriptor_pb2.FileDescriptorProto] = []
    sources = dict(members(wheel, package.members))
    for name, content in sources.items():
        if name.endswith("_pb2.py"):
            found += generated(content)
    protos = {name: text for name, text in sources.items() if name.endswith(".proto")}
    found += compiled(protos) if protos else []
    return [renamed(each, package.renamed) for each in found]


def generated(code: bytes) -> Iterator[descriptor_pb2.FileDescriptorProto]:
    """Yield the descriptors that generated Python code holds as byte strings."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "AddSerializedFile":
            yield descriptor_pb2.FileDescriptorProto.FromString(ast.literal_eval(node.args[0]))


def compiled(protos: dict[str, bytes]) -> list[descriptor_pb2.FileDescriptorProto]:
    """Compile .proto files that import each other by these names."""
    with tempfile.TemporaryDirectory(prefix="wayside-protos-") as folder:
        for name, text in protos.items():
            place = Path(folder) / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text)
        out = Path(folder) / "out"
        command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}"]
        subprocess.run([*command, f"--descriptor_set_out={out}", *protos], check=True)
        return list(descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file)


def renamed(
    file: descriptor_pb2.FileDescriptorProto, prefixes: tuple[tuple[str, str], ...]
) -> descriptor_pb2.FileDescriptorProto:
    """Undo a publisher's renaming of files, packages and types."""

    def original(name: str) -> str:
        for there, here in prefixes:
            if name.startswith(there):
                return here + name.removeprefix(there)
        return name

    def message(each: descriptor_pb2.DescriptorProto) -> None:
        for field in each.field:
            if field.type_name:
                field.type_name = original(field.type_name)
        for inner in each.nested_type:
            message(inner)

    if prefixes:
        file.name, file.package = original(file.name), original(file.package)
        file.dependency[:] = [original(name) for name in file.dependency]
        for each in file.message_type:
            message(each)
        for method in (method for service in file.service for method in service.method):
            method.input_type = original(method.input_type)
            method.output_type = original(method.output_type)
    return file


def well_known() -> Iterator[descriptor_pb2.FileDescriptorProto]:
    """Yield what protobuf itself brings."""
    for module in WELL_KNOWN:
        yield descriptor_pb2.FileDescriptorProto.FromString(module.DESCRIPTOR.serialized_pb)


def pool_of(
    files: list[descriptor_pb2.FileDescriptorProto], services: set[str]
) -> descriptor_pool.DescriptorPool:
    """Return a pool with the files that hold these services, and all that they import."""
    pool = descriptor_pool.DescriptorPool()
    for known in well_known():
        pool.AddSerializedFile(known.SerializeToString())
    waiting = {file.name: file for file in files}
    for file in files:
        if any(f"/{file.package}.{each.name}" in services for each in file.service):
            add(file.name, waiting, pool)
    return pool


def add(
    name: str,
    waiting: dict[str, descriptor_pb2.FileDescriptorProto],
    pool: descriptor_pool.DescriptorPool,
) -> None:
    """Add a file after those it imports."""
    file = waiting.pop(name, None)
    if file is not None:
        for dependency in file.dependency:
            add(dependency, waiting, pool)
        pool.AddSerializedFile(file.SerializeToString())
