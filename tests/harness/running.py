"""Processes for tests: started with a log, waited for by what they say or answer, ended by the id they were given."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# What is waited for comes within a second on an idle machine. It decides nothing but how long a failure takes to tell.
START_SECONDS = 60.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.02
LOG_TAIL_LINES = 40


class ProcessError(RuntimeError):
    """A process did not do what was waited for; the text holds the end of its log."""


@dataclass(frozen=True)
class Running:
    """A process under test, or one that a test needs."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        """Its id, to signal it by."""
        return self.process.pid

    def text(self) -> str:
        """Everything it has said."""
        return self.log.read_text(errors="replace")

    def first_line(self) -> str:
        """Wait for the first whole line of its log: how our fakes tell their address."""
        self.wait_for(lambda: "\n" in self.text())
        return self.text().partition("\n")[0]

    def wait_for(self, found: Callable[[], bool], timeout_seconds: float = START_SECONDS) -> None:
        """Wait until a condition holds; raise with the log where the process ends or the time does."""
        deadline = time.monotonic() + timeout_seconds
        while not found():
            status = self.process.poll()
            if status is not None or time.monotonic() > deadline:
                tail = "\n".join(self.text().splitlines()[-LOG_TAIL_LINES:])
                raise ProcessError(f"{self.process.args!r} (exit status {status}):\n{tail}")
            time.sleep(POLL_SECONDS)

    def tell(self, line: str) -> None:
        """Write a line to its standard input, if it `listens`; one that has died hears nothing."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.write(f"{line}\n".encode())
            self.process.stdin.flush()

    def stop(self) -> int:
        """End it, politely first, and return its exit status."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


@contextlib.contextmanager
def running(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    listens: bool = False,
) -> Iterator[Running]:
    """Run a command, its output in a log, until the block ends; one that listens can be told something."""
    with tempfile.TemporaryDirectory(prefix="wayside-test-") as folder:
        log = Path(folder) / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.PIPE if listens else subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=environment,
                start_new_session=True,
            )
        started = Running(process, log)
        try:
            yield started
        finally:
            started.stop()
            if process.stdin is not None:
                with contextlib.suppress(OSError):
                    process.stdin.close()


def wait_until(found: Callable[[], bool], timeout_seconds: float = START_SECONDS) -> None:
    """Wait until a condition holds; raise where the time is over first."""
    deadline = time.monotonic() + timeout_seconds
    while not found():
        if time.monotonic() > deadline:
            raise TimeoutError(f"did not come about within {timeout_seconds:g} s")
        time.sleep(POLL_SECONDS)


def accepts(address: str) -> bool:
    """Tell whether something accepts connections at host:port."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=1):
            return True
    except OSError:
        return False
