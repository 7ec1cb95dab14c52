"""The real parts that tests run against, where they are kept, and what happens when one is missing.

A part is a program from the distribution, a model server in a virtual environment of its own (their pins conflict with
each other's and with ours), a tool that Go compiles from a locked module, or the schemas that lie in Go modules. What
has a lock is named after its hash, so a changed lock is a new environment and an old one is never half updated.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VENVS = ROOT / ".venvs"
LOCKS = Path(__file__).resolve().parent / "locks"
FAILURES = VENVS / "failures.json"

# Program: the Debian package that holds it.
PROGRAMS = {
    "h2load": "nghttp2-client",
    "nghttp": "nghttp2-client",
    "nghttpd": "nghttp2-server",
    "haproxy": "haproxy",
    "ss": "iproute2",
    "valgrind": "valgrind",
    "faketime": "faketime",
    "java": "openjdk-17-jre-headless",
    "curl": "curl",
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "openssl": "openssl",
}

# What only proofs stand on: fetched when one asks for it, and not for every test run.
PROGRAMS_OF_PROOFS = {"chromium": "chromium", "openssl": "openssl"}

# The Pythons that a server's lock was written for; the first one found is used.
SERVERS: dict[str, tuple[str, ...]] = {
    "triton": ("3.11", "3.12", "3.10"),
    "mlserver": ("3.11", "3.12"),
    "kserve": ("3.11", "3.12", "3.13"),
    "bentoml": ("3.11", "3.12", "3.13"),
    "torchserve": ("3.11", "3.12", "3.13"),
    "mms": ("3.11", "3.12", "3.13"),
    "dynamo": ("3.11", "3.12", "3.10"),
    "ray": ("3.11", "3.12"),
    "sglang": ("3.11", "3.12"),
    "http-clients": ("3.11", "3.12", "3.13"),
    "grpc-web": ("3.11", "3.12", "3.13"),
}

# Tool: the locked Go module (go.mod and go.sum) that pins it, and its package.
GO_TOOLS = {
    "connectconformance": ("suites", "connectrpc.com/conformance/cmd/connectconformance"),
    "conformance-grpcserver": ("suites", "connectrpc.com/conformance/cmd/grpcserver"),
    "conformance-referenceserver": ("suites", "connectrpc.com/conformance/cmd/referenceserver"),
    "ghz": ("ghz", "github.com/bojand/ghz/cmd/ghz"),
    "grpc-interop-client": ("suites", "google.golang.org/grpc/interop/client"),
    "grpc-interop-server": ("suites", "google.golang.org/grpc/interop/server"),
    "h2spec": ("suites", "github.com/summerwind/h2spec/cmd/h2spec"),
    # The newest; Debian's, of another age, is the program without a number.
    "prometheus-3": ("prometheus", "github.com/prometheus/prometheus/cmd/prometheus"),
    "promtool-3": ("prometheus", "github.com/prometheus/prometheus/cmd/promtool"),
    # Newer ones embed pages that their module lacks. Debian's is prometheus-alertmanager.
    "alertmanager-31": ("alertmanager", "github.com/prometheus/alertmanager/cmd/alertmanager"),
    "kustomize": ("kubernetes", "sigs.k8s.io/kustomize/kustomize/v5"),
}
# As with programs: the control plane takes a quarter of an hour of two cores to compile.
GO_TOOLS_OF_PROOFS = {
    "etcd": ("etcd", "go.etcd.io/etcd/server/v3"),
    "kwok": ("kwok", "sigs.k8s.io/kwok/cmd/kwok"),
    "kubectl": ("kubernetes", "k8s.io/kubernetes/cmd/kubectl"),
    "kube-scheduler": ("kubernetes", "k8s.io/kubernetes/cmd/kube-scheduler"),
    "kube-controller-manager": ("kubernetes", "k8s.io/kubernetes/cmd/kube-controller-manager"),
    "kube-apiserver": ("kubernetes", "k8s.io/kubernetes/cmd/kube-apiserver"),
}
ALL_GO_TOOLS = GO_TOOLS | GO_TOOLS_OF_PROOFS
# By module: what is left out of its programs.
GO_TAGS = {"prometheus": "remove_all_sd"}
# By module: what the linker is told. Kubernetes' programs know their version by it, and need no symbols.
_KUBERNETES_VERSION = "-X k8s.io/component-base/version.git"
GO_LINKER_FLAGS = {
    "kubernetes": f"-s -w {_KUBERNETES_VERSION}Version=v1.37.2"
    f" {_KUBERNETES_VERSION}Major=1 {_KUBERNETES_VERSION}Minor=37"
}

# What Kubernetes and its extensions say of their objects. The lock has modules, their checksums, and which files.
SCHEMAS = "schemas"

# Debian keeps daemons where a user's PATH does not lead, and Go's own installer its compiler.
SEARCH_PATH = os.pathsep.join(
    [os.environ.get("PATH", ""), "/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/local/go/bin"]
)


def lock_of(part: str) -> Path:
    """Return the file, or for a Go tool the module, that pins a part."""
    if part in ALL_GO_TOOLS:
        return LOCKS / "go" / ALL_GO_TOOLS[part][0]
    if part == SCHEMAS:
        return LOCKS / f"{part}.json"
    return LOCKS / f"{part}.txt"


def venv_of(part: str) -> Path:
    """Return the folder of a part that has a lock file, whether it exists or not."""
    digest = hashlib.sha256(lock_of(part).read_bytes()).hexdigest()[:8]
    return VENVS / f"{part}-{digest}"


def go_program_of(tool: str) -> Path:
    """Return where a Go tool is compiled to, whether it has been or not."""
    lock = lock_of(tool)
    pins = (lock / "go.mod").read_bytes() + (lock / "go.sum").read_bytes()
    return VENVS / f"go-{lock.name}-{hashlib.sha256(pins).hexdigest()[:8]}" / tool


def find(part: str) -> Path | None:
    """Return a program's path or a part's folder; None where it is not there or not whole."""
    if part in SERVERS or part == SCHEMAS:
        venv = venv_of(part)
        return venv if (venv / ".complete").exists() else None
    if part in ALL_GO_TOOLS:
        program = go_program_of(part)
        return program if program.exists() else None
    found = shutil.which(part, path=SEARCH_PATH)
    return Path(found) if found else None


def failures() -> dict[str, str]:
    """Read why the last provisioning could not get a part, by name."""
    try:
        reasons: dict[str, str] = json.loads(FAILURES.read_text())
    except FileNotFoundError:
        return {}
    return reasons


def must_have_all() -> bool:
    """Tell whether a missing part is a failure: so it is wherever CI=true."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def missing(reason: str) -> None:
    """End the running test, as a failure where all parts must be there and as a skip elsewhere."""
    if must_have_all():
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def require(part: str) -> Path:
    """Return where a part is, or end the test by the rule of `missing`."""
    found = find(part)
    if found is None:
        why = failures().get(part, f"not fetched yet: python -m tests.provision {part}")
        missing(f"{part} is missing: {why}")
    assert found is not None
    return found
