"""What a pod is a replica of, by the steps that Prometheus takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import pytest

from alerts.relabel import LONGEST_HASH, Relabeling, service, where, workload
from tests.fakes.pods import HASH, SHAPES, pod


def relabelled(labels: Mapping[str, str], steps: Iterable[Relabeling]) -> dict[str, str]:
    """The labels of a target after these steps, as Prometheus' relabel.Process has it; those with `__` are dropped."""
    held = dict(labels)
    for step in steps:
        joined = ";".join(held.get(each, "") for each in step.sources)
        found = re.fullmatch(step.regex, joined, re.DOTALL)
        if found:
            # A group that took no part is empty.
            template = re.sub(r"\$(?:\{(\d+)\}|(\d))", r"\\g<\1\2>", step.replacement)
            held[step.target] = found.expand(template)
    return {name: value for name, value in held.items() if value and not name.startswith("__")}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_workload_of_a_pod(shape: str) -> None:
    labels, expected = SHAPES[shape]
    assert relabelled(labels, workload()) == {"workload": expected}


def test_a_service_joins_canary_and_stable() -> None:
    canary = pod("chat-canary-0", "StatefulSet", "chat-canary", app_kubernetes_io_name="chat")
    stable = pod("chat-0", "StatefulSet", "chat", app_kubernetes_io_name="chat")
    steps = (*workload(), *service())
    assert relabelled(canary, steps) == {"workload": "chat-canary", "service": "chat"}
    assert relabelled(stable, steps) == {"workload": "chat", "service": "chat"}
    named = pod("a", app_kubernetes_io_name="chat", wayside_dev_service="mine")
    assert relabelled(named, steps)["service"] == "mine"
    assert relabelled(pod("a"), steps)["service"] == "a", "a pod that says nothing"


def test_where_a_pod_is() -> None:
    assert relabelled(pod("a"), where()) == {"namespace": "ml", "pod": "a"}


def test_a_hash_is_of_at_most_so_many_characters() -> None:
    assert LONGEST_HASH == 10
    longer = f"4{HASH}44"
    labels = pod("c-x", "ReplicaSet", f"c-{longer}", pod_template_hash=longer)
    assert relabelled(labels, workload()) == {"workload": f"c-{longer}"}, "no such hash exists"
