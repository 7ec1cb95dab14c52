"""The folder that `state_dir` names: whose it is, and what becomes of a file in it that cannot be used."""

from __future__ import annotations

import fcntl
import os
from datetime import datetime, timezone

FILE_NAME = "wayside.db"
LOCK_NAME = "wayside.lock"
# Beside the file while it is in use; of another file they would be replayed into it.
_COMPANIONS = ("", "-wal", "-shm", "-journal")


class InUseError(Exception):
    """Another Wayside keeps its state in this folder."""


class StateFolder:
    """A folder that is held for one process, for as long as that lives. Raises OSError where it cannot be written."""

    def __init__(self, folder: str) -> None:
        """Make it where it is missing, and take it. Raises InUseError."""
        os.makedirs(folder, exist_ok=True)
        self.file = os.path.join(folder, FILE_NAME)
        self._lock = os.open(os.path.join(folder, LOCK_NAME), os.O_RDWR | os.O_CREAT, 0o644)
        try:
            # Gone with the process, however that ends; no child of ours inherits it.
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise InUseError(f"another Wayside keeps its state in {folder}") from None
        except OSError:
            os.close(self._lock)
            raise

    def set_aside(self, kind: str, unix_seconds: float) -> str:
        """Rename the file and what lies beside it; return its new name, which nothing else has."""
        moment = datetime.fromtimestamp(unix_seconds, timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        name = f"{self.file}.{kind}-{moment}"
        for number in range(1, 1000):
            if not os.path.lexists(name):
                break
            name = f"{self.file}.{kind}-{moment}-{number}"
        # The companions first: between two of these steps they would belong to nothing, never to a new file.
        for companion in reversed(_COMPANIONS):
            if os.path.lexists(self.file + companion):
                os.rename(self.file + companion, name + companion)
        return name

    def release(self) -> None:
        """Let another process have it."""
        os.close(self._lock)
