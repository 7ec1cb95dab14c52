"""How processes of Wayside start each other: which interpreter, which flags, which binary."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

TAP = "wayside-tap"

# The folder that holds the package `sidecar`: site-packages when installed, the repository in a checkout.
ROOT = Path(__file__).resolve().parents[2]


class LaunchError(Exception):
    """Something needed to start is not there; the text says what to do."""


def python_argv(module: str) -> tuple[str, ...]:
    """Return the start of a command that runs one of our modules with this interpreter.

    `-P` (Python 3.11) keeps the current folder off the path: `sidecar` is a name that a user's folder may have.
    """
    safe = ("-P",) if sys.version_info >= (3, 11) else ()
    return (sys.executable, *safe, "-m", module)


def extend_python_path() -> None:
    """Let children find the package in a checkout; an installed one is found without."""
    if ROOT.name in ("site-packages", "dist-packages"):
        return
    present = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
    if str(ROOT) not in present:
        os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), *present])


def find_tap() -> str:
    """Return the path of wayside-tap: $WAYSIDE_TAP, beside this interpreter, or on PATH. Raises LaunchError."""
    named = os.environ.get("WAYSIDE_TAP", "")
    if named:
        if os.access(named, os.X_OK):
            return named
        raise LaunchError(
            f"WAYSIDE_TAP is {named!r}, which is no program. Unset it or point it at {TAP}."
        )
    beside = Path(sys.executable).parent / TAP
    if os.access(beside, os.X_OK):
        return str(beside)
    found = shutil.which(TAP)
    if found:
        return found
    raise LaunchError(
        f"{TAP} was not found beside {sys.executable} or on PATH. "
        "In a checkout run `make build`; elsewhere install Wayside with pip, or set WAYSIDE_TAP to its path."
    )


def become_tap(policy: bytes) -> None:
    """Replace this process with wayside-tap, the policy on a descriptor. Returns only by exception."""
    binary = find_tap()
    extend_python_path()
    fd = _readable(policy)
    os.set_inheritable(fd, True)
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execv(binary, [binary, "--policy-fd", str(fd)])
    except OSError as error:
        raise LaunchError(
            f"{binary} cannot be run: {error.strerror}. Build it again with `make build`."
        ) from error


def _readable(content: bytes) -> int:
    """Return a descriptor at the start of a nameless file with this content: a pipe would hold 64 KiB only."""
    fd = os.memfd_create("wayside-policy")
    with os.fdopen(os.dup(fd), "wb") as writer:
        writer.write(content)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
