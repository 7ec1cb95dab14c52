"""What deploy/example makes of a workload: its pods, their two containers, and the files that Wayside finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.harness.kustomize import DEPLOY, Manifest, manifests, only, rendered

EXAMPLE = DEPLOY / "example"
Container = dict[str, Any]
Pod = dict[str, Any]


def documents(phase: str) -> list[Manifest]:
    """Return what an example renders to."""
    return manifests(rendered(f"example/{phase}"))


def pod(phase: str) -> Pod:
    """Return the specification of its pods."""
    spec: Pod = only(documents(phase), "Deployment")["spec"]["template"]["spec"]
    return spec


def server(phase: str) -> Container:
    """Return the model server's container."""
    (container,) = pod(phase)["containers"]
    found: Container = container
    return found


def wayside(phase: str) -> Container:
    """Return Wayside's container."""
    (container,) = pod(phase)["initContainers"]
    found: Container = container
    return found


def ports(container: Container) -> dict[str, int]:
    """Return a container's ports by name."""
    return {each["name"]: each["containerPort"] for each in container["ports"]}


def mounted(phase: str, folder: Path) -> Path:
    """Lay out the files that Wayside is given there, as its container has them; return its configuration."""
    maps = {
        each["metadata"]["name"]: each for each in documents(phase) if each["kind"] == "ConfigMap"
    }
    volumes = {
        each["name"]: each["configMap"] for each in pod(phase)["volumes"] if "configMap" in each
    }
    for mount in wayside(phase)["volumeMounts"]:
        place = folder / mount["mountPath"].lstrip("/")
        place.mkdir(parents=True)
        for name, text in maps[volumes[mount["name"]]["name"]]["data"].items():
            (place / name).write_text(text)
    (config,) = (each.partition("=")[2] for each in wayside(phase)["args"] if "--config=" in each)
    return folder.joinpath(config.lstrip("/"))
