"""The short-lived process that compiles the configuration, so that control never loads what that needs."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

# Compiling takes 0.3 s; under a starved CPU share it may take fifty times that, and then something is wrong.
TIMEOUT_SECONDS = 20.0
# A policy with every limit reached is under 1 MiB.
MAX_OUTPUT_BYTES = 8 * 1024 * 1024


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
    assert process.stdout is not None
    assert process.stderr is not None
    reading = asyncio.gather(_read(process.stdout), _read(process.stderr), process.wait())
    try:
        output, errors, status = await asyncio.wait_for(reading, TIMEOUT_SECONDS)
    except (asyncio.TimeoutError, _TooMuch) as error:
        if process.returncode is None:
            process.kill()
            await process.wait()
        return Outcome(failure=f"the compiler process was ended: {error or 'out of time'}")
    return _outcome(output, errors, status)


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


class _TooMuch(Exception):
    """More output than any policy is long."""


async def _read(stream: asyncio.StreamReader) -> bytes:
    """Read to the end, within the bound."""
    held = bytearray()
    while chunk := await stream.read(65_536):
        held += chunk
        if len(held) > MAX_OUTPUT_BYTES:
            raise _TooMuch(f"more than {MAX_OUTPUT_BYTES} bytes of output")
    return bytes(held)
