"""Whether a manifest is what a Kubernetes of some age, and the extensions, understand: unknown fields are refused.

The API server prunes a field that it does not know, so a word that is misspelt or too new may be lost in silence.
Kubernetes publishes Swagger 2, a resource definition has OpenAPI 3: both are JSON schema but for a few words of their
own, which are put into its words here.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from tests.harness.kustomize import Manifest
from tests.provision.parts import require

RELEASES = ("1.33", "1.37")
Schema = dict[str, Any]
Kind = tuple[str, str]
"""`apiVersion`, `kind`."""

# Written as a number or as a text (`port: 8001`, `cpu: 4`): what their definitions alone do not say.
EITHER: Schema = {"type": ["string", "integer", "number"]}
_EITHER_NAMES = ("IntOrString", "resource.Quantity")


def complaints(manifest: Manifest, release: str) -> list[str]:
    """Say what is wrong with a manifest, each with its place."""
    kind = (manifest["apiVersion"], manifest["kind"])
    validator = _validators(release).get(kind)
    if validator is None:
        return [f"Kubernetes {release} and the extensions know no {kind[1]} of {kind[0]}"]
    return [f"{each.json_path}: {each.message}" for each in validator.iter_errors(manifest)]


@functools.cache
def _validators(release: str) -> dict[Kind, Draft202012Validator]:
    folder = require("schemas")
    schemas = dict(_built_in(folder / f"kubernetes-{release}.json"))
    for file in sorted(folder.glob("*.yaml")):
        schemas |= dict(_extension(file))
    return {kind: Draft202012Validator(schema) for kind, schema in schemas.items()}


def _built_in(file: Path) -> Iterator[tuple[Kind, Schema]]:
    """Yield Kubernetes' own kinds."""
    raw: dict[str, Schema] = json.loads(file.read_text())["definitions"]
    definitions = {name: _strict(schema) for name, schema in raw.items()}
    definitions |= {name: EITHER for name in raw if name.endswith(_EITHER_NAMES)}
    for name, schema in raw.items():
        for each in schema.get("x-kubernetes-group-version-kind", ()):
            version = "/".join(filter(None, (each["group"], each["version"])))
            reference = {"$ref": f"#/definitions/{name}", "definitions": definitions}
            yield (version, each["kind"]), reference


def _extension(file: Path) -> Iterator[tuple[Kind, Schema]]:
    """Yield the kinds of a CustomResourceDefinition, whose `metadata` is that of every object."""
    spec = yaml.safe_load(file.read_text())["spec"]
    for version in spec["versions"]:
        schema = _strict(version["schema"]["openAPIV3Schema"])
        schema["properties"]["metadata"] = {"type": "object"}
        yield (f"{spec['group']}/{version['name']}", spec["names"]["kind"]), schema


def _strict(schema: Any) -> Any:
    """Return a schema, and all within it, that allows no field it does not name."""
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string"):
        return EITHER
    # `properties` and the like may have a field of any name, so what they hold is walked name by name.
    strict = {
        key: {name: _strict(each) for name, each in value.items()}
        if key == "properties"
        else _strict(value)
        for key, value in schema.items()
    }
    if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        strict.setdefault("additionalProperties", False)
    if schema.get("nullable") and isinstance(schema.get("type"), str):
        strict["type"] = [schema["type"], "null"]
    return strict
