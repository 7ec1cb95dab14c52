"""Pods as Prometheus discovers them, of every shape that `workload` knows, and what each is a replica of."""

from __future__ import annotations

HASH = "7d9f8c6b5"
_META = "__meta_kubernetes_pod_"


def pod(name: str, kind: str = "", controller: str = "", **labels: str) -> dict[str, str]:
    """A pod in the namespace ml."""
    found = {"__meta_kubernetes_namespace": "ml", f"{_META}name": name}
    if kind:
        found |= {f"{_META}controller_kind": kind, f"{_META}controller_name": controller}
    return found | {f"{_META}label_{label}": value for label, value in labels.items()}


# What is seen: (the pod, its workload).
SHAPES = {
    "a Deployment": (
        pod("chat-7d9f8c6b5-x2x4z", "ReplicaSet", "chat-7d9f8c6b5", pod_template_hash=HASH),
        "chat",
    ),
    "a Deployment whose name ends like a hash": (
        pod("chat-5c689-5c689-x2x4z", "ReplicaSet", "chat-5c689-5c689", pod_template_hash="5c689"),
        "chat-5c689",
    ),
    "a hash of ten characters": (
        pod("chat-8449bcdf67-x", "ReplicaSet", "chat-8449bcdf67", pod_template_hash="8449bcdf67"),
        "chat",
    ),
    "a ReplicaSet of its own, named as if it had a hash": (
        pod("chat-5c689-x2x4z", "ReplicaSet", "chat-5c689"),
        "chat-5c689",
    ),
    "a ReplicaSet with the label of another": (
        pod("chat-5c689-x2x4z", "ReplicaSet", "chat-5c689", pod_template_hash="8c689"),
        "chat-5c689",
    ),
    "an Argo Rollout": (
        pod(
            "chat-7d9f8c6b5-x2x4z",
            "ReplicaSet",
            "chat-7d9f8c6b5",
            rollouts_pod_template_hash=HASH,
        ),
        "chat",
    ),
    "a StatefulSet": (pod("store-0", "StatefulSet", "store"), "store"),
    "a StatefulSet with a hash of its own": (
        pod("store-7d9f8c6b5-0", "StatefulSet", "store-7d9f8c6b5", pod_template_hash=HASH),
        "store-7d9f8c6b5",
    ),
    "a DaemonSet": (pod("edge-x2x4z", "DaemonSet", "edge"), "edge"),
    "KServe": (
        pod(
            "iris-predictor-7d9f8c6b5-x2x4z",
            "ReplicaSet",
            "iris-predictor-7d9f8c6b5",
            pod_template_hash=HASH,
            serving_kserve_io_inferenceservice="iris",
        ),
        "iris",
    ),
    "a worker of a LeaderWorkerSet": (
        pod("llama-0-1", "StatefulSet", "llama-0", leaderworkerset_sigs_k8s_io_name="llama"),
        "llama",
    ),
    "a bare pod": (pod("try"), "try"),
    "what the user says": (
        pod(
            "chat-7d9f8c6b5-x2x4z",
            "ReplicaSet",
            "chat-7d9f8c6b5",
            pod_template_hash=HASH,
            serving_kserve_io_inferenceservice="iris",
            wayside_dev_workload="mine",
        ),
        "mine",
    ),
}
