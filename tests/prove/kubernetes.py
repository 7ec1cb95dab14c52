"""deploy/ before a real API server and its controllers: what is accepted, what a rollout does, and the way back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.harness.control_plane import (
    PROGRAMS,
    ControlPlane,
    KubectlError,
    running_control_plane,
)
from tests.harness.kustomize import DEPLOY, manifests, overlays, rendered
from tests.harness.running import wait_until
from tests.prove.proof import Figures, Outcome, Proof
from tests.provision.parts import SCHEMAS, require

NAMESPACE = "vision"
REPLICAS = 4
EXTENSIONS = ("podmonitors", "prometheusrules")
OLD_PORTS, NEW_PORTS = {8000, 8001}, {8010, 8011}
NEWER = "registry.example.com/wayside:0.2.0"
# In what is accepted, a word, what a fault makes of it, and why that is refused.
FAULTS = (
    ("runAsNonRoot: true", "runAsNonRoot: false", "violate PodSecurity"),
    ("terminationGracePeriodSeconds", "terminationGracePeriod", "field not declared in schema"),
)
STORAGE = {
    "accessModes": ["ReadOnlyMany"],
    "storageClassName": "",
    "volumeName": "models",
    "resources": {"requests": {"storage": "1Gi"}},
}


@dataclass(frozen=True)
class Seen:
    """A workload at rest."""

    spec: dict[str, Any]
    is_observed: bool
    ready: frozenset[str]
    """The ids of its pods that are ready."""
    sidecars: int
    """Of these, how many have a Wayside that Kubernetes runs beside the server."""
    ports: frozenset[int]
    """To which the Service leads, by all pods together."""


def run(_: Sequence[str]) -> Outcome:
    """Bring it up, ask it, end it."""
    figures = Figures()
    with running_control_plane() as plane:
        version = json.loads(plane.kubectl("version", "--output=json"))["serverVersion"]
        _prepare(plane)
        _dry_run(plane, figures)
        _two_phases_and_back(plane, figures)
        _another_image(plane, figures)
        _one_pod_more(plane, figures)
    return figures.outcome(
        f"Kubernetes {version['gitVersion']}. Pod Security is `restricted`, enforced and warned of, and a warning of "
        "the API server is a failure. kwok plays the nodes: no container runs, so neither probes nor hooks do."
    )


def _prepare(plane: ControlPlane) -> None:
    """Make what lies around a workload: extensions, a namespace, models."""
    for name in EXTENSIONS:
        # `apply` would copy them into an annotation, for which they are too large.
        plane.kubectl("create", f"--filename={require(SCHEMAS) / name}.yaml")
    plane.kubectl("wait", "crd", "--all", "--for=condition=Established", "--timeout=60s")
    plane.make_namespace(NAMESPACE)
    volume = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadOnlyMany"],
        "hostPath": {"path": "/models"},
    }
    for kind, spec in (("PersistentVolume", volume), ("PersistentVolumeClaim", STORAGE)):
        made = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "models"}, "spec": spec}
        plane.kubectl("create", f"--namespace={NAMESPACE}", "--filename=-", text=json.dumps(made))


# --- what is accepted -----------------------------------------------------------------------------


def _dry_run(plane: ControlPlane, figures: Figures) -> None:
    """Have the server judge every object, and some that it must refuse."""
    refused, accepted = [], 0
    for overlay in overlays():
        text = rendered(overlay)
        try:
            _judge(plane, text)
            accepted += len(manifests(text))
        except KubectlError as error:
            refused.append(f"{overlay}: {error}")
    figures.tell("objects of deploy/ that a server-side dry run accepts", accepted)
    figures.none("refused, or accepted with a warning", refused)
    text = rendered("example/stand-in")
    for word, fault, why in FAULTS:
        assert word in text
        said = _refusal(plane, text.replace(word, fault))
        figures.equal(f"`{fault}` is refused: {why}", why in said, True)


def _judge(plane: ControlPlane, text: str) -> None:
    words = ("--server-side", "--dry-run=server", f"--namespace={NAMESPACE}", "--filename=-")
    plane.kubectl("apply", *words, text=text)


def _refusal(plane: ControlPlane, text: str) -> str:
    """Return what the server has against it; empty where that is nothing."""
    try:
        _judge(plane, text)
    except KubectlError as error:
        return str(error)
    return ""


# --- the way in and the way back ------------------------------------------------------------------


def _two_phases_and_back(plane: ControlPlane, figures: Figures) -> None:
    """Follow docs/rollout.md: watch, live, back, stand in, back."""
    plain = _applied(plane, "plain")
    _claim(figures, "plain", plain, sidecars=0, ports=OLD_PORTS)
    watch = _applied(plane, "watch")
    _claim(figures, "watch", watch, sidecars=REPLICAS, ports=OLD_PORTS)
    live = _applied(plane, "live")
    _claim(figures, "live", live, sidecars=REPLICAS, ports=NEW_PORTS)
    figures.equal("live: pods replaced", len(live.ready - watch.ready), 0)
    back = _applied(plane, "watch")
    _claim(figures, "watch again", back, sidecars=REPLICAS, ports=OLD_PORTS)
    figures.equal("watch again: pods replaced", len(back.ready - live.ready), 0)
    stand_in = _applied(plane, "stand-in")
    _claim(figures, "stand in", stand_in, sidecars=REPLICAS, ports=OLD_PORTS)
    figures.equal("stand in: pods replaced", len(stand_in.ready - back.ready), REPLICAS)
    out = _applied(plane, "plain")
    _claim(figures, "plain again", out, sidecars=0, ports=OLD_PORTS)
    figures.equal(
        "plain again: its specification is what it was before", out.spec == plain.spec, True
    )


def _claim(figures: Figures, step: str, seen: Seen, *, sidecars: int, ports: set[int]) -> None:
    """Add what must hold after each step."""
    figures.equal(f"{step}: pods ready", len(seen.ready), REPLICAS)
    figures.equal(f"{step}: the Deployment's generation is observed", seen.is_observed, True)
    figures.equal(f"{step}: pods with a native sidecar", seen.sidecars, sidecars)
    figures.equal(f"{step}: the Service leads to ports", _listed(seen.ports), _listed(ports))


def _listed(ports: Sequence[int] | set[int] | frozenset[int]) -> str:
    return ", ".join(map(str, sorted(ports)))


def _another_image(plane: ControlPlane, figures: Figures) -> None:
    """Give the sidecar another image: in the template, and in a pod that runs."""
    before = _applied(plane, "stand-in")
    (pod, *_) = plane.get("pods", f"--namespace={NAMESPACE}")["items"]
    name = pod["metadata"]["name"]
    _set_image(plane, f"pod/{name}")
    after = plane.get("pod", name, f"--namespace={NAMESPACE}")
    kept = after["metadata"]["uid"] == pod["metadata"]["uid"]
    changed = after["spec"]["initContainers"][0]["image"] == NEWER
    figures.equal(
        "a running pod takes another image of its sidecar, and stays", kept and changed, True
    )
    other = {"spec": {"initContainers": [{"name": "wayside", "args": ["run"]}]}}
    words = (name, f"--namespace={NAMESPACE}", f"--patch={json.dumps(other)}")
    try:
        plane.kubectl("patch", "pod", *words)
        said = "accepted"
    except KubectlError as error:
        said = "refused" if "Forbidden" in str(error) else str(error)
    figures.equal("other arguments of it there", said, "refused")
    _set_image(plane, "deployment/triton")
    _roll_out(plane)
    figures.equal(
        "another image in the template: pods replaced",
        len(_seen(plane).ready - before.ready),
        REPLICAS,
    )
    again = _applied(plane, "stand-in")
    figures.equal(
        "applied again: its specification is what it was", again.spec == before.spec, True
    )


def _set_image(plane: ControlPlane, what: str) -> None:
    plane.kubectl("set", "image", what, f"wayside={NEWER}", f"--namespace={NAMESPACE}")


def _one_pod_more(plane: ControlPlane, figures: Figures) -> None:
    """Put one pod with Wayside beside those without, and take it away again."""
    before = _applied(plane, "plain")
    _apply(plane, "canary")
    _roll_out(plane, "triton-canary")
    wait_until(lambda: _ports(plane) == OLD_PORTS | NEW_PORTS)
    with_one = _seen(plane)
    figures.equal("canary: pods ready", len(with_one.ready), REPLICAS + 1)
    figures.equal("canary: pods of the workload replaced", len(before.ready - with_one.ready), 0)
    ports = _listed(with_one.ports)
    figures.equal("canary: the Service leads to ports", ports, _listed(OLD_PORTS | NEW_PORTS))
    plane.kubectl("delete", f"--kustomize={DEPLOY / 'example/canary'}")
    wait_until(lambda: _seen(plane).ready == before.ready and _ports(plane) == OLD_PORTS)
    figures.equal("canary away: all is as before", _seen(plane) == before, True)


# --- asking ---------------------------------------------------------------------------------------


def _apply(plane: ControlPlane, phase: str) -> None:
    plane.kubectl("apply", f"--kustomize={DEPLOY / 'example' / phase}")


def _applied(plane: ControlPlane, phase: str) -> Seen:
    """Apply an example and wait for what it makes of pods and endpoints."""
    _apply(plane, phase)
    _roll_out(plane)
    wanted = NEW_PORTS if phase == "live" else OLD_PORTS
    wait_until(lambda: _ports(plane) == wanted)
    return _seen(plane)


def _roll_out(plane: ControlPlane, name: str = "triton") -> None:
    """Wait until a rollout is over and its old pods are gone."""
    words = (f"deployment/{name}", f"--namespace={NAMESPACE}", "--timeout=90s")
    plane.kubectl("rollout", "status", *words)
    wait_until(lambda: len(_pods(plane)) == _replicas(plane))


def _replicas(plane: ControlPlane) -> int:
    found = plane.get("deployments", f"--namespace={NAMESPACE}")["items"]
    return sum(each["spec"]["replicas"] for each in found)


def _pods(plane: ControlPlane) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = plane.get("pods", f"--namespace={NAMESPACE}")["items"]
    return found


def _ports(plane: ControlPlane) -> set[int]:
    """Return where the Service leads, by the slices that its controller has made of the pods."""
    slices = plane.get("endpointslices", f"--namespace={NAMESPACE}")["items"]
    return {port["port"] for each in slices if each["endpoints"] for port in each["ports"] or ()}


def _seen(plane: ControlPlane) -> Seen:
    deployment = plane.get("deployment", "triton", f"--namespace={NAMESPACE}")
    ready = [each for each in _pods(plane) if _is_ready(each)]
    return Seen(
        deployment["spec"],
        deployment["status"]["observedGeneration"] == deployment["metadata"]["generation"],
        frozenset(each["metadata"]["uid"] for each in ready),
        sum(_has_sidecar(each) for each in ready),
        frozenset(_ports(plane)),
    )


def _is_ready(pod: dict[str, Any]) -> bool:
    conditions = pod["status"].get("conditions", ())
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _has_sidecar(pod: dict[str, Any]) -> bool:
    init = pod["spec"].get("initContainers", ())
    return [each.get("restartPolicy") for each in init] == ["Always"]


PROOF = Proof(
    word="kubernetes",
    claim=(
        "A real control plane accepts all of deploy/ under the Pod Security Standard `restricted`, and a workload goes "
        "in by both phases and back: every pod ready at each step, its specification afterwards what it was before."
    ),
    minutes=1,
    run=run,
    parts=(*PROGRAMS, "kustomize", SCHEMAS),
)
