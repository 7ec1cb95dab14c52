"""A real control plane on loopback: etcd, API server, controllers, scheduler. Only the nodes are played, by kwok.

Its state is in a temporary folder and gone with it. Everybody is its administrator, by a token; certificates are not
verified, since both ends are this machine. Pod Security, which the API server enforces by itself, is as in any cluster.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.harness.ports import free_ports
from tests.harness.running import accepts, running, wait_until
from tests.provision.parts import require

PROGRAMS = (
    *("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"),
    *("kwok", "kubectl", "openssl"),
)
NODES_FILE = Path(__file__).with_name("control_plane_nodes.yaml")
NODES, GPUS_OF_NODE = 2, 8
KUBECTL_SECONDS = 120.0
TOKEN = "administrator"
NAMESPACE_LABEL = "pod-security.kubernetes.io"


class KubectlError(RuntimeError):
    """kubectl did not do what it was to, or warned."""


@dataclass(frozen=True)
class ControlPlane:
    """A cluster without containers."""

    kubeconfig: Path

    def kubectl(self, *words: str | Path, text: str = "") -> str:
        """Run kubectl, a warning being an error; return what it says. Raises KubectlError."""
        flags = (f"--kubeconfig={self.kubeconfig}", "--warnings-as-errors")
        command: list[str | Path] = [require("kubectl"), *flags, *words]
        done = subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            timeout=KUBECTL_SECONDS,
            check=False,
        )
        if done.returncode or done.stderr:
            raise KubectlError(f"kubectl {' '.join(map(str, words))}: {done.stderr.strip()}")
        return done.stdout

    def get(self, *words: str) -> Any:
        """Return objects."""
        return json.loads(self.kubectl("get", "--output=json", *words))

    def make_namespace(self, name: str) -> None:
        """Make one in which pods must be restricted, and workloads that make other pods are warned of."""
        labels = {f"{NAMESPACE_LABEL}/{mode}": "restricted" for mode in ("enforce", "warn")}
        self._create("v1", "Namespace", {"name": name, "labels": labels})
        # Without it no pod is admitted; a controller makes it.
        wait_until(lambda: self.has("serviceaccount", "default", f"--namespace={name}"))

    def _create(self, version: str, kind: str, metadata: dict[str, Any], **more: Any) -> None:
        made = {"apiVersion": version, "kind": kind, "metadata": metadata, **more}
        self.kubectl("create", "--filename=-", text=json.dumps(made))

    def has(self, *words: str) -> bool:
        """Tell whether there is something to get."""
        try:
            self.kubectl("get", *words)
        except KubectlError:
            return False
        return True

    def make_nodes(self) -> None:
        """Make nodes with GPUs, and wait until they are ready."""
        sizes = {"cpu": 64, "memory": "512Gi", "pods": 100, "nvidia.com/gpu": GPUS_OF_NODE}
        for name in (f"node-{number}" for number in range(NODES)):
            labels = {"kubernetes.io/hostname": name}
            status = {"capacity": sizes, "allocatable": sizes}
            self._create("v1", "Node", {"name": name, "labels": labels}, status=status)
        self.kubectl("wait", "node", "--all", "--for=condition=Ready", "--timeout=60s")


@contextlib.contextmanager
def running_control_plane() -> Iterator[ControlPlane]:
    """Run one until the block ends."""
    with (
        tempfile.TemporaryDirectory(prefix="wayside-cluster-") as name,
        contextlib.ExitStack() as all_of_it,
    ):
        folder, plane = Path(name), ControlPlane(Path(name) / "kubeconfig")
        etcd, peer, api = free_ports(3)
        _write_identities(folder, api)
        store = all_of_it.enter_context(running(_etcd(folder, etcd, peer)))
        store.wait_for(lambda: accepts(f"127.0.0.1:{etcd}"))
        server = all_of_it.enter_context(running(_apiserver(folder, etcd, api)))
        server.wait_for(lambda: plane.has("--raw=/readyz"))
        for command in _clients(plane.kubeconfig):
            all_of_it.enter_context(running(command))
        plane.make_nodes()
        yield plane


def _write_identities(folder: Path, api: int) -> None:
    """Write who may ask, and the key by which service accounts are known."""
    (folder / "tokens.csv").write_text(f'{TOKEN},{TOKEN},{TOKEN},"system:masters"\n')
    key = folder / "service-account.key"
    subprocess.run(
        [require("openssl"), "genrsa", "-out", key, "2048"], capture_output=True, check=True
    )
    cluster = {"server": f"https://127.0.0.1:{api}", "insecure-skip-tls-verify": True}
    names = {"cluster": "here", "user": TOKEN}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "here", "cluster": cluster}],
        "users": [{"name": TOKEN, "user": {"token": TOKEN}}],
        "contexts": [{"name": "here", "context": names}],
        "current-context": "here",
    }
    (folder / "kubeconfig").write_text(json.dumps(config))


def _etcd(folder: Path, client: int, peer: int) -> list[str | Path]:
    here, there = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
    return [
        *(
            require("etcd"),
            f"--data-dir={folder / 'etcd'}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        ),
        *(f"--listen-client-urls={here}", f"--advertise-client-urls={here}"),
        *(f"--listen-peer-urls={there}", f"--initial-advertise-peer-urls={there}"),
        f"--initial-cluster=default={there}",
    ]


def _apiserver(folder: Path, etcd: int, api: int) -> list[str | Path]:
    key = folder / "service-account.key"
    return [
        *(require("kube-apiserver"), f"--etcd-servers=http://127.0.0.1:{etcd}"),
        *(
            "--bind-address=127.0.0.1",
            f"--secure-port={api}",
            f"--cert-dir={folder / 'certificates'}",
        ),
        # It would publish 127.0.0.1, which is not allowed.
        "--endpoint-reconciler-type=none",
        *("--service-cluster-ip-range=10.96.0.0/16", "--authorization-mode=AlwaysAllow"),
        *("--anonymous-auth=false", f"--token-auth-file={folder / 'tokens.csv'}"),
        f"--service-account-issuer=https://127.0.0.1:{api}",
        *(f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}"),
    ]


def _clients(kubeconfig: Path) -> Iterator[list[str | Path]]:
    """Yield what stands on the API server: controllers, scheduler, and the nodes."""
    flags = (f"--kubeconfig={kubeconfig}", "--leader-elect=false", "--secure-port=0")
    # Played nodes send no heartbeat: after 50 s they and their pods would count as gone.
    yield [require("kube-controller-manager"), *flags, "--node-monitor-grace-period=1h"]
    yield [require("kube-scheduler"), *flags]
    yield [
        *(require("kwok"), f"--kubeconfig={kubeconfig}", f"--config={NODES_FILE}"),
        *("--manage-all-nodes", "--node-ip=127.0.0.1", "--cidr=10.244.0.0/16"),
    ]
