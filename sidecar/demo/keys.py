"""Keys pressed on a terminal, without Enter. Its modes are put back, whatever ends the block."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import termios
import tty
from types import TracebackType
from typing import Any

MAX_KEYS = 64


class Keys:
    """Nothing is ever pressed where standard input is no terminal, or somebody else's for now."""

    def __init__(self) -> None:
        """Change nothing before the block is entered."""
        self._fd = -1
        self._modes: list[Any] = []

    @property
    def listening(self) -> bool:
        """Whether a key would be noticed."""
        return bool(self._modes)

    def __enter__(self) -> Keys:
        """Have keys arrive one by one and unseen; Ctrl-C goes on interrupting."""
        with contextlib.suppress(OSError, ValueError, AttributeError, termios.error):
            fd = sys.stdin.fileno()
            if os.isatty(fd) and not in_background(fd):
                modes = termios.tcgetattr(fd)
                tty.setcbreak(fd)
                self._fd, self._modes = fd, modes
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put the terminal back as it was."""
        if self._modes:
            with contextlib.suppress(termios.error):  # it has gone away
                termios.tcsetattr(self._fd, termios.TCSADRAIN, self._modes)
            self._modes = []

    def pressed(self) -> str:
        """Return what was pressed since the last time; never waits."""
        if not self._modes or not select.select([self._fd], [], [], 0)[0]:
            return ""
        with contextlib.suppress(OSError):
            return os.read(self._fd, MAX_KEYS).decode(errors="replace")
        return ""


def in_background(fd: int) -> bool:
    """Say whether this process would be stopped for changing the terminal."""
    try:
        return os.tcgetpgrp(fd) != os.getpgrp()
    except OSError:
        return False  # not the terminal that rules us
