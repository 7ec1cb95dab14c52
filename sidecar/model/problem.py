"""What is wrong with something a person wrote, said so that they can mend it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in a file: where it is, what is wrong, and what to do about it."""

    file: str
    line: int  # 1-based; 0 where the fault has no line (a flag, a missing file)
    field: str  # dotted path as the user wrote it, e.g. slos[0].good.latency_below; may be empty
    what: str
    hint: str = ""

    def __str__(self) -> str:
        """Render as `file:line: field: what is wrong. hint`."""
        where = f"{self.file}:{self.line}" if self.line else self.file
        parts = [where, self.field, self.what] if self.field else [where, self.what]
        text = ": ".join(parts)
        return f"{text}. {self.hint}" if self.hint else text


@dataclass(frozen=True, slots=True)
class Note:
    """Something accepted that the reader should know: it is no fault."""

    file: str
    line: int
    field: str
    what: str

    def __str__(self) -> str:
        """Render as `file:line: field: what`."""
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.field}: {self.what}"
