"""Every command and every file in README.md and docs/ does what it is said to do."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.ports import free_ports
from tests.harness.running import START_SECONDS, ProcessError, Running, running
from tests.provision.parts import ROOT

BIN = Path(sys.executable).parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PORTS = ("8001", "9001", "9464", "9465")


def blocks(page: Path, language: str) -> list[str]:
    """Return a page's fenced blocks of a language."""
    return [body for found, body in FENCE.findall(page.read_text()) if found == language]


def on_free_ports(text: str, ports: dict[str, str]) -> str:
    """Write a snippet with other ports, so that it runs beside whatever else runs here."""
    return re.sub("|".join(ports), lambda found: ports[found.group()], text)


LISTENER = 'listeners: [{listen: ":8001", upstream: "127.0.0.1:9001"}]'


@pytest.fixture
def ports() -> dict[str, str]:
    """Map the ports of the pages to free ones."""
    return dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True))


def commands(page: Path) -> list[str]:
    """Return the shell lines of a page, comments cut off."""
    lines = [
        line.partition("#")[0].strip() for body in blocks(page, "sh") for line in body.splitlines()
    ]
    return [line for line in lines if line]


def test_make_has_every_target_that_is_named() -> None:
    """`make demo` and `make test`, as the first screen says."""
    named = [line for page in PAGES for line in commands(page) if line.startswith("make ")]
    assert {"make demo", "make test"} <= set(named)
    for line in named:
        subprocess.run([*line.split(), "--dry-run"], cwd=ROOT, check=True, capture_output=True)


def test_every_configuration_shown_is_a_good_one(tmp_path: Path) -> None:
    """`wayside check` is strict: an unknown key or a bad value anywhere in the pages is red here.

    What shows a part is checked with a listener before it, and with the files that it names.
    """
    shown = [body for page in PAGES for body in blocks(page, "yaml")]
    shown = [body for body in shown if not body.startswith("resources:")]  # a kustomization
    catalogues = [body for body in shown if body.startswith("server:")]
    configurations = [body for body in shown if not body.startswith("server:")]
    assert catalogues
    assert len(configurations) >= 2
    (tmp_path / "my-server.yaml").write_text(catalogues[0])
    for body in configurations:
        file = tmp_path / "wayside.yaml"
        whole = body if "listeners:" in body else f"{LISTENER}\n{body}"
        file.write_text(with_files(whole, tmp_path))
        done = subprocess.run(
            [BIN / "wayside", "check", file], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def with_files(configuration: str, folder: Path) -> str:
    """Name a file of a folder in place of those that a page names by how somebody is let in."""
    (folder / "file").write_text("something\n")
    return re.sub(r"(\w+_file: )/[^\s,}]+", rf"\g<1>{folder}/file", configuration)


def shape(line: str) -> str:
    """Return a line of the demo without its numbers, spacing and failures, which differ from run to run."""
    until_ok, ok, _failures = line.partition("  ok ")
    return " ".join(re.sub(r"\d[\d.]*", "N", until_ok + ok).split())


def test_the_demo_says_what_the_readme_quotes() -> None:
    """Every line of the quoted output has its like in a real run, sooner or later."""
    (quoted,) = blocks(ROOT / "README.md", "text")
    assert len(quoted.splitlines()) >= 10
    unsaid = {shape(line) for line in quoted.splitlines()}

    def has_said_all() -> bool:
        unsaid.difference_update(shape(line) for line in demo.text().splitlines())
        return not unsaid

    with running([BIN / "wayside", "demo"], cwd=ROOT) as demo:
        try:
            demo.wait_for(has_said_all)
        except ProcessError:
            assert unsaid == set()


@contextlib.contextmanager
def started(line: str, folder: Path) -> Iterator[Running]:
    """Start a `wayside run` line."""
    with running(
        [BIN / "wayside", *line.split()[1:], "--drain-delay=1ms", "--drain=1s"], cwd=folder
    ) as process:
        process.wait_for(lambda: "control is up" in process.text())
        yield process


def test_the_commands_of_the_readme_work(tmp_path: Path, ports: dict[str, str]) -> None:
    """Each `wayside run` starts, and what is said to look at it afterwards answers."""
    page = ROOT / "README.md"
    (tmp_path / "wayside.yaml").write_text(on_free_ports(blocks(page, "yaml")[0], ports))
    lines = [on_free_ports(line, ports) for line in commands(page) if not line.startswith("make ")]
    runs = [line for line in lines if line.startswith("wayside run")]
    looks = [line for line in lines if not line.startswith("wayside run")]
    assert len(runs) == 2
    # The default of --admin was moved like the other ports.
    admin = f" --admin 127.0.0.1:{ports['9464']}"
    for run in runs:
        with started(run + admin, tmp_path):
            for look in looks:
                line = re.sub("tap dump|wayside slo", rf"\g<0>{admin}", look)
                done = subprocess.run(
                    ["/bin/sh", "-c", f"PATH={BIN}:$PATH {line}"],
                    cwd=tmp_path,
                    capture_output=True,
                    text=True,
                    timeout=START_SECONDS,
                    check=False,
                )
                assert done.returncode == 0, (line, done.stderr)
                assert done.stdout
