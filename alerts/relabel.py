"""The label `workload`: what a pod is a replica of, from what Prometheus discovers about the pod.

Later rules win: the pod's name, its controller's, what a Deployment or a Rollout is called, then the labels of
LeaderWorkerSet and KServe, whose pods are controlled by parts of them, and last what the user says.

A ReplicaSet is named `<deployment>-<pod template hash>`. The hash is taken off by the value of its label: a pattern
would cut a name that only looks like it. Relabelling cannot compare two labels, but it can take the last character off
both where it is the same: once for each of the ten characters that a hash may have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

WORKLOAD, SERVICE = "workload", "service"
# Kubernetes writes a number below 2^32 in decimal, and each digit as one of these (rand.SafeEncodeString).
HASH_CHARACTERS = "456789bcdf"
LONGEST_HASH = len(str(2**32 - 1))
_META = "__meta_kubernetes_pod_"
_REST = "__tmp_wayside_rest"
_SOMETHING = "(.+)"


@dataclass(frozen=True, slots=True)
class Relabeling:
    """One step: where all of `regex` fits the joined sources, `target` becomes `replacement`."""

    sources: tuple[str, ...]
    target: str
    regex: str = _SOMETHING
    replacement: str = "$1"


def workload() -> tuple[Relabeling, ...]:
    """Return the steps that make `workload`."""
    return (
        _from("name"),
        _from("controller_name"),
        *_without_hash(),
        _from("label_leaderworkerset_sigs_k8s_io_name"),
        _from("label_serving_kserve_io_inferenceservice"),
        _from("label_wayside_dev_workload"),
    )


def service() -> tuple[Relabeling, ...]:
    """Return the steps that make `service`, which canary and stable have in common; `workload` is made before."""
    return (
        Relabeling((WORKLOAD,), SERVICE),
        _from("label_app_kubernetes_io_name", SERVICE),
        _from("label_wayside_dev_service", SERVICE),
    )


def where() -> tuple[Relabeling, ...]:
    """Return the steps that make `namespace` and `pod`, which a PodMonitor makes by itself."""
    return (
        Relabeling(("__meta_kubernetes_namespace",), "namespace"),
        _from("name", "pod"),
    )


def _from(label: str, target: str = WORKLOAD) -> Relabeling:
    return Relabeling((f"{_META}{label}",), target)


def _without_hash() -> Iterator[Relabeling]:
    """Yield the steps that name a ReplicaSet's pods after what made the ReplicaSet."""
    # A pod of a Deployment has the first label, one of an Argo Rollout the second.
    names = ("controller_kind", "controller_name")
    hashes = ("label_pod_template_hash", "label_rollouts_pod_template_hash")
    sources = tuple(f"{_META}{each}" for each in (*names, *hashes))
    yield Relabeling(sources, _REST, "ReplicaSet;([^;]+);([^;]*);([^;]*)", "$1;$2$3")
    same = "|".join(f"{each};(.*){each}" for each in HASH_CHARACTERS)
    rests = "".join(f"${{{at}}}" for at in range(2, 2 + len(HASH_CHARACTERS)))
    strip = Relabeling((_REST,), _REST, f"(.*)(?:{same})", f"${{1}};{rests}")
    yield from (strip for _ in range(LONGEST_HASH))
    yield Relabeling((_REST,), WORKLOAD, "(.+)-;")
