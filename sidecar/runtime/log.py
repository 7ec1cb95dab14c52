"""Log lines of control, on stderr: the tap reads them and writes them into its log, each naming its process.

human: `level msg key=value`; json: one object per line with level, msg and the fields.
"""

from __future__ import annotations

import json
import sys

# The tap takes a line at a time; a longer one is cut rather than lost.
MAX_LINE_CHARACTERS = 4_000


class StderrLog:
    """Writes lines; the format follows the policy."""

    def __init__(self, log_format: str = "human") -> None:
        self.format = log_format

    def info(self, message: str, **fields: object) -> None:
        """Something a reader of the log wants to know."""
        self._write("info", message, fields)

    def warning(self, message: str, **fields: object) -> None:
        """Something that works less well than asked for."""
        self._write("warning", message, fields)

    def error(self, message: str, **fields: object) -> None:
        """Something that does not work."""
        self._write("error", message, fields)

    def _write(self, level: str, message: str, fields: dict[str, object]) -> None:
        line = (
            self._json(level, message, fields)
            if self.format == "json"
            else _human(level, message, fields)
        )
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    def _json(self, level: str, message: str, fields: dict[str, object]) -> str:
        kept = {key: str(value)[:MAX_LINE_CHARACTERS] for key, value in fields.items()}
        return json.dumps({"level": level, "msg": message[:MAX_LINE_CHARACTERS], **kept})


def _human(level: str, message: str, fields: dict[str, object]) -> str:
    parts = [level, message, *(f"{key}={_quoted(value)}" for key, value in fields.items())]
    return " ".join(parts).replace("\n", "\\n")[:MAX_LINE_CHARACTERS]


def _quoted(value: object) -> str:
    text = str(value)
    return json.dumps(text) if not text or any(char in text for char in ' "=\n') else text
