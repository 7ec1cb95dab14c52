"""What lies in deploy/, as `kubectl apply --kustomize` would send it."""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from tests.provision.parts import ROOT, require

DEPLOY = ROOT / "deploy"
Manifest = dict[str, Any]


def overlays() -> list[str]:
    """Name every kustomization that can be applied: what is no component."""
    found = (file.parent for file in DEPLOY.rglob("kustomization.yaml"))
    return sorted(
        str(folder.relative_to(DEPLOY))
        for folder in found
        if yaml.safe_load((folder / "kustomization.yaml").read_text())["kind"] != "Component"
    )


def build(folder: Path) -> str:
    """Render a kustomization, a warning being an error. Raises CalledProcessError, which says why in `stderr`."""
    command: list[str | Path] = [require("kustomize"), "build", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    if done.stderr:
        raise subprocess.CalledProcessError(0, command, done.stdout, done.stderr)
    return done.stdout


@functools.cache
def rendered(overlay: str) -> str:
    """Render a folder of deploy/."""
    return build(DEPLOY / overlay)


def manifests(text: str) -> list[Manifest]:
    """Read rendered documents."""
    return list(yaml.safe_load_all(text))


def only(documents: Iterable[Manifest], kind: str, name: str = "") -> Manifest:
    """Return the one object of a kind, and of a name that begins so."""
    (found,) = (
        each
        for each in documents
        if each["kind"] == kind and each["metadata"]["name"].startswith(name)
    )
    return found
