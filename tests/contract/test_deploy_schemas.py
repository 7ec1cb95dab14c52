"""What lies in deploy/ is understood by Kubernetes 1.33, by the newest and by the extensions: every field of it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.harness.kubernetes_schemas import RELEASES, complaints
from tests.harness.kustomize import Manifest, manifests, only, overlays, rendered

# Nothing in deploy/ scales yet; what is to scale is held to this.
SCALED_OBJECT: Manifest = yaml.safe_load(
    """
    apiVersion: keda.sh/v1alpha1
    kind: ScaledObject
    metadata: {name: triton}
    spec:
      scaleTargetRef: {name: triton}
      triggers: [{type: external, metadata: {scalerAddress: "wayside:9090"}}]
    """
)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("overlay", overlays())
def test_every_field_is_known(overlay: str, release: str) -> None:
    documents = manifests(rendered(overlay))
    assert documents
    for each in documents:
        assert complaints(each, release) == [], each["metadata"]["name"]


@pytest.mark.parametrize("release", RELEASES)
def test_a_scaled_object_is_known(release: str) -> None:
    assert complaints(SCALED_OBJECT, release) == []


def container(manifest: Manifest) -> dict[str, Any]:
    """Return the sidecar."""
    sidecar: dict[str, Any] = manifest["spec"]["template"]["spec"]["initContainers"][0]
    return sidecar


def endpoint(manifest: Manifest) -> dict[str, Any]:
    """Return how a PodMonitor scrapes."""
    first: dict[str, Any] = manifest["spec"]["podMetricsEndpoints"][0]
    return first


# Kind, and what a person may get wrong in it: unknown fields at every depth, values of another type, what is not there.
FAULTS: dict[str, tuple[str, Callable[[Manifest], object]]] = {
    "a field of the pod that is misspelt": (
        "Deployment",
        lambda it: it["spec"]["template"]["spec"].update(terminationGracePeriod=90),
    ),
    "a field at the top": ("Deployment", lambda it: it.update(specs={})),
    "a field of metadata": ("Deployment", lambda it: it["metadata"].update(label={})),
    "a text for a number": ("Deployment", lambda it: it["spec"].update(replicas="4")),
    "a word where a list belongs": (
        "Deployment",
        lambda it: container(it).update(args="run"),
    ),
    "a field of a container": (
        "Deployment",
        lambda it: container(it).update(restartpolicy="Always"),
    ),
    "a field of a probe": (
        "Deployment",
        lambda it: container(it)["startupProbe"].update(period=1),
    ),
    "a field of a capability": (
        "Deployment",
        lambda it: container(it)["securityContext"]["capabilities"].update(dropped=[]),
    ),
    "a port of a policy": (
        "NetworkPolicy",
        lambda it: it["spec"]["ingress"][0]["ports"][0].update(ports=1),
    ),
    "a field of an endpoint": ("PodMonitor", lambda it: endpoint(it).update(path_=1)),
    "a field of a relabeling": (
        "PodMonitor",
        lambda it: endpoint(it)["relabelings"][0].update(source_labels=[]),
    ),
    "a text for a list": (
        "PodMonitor",
        lambda it: endpoint(it)["relabelings"][0].update(sourceLabels="pod"),
    ),
    "a duration that is none": ("PodMonitor", lambda it: endpoint(it).update(interval="15 s")),
    "a field of a rule": (
        "PrometheusRule",
        lambda it: it["spec"]["groups"][0]["rules"][0].update(severity="page"),
    ),
    "a field of a trigger": (
        "ScaledObject",
        lambda it: it["spec"]["triggers"][0].update(address="wayside:9090"),
    ),
    "a target that is missing": ("ScaledObject", lambda it: it["spec"].pop("scaleTargetRef")),
    "a kind that is not there": ("Service", lambda it: it.update(kind="Servce")),
    "a version that is not there": ("Deployment", lambda it: it.update(apiVersion="apps/v2")),
}


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault: str, release: str) -> None:
    kind, plant = FAULTS[fault]
    documents = [SCALED_OBJECT]
    for overlay in ("example/watch", "example/rules", "monitoring"):
        documents += manifests(rendered(overlay))
    broken = copy.deepcopy(only(documents, kind))
    assert complaints(broken, release) == []
    plant(broken)
    assert complaints(broken, release) != []
