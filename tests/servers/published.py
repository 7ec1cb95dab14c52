"""Protos as their owners publish them: descriptors out of packages on PyPI, without running any of their code."""

from __future__ import annotations

import ast
import fnmatch
import hashlib
import io
import subprocess
import sys
import tempfile
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
