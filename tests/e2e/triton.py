"""A real Triton Inference Server for tests: `with running_triton() as triton: ...`.

PyTriton's wheel carries the server itself; its own Python wrapper is not used, because it fails on Pythons built in
some ways. The server runs on free ports with the small Python models of triton_models/, and is ended by its process
group, which this module made and which also holds the stub process of each model instance.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.harness.ports import free_ports
from tests.provision.parts import require

SHARED_MEMORY = Path("/dev/shm")
MODELS = Path(__file__).resolve().parent / "triton_models"
START_SECONDS = 300.0  # loading seven Python models takes 2 s on an idle machine
STOP_SECONDS = 15.0
POLL_SECONDS = 0.05
HTTP_SECONDS = 60.0
LOG_TAIL_LINES = 40
WORDY = "unbatched"
"""A model whose configuration is longer than the 64 KiB that HTTP/2 lets a server send unasked, and than the head of a
message that is looked at."""
NOTES = f'parameters {{ key: "notes" value {{ string_value: "{"x" * 200_000}" }} }}\n'


class TritonError(RuntimeError):
    """The server did not start; the text holds the end of its log."""


@dataclass(frozen=True)
class Triton:
    """A running server: where it answers, and what is needed to call and to stop it."""

    grpc_port: int
    http_port: int
    metrics_port: int
    pid: int
    log: Path
    python: Path
    """The interpreter that has tritonclient: run client scripts with it."""
    repository: Path
    """The folder of its models, each a folder that a model may look for files in."""

    @property
    def grpc_address(self) -> str:
        """Where gRPC is answered, as host:port."""
        return f"127.0.0.1:{self.grpc_port}"

    @property
    def http_address(self) -> str:
        """Where HTTP is answered, as host:port."""
        return f"127.0.0.1:{self.http_port}"

    def get(self, path: str, *, metrics: bool = False) -> bytes:
        """Fetch a path of the HTTP API, or of the metrics port."""
        port = self.metrics_port if metrics else self.http_port
        with urllib.request.urlopen(
            f"http://127.0.0.1:{port}{path}", timeout=HTTP_SECONDS
        ) as answer:
            body: bytes = answer.read()
        return body


def build_repository(folder: Path, models: Path = MODELS) -> Path:
    """Lay the models out as Triton wants them: NAME/config.pbtxt and NAME/1/model.py."""
    for config in sorted(models.glob("*.pbtxt")):
        version = folder / config.stem / "1"
        version.mkdir(parents=True)
        named = f'name: "{config.stem}"\n{config.read_text()}'
        if config.stem == WORDY:
            named += NOTES
        (folder / config.stem / "config.pbtxt").write_text(named)
        shutil.copy(config.with_suffix(".py"), version / "model.py")
    return folder


def place_stub(venv: Path) -> Path:
    """Put the stub for this Python beside the backend's library, where Triton looks, and return the server's folder."""
    packages = next((venv / "lib").glob("python3.*/site-packages"))
    server = packages / "pytriton" / "tritonserver"
    version = packages.parent.name.removeprefix("python")
    stub = server / "backends" / "python" / "triton_python_backend_stub"
    if not stub.exists():
        # By rename, so that two tests starting at once never run half a file.
        draft = stub.with_suffix(f".{os.getpid()}")
        shutil.copy(server / "python_backend_stubs" / version / stub.name, draft)
        draft.chmod(0o755)
        draft.rename(stub)
    return server


def stub_environment(venv: Path) -> dict[str, str]:
    """Let the stubs find libpython and numpy.

    They embed Python in isolated mode, so PYTHONPATH and PYTHONHOME mean nothing to them; but they do look for
    `python3` on PATH to learn where they live, and a virtual environment found there counts.
    """
    asked = subprocess.run(
        [
            venv / "bin" / "python",
            "-c",
            "import sysconfig; print(sysconfig.get_config_var('LIBDIR'))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return {
        **os.environ,
        "LD_LIBRARY_PATH": asked.stdout.strip(),
        "PATH": os.pathsep.join([str(venv / "bin"), os.environ.get("PATH", os.defpath)]),
    }


def command(server: Path, repository: Path, ports: Sequence[int]) -> list[str]:
    """Spell out the server's command line: one address, three ports, no telemetry of a GPU it does not have."""
    grpc, http, metrics = (str(port) for port in ports)
    return [
        str(server / "bin" / "tritonserver"),
        f"--model-repository={repository}",
        f"--backend-directory={server / 'backends'}",
        *(f"--{name}-address=127.0.0.1" for name in ("grpc", "http", "metrics")),
        *(f"--grpc-port={grpc}", f"--http-port={http}", f"--metrics-port={metrics}"),
        "--allow-gpu-metrics=false",
        "--exit-timeout-secs=2",
        f"--backend-config=python,shm-region-prefix-name={shared_memory_prefix(int(grpc))}",
    ]


def shared_memory_prefix(grpc_port: int) -> str:
    """Name a server's shared memory regions, so that what a crash leaves behind is known to be its own."""
    return f"wayside-test-triton-{grpc_port}-"


def wait_until_ready(process: subprocess.Popen[bytes], http_port: int, log: Path) -> None:
    """Wait until every model is loaded; raise with the end of the log where that does not come."""
    deadline = time.monotonic() + START_SECONDS
    url = f"http://127.0.0.1:{http_port}/v2/health/ready"
    while process.poll() is None and time.monotonic() < deadline:
        with (
            contextlib.suppress(urllib.error.URLError, OSError),
            urllib.request.urlopen(url, timeout=HTTP_SECONDS),
        ):
            return
        time.sleep(POLL_SECONDS)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])
    raise TritonError(f"Triton did not become ready (exit status {process.poll()}):\n{tail}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the server and the stubs of its process group, by the id that was given when it was started."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextlib.contextmanager
def running_triton(models: Path = MODELS) -> Iterator[Triton]:
    """Run a server with the test models, or those of a folder, until the block ends."""
    venv = require("triton")
    server = place_stub(venv)
    with tempfile.TemporaryDirectory(prefix="wayside-triton-") as folder:
        log = Path(folder) / "triton.log"
        repository = build_repository(Path(folder) / "models", models)
        ports = free_ports(3)
        with log.open("wb") as output:
            process = subprocess.Popen(
                command(server, repository, ports),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=stub_environment(venv),
                start_new_session=True,
            )
        try:
            wait_until_ready(process, ports[1], log)
            grpc, http, metrics = ports
            yield Triton(grpc, http, metrics, process.pid, log, venv / "bin" / "python", repository)
        finally:
            stop(process)
            for left in SHARED_MEMORY.glob(f"{shared_memory_prefix(ports[0])}*"):
                left.unlink()
