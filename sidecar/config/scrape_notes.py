"""Waits for a read of /metrics that nobody can end: they are no fault, as what they cost is time alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sidecar.config.sources import COMMAND_LINE
from sidecar.model.problem import Note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sidecar.config.schema import Root
    from sidecar.text.document import Document

_NOBODY_READS = (
    "has no effect: admin is off, so nobody can read /metrics. Set admin, or leave it out"
)
_NOBODY_ASKS = "has no effect: nobody can ask for /readyz. Set health.listen, or leave it out"

_FINAL, _FIRST = ("drain", "final_scrape"), ("health", "first_scrape")


def scrape_notes(root: Root, document: Document) -> Iterator[Note]:
    """Say which waits cannot be."""
    for path, wanted in ((_FINAL, root.drain.final_scrape), (_FIRST, root.health.first_scrape)):
        if wanted and not root.admin:
            yield _note(path, _NOBODY_READS, document)
    if root.health.first_scrape and not root.health.listen:
        yield _note(_FIRST, _NOBODY_ASKS, document)


def _note(path: tuple[str, str], what: str, document: Document) -> Note:
    """Return a note at what the file says, or, where it says nothing, at the flag that does."""
    line = document.lines.get(path, 0)
    return Note(document.file if line else COMMAND_LINE, line, ".".join(path), what)
