"""The image: its command is one that Wayside knows, its ports are those it listens on, what it stands on is pinned."""

from __future__ import annotations

import json
import re
from importlib.metadata import requires

from packaging.requirements import Requirement

from sidecar.cli.main import build_parser
from tests.harness.kustomize import DEPLOY
from tests.provision.parts import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
PINS = (DEPLOY / "requirements.txt").read_text()


def words(instruction: str) -> list[str]:
    """Return what a JSON-form instruction holds."""
    (found,) = re.findall(rf"^{instruction} (\[.*\])$", DOCKERFILE, re.M)
    listed: list[str] = json.loads(found)
    return listed


def test_the_command_is_known_and_listens_on_the_ports_that_are_exposed() -> None:
    assert words("ENTRYPOINT") == ["wayside"]
    arguments = build_parser("run").parse_args(words("CMD"))
    listening = {*arguments.listen, arguments.health, arguments.admin or ":9464"}
    (exposed,) = re.findall(r"^EXPOSE (.*)$", DOCKERFILE, re.M)
    assert listening == {f":{port}" for port in exposed.split()}


def test_nobody_is_root() -> None:
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.M) == ["65532:65532"]


def test_bases_have_a_minor_version() -> None:
    bases = dict(re.findall(r"^ARG (\w+)=(\S+)$", DOCKERFILE, re.M))
    assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.M) == [f"${{{name}}}" for name in bases]
    for base in bases.values():
        assert re.fullmatch(r"[a-z]+:\d+\.\d+-slim-[a-z]+", base)


def test_all_that_wayside_stands_on_is_pinned_and_nothing_else() -> None:
    pins = {name.lower(): pin for name, pin in re.findall(r"^([\w-]+)==(\S+)$", PINS, re.M)}
    found: set[str] = set()
    wanted = ["wayside"]
    while wanted:
        for requirement in map(Requirement, requires(wanted.pop()) or ()):
            if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
                continue
            name = requirement.name.lower()
            assert requirement.specifier.contains(pins[name])
            if name not in found:
                found.add(name)
                wanted.append(name)
    assert found == set(pins)
