"""The demo's child processes: started with a log file each, watched, and ended by their ids."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

LOG_TAIL_LINES = 15
STOP_SECONDS = 8.0
POLL_SECONDS = 0.05
PR_SET_PDEATHSIG = 1


class DemoError(RuntimeError):
    """Something of the demo did not start or has died; the text says what, with the end of its log."""


class Child:
    """One process of the demo."""

    def __init__(
        self, name: str, command: Sequence[str], folder: Path, *, listens: bool = False
    ) -> None:
        """Start the command, its output going to NAME.log; one that listens can be told something."""
        self.name = name
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE if listens else subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches a whole process group: the demo alone decides the order in which things end.
                start_new_session=True,
                preexec_fn=end_with_parent,
            )

    def check(self) -> None:
        """Raise if the process has ended, which none does by itself."""
        if (status := self.process.poll()) is not None:
            raise DemoError(f"{self.name} ended with status {status}.\n{self.tail()}")

    def tail(self) -> str:
        """Return the end of its log."""
        lines = self.log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
        return (
            "\n".join(f"  {self.name}: {line}" for line in lines) or f"  {self.name} said nothing."
        )

    def wait_for(self, what: str, found: Callable[[], bool], timeout_seconds: float) -> None:
        """Wait until a condition holds, as long as the process lives and the time lasts."""
        deadline = time.monotonic() + timeout_seconds
        while not found():
            self.check()
            if time.monotonic() > deadline:
                waited = f"{self.name}: {what} did not happen within {timeout_seconds:g} s"
                raise DemoError(f"{waited}.\n{self.tail()}")
            time.sleep(POLL_SECONDS)

    def tell(self, line: str) -> None:
        """Write a line to its standard input; what has died is found by `check`."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.write(f"{line}\n".encode())
            self.process.stdin.flush()

    def stop(self) -> None:
        """Ask the process to end, and end it when it does not."""
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def end_with_parent() -> None:
    """Have the kernel end this process when the demo is killed in a way that leaves it no time to clean up."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
