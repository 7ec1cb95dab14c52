"""The short-lived process that compiles the configuration, so that control never loads what that needs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from dataclasses import dataclass

# Compiling takes 0.3 s; under a starved CPU share it may take fifty times that, and then something is wrong.
TIMEOUT_SECONDS = 20.0
# A policy with every limit reached is under 1 MiB.
MAX_OUTPUT_BYTES = 8 * 1024 * 1024
# A killed process is gone in milliseconds.
REAP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the compiler process said: a policy, or why there is none."""

    policy: bytes = b""
    problems: tuple[str, ...] = ()
    failure: str = ""  # the process itself failed: trying again may help


async def run_compiler(argv: tuple[str, ...]) -> Outcome:
    """Run the compiler to its end, bounded in time and output."""
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        return Outcome(failure=f"the compiler process did not start: {error}")
    try:
        return _outcome(*await asyncio.wait_for(_finish(process), TIMEOUT_SECONDS))
    except asyncio.TimeoutError:
        return Outcome(failure=f"the compiler process was ended after {TIMEOUT_SECONDS:g} s")
    finally:
        if process.returncode is None:
            _kill(process)
            # Its pipes must be read to their end, or the process is never done for asyncio.
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(_finish(process), REAP_SECONDS)


async def _finish(process: asyncio.subprocess.Process) -> tuple[bytes, bytes, int]:
    """Read a process to its end: (output, errors, status)."""
    assert process.stdout is not None
    assert process.stderr is not None
    output, errors, status = await asyncio.gather(
        _read(process.stdout, process), _read(process.stderr, process), process.wait()
    )
    return output, errors, status


def _outcome(output: bytes, errors: bytes, status: int) -> Outcome:
    """Judge by exit status: 0 a policy, 2 problems as JSON lines, anything else a failure."""
    lines = errors.decode(errors="replace").splitlines()
    if status == 0:
        return Outcome(policy=output)
    if status == 2:
        return Outcome(problems=tuple(_problem(line) for line in lines))
    last = lines[-1] if lines else ""
    return Outcome(failure=f"the compiler process ended with status {status}: {last}")


def _problem(line: str) -> str:
    """Return the readable text of one JSON line."""
    try:
        return str(json.loads(line)["text"])
    except (ValueError, KeyError, TypeError):
        return line


async def _read(stream: asyncio.StreamReader, process: asyncio.subprocess.Process) -> bytes:
    """Read to the end; a process that says more than any policy is long is killed, and the rest thrown away."""
    held = bytearray()
    while chunk := await stream.read(65_536):
        if len(held) <= MAX_OUTPUT_BYTES:
            held += chunk
        else:
            _kill(process)
    return bytes(held)


def _kill(process: asyncio.subprocess.Process) -> None:
    """End a process. Not by Process.kill: that may reap the child first, and asyncio then loses its exit status."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
