"""`wayside check --outcomes`: what each way of ending counts as, and who says otherwise, for people."""

from __future__ import annotations

import os
import textwrap
from typing import TYPE_CHECKING

from sidecar.cli.outcome_table import INDICATORS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sidecar.cli.outcome_table import OutcomeTable
    from sidecar.model.outcomes import OutcomeRule
    from sidecar.servers.table import RuleGroup

# Lines stay below this where no single word is longer: two windows side by side on a common screen.
WIDTH = 110
# A column but the last is at most as wide as this, and goes on in the next line.
MOST_OF_A_COLUMN = 24


def outcome_lines(
    table: OutcomeTable, file: str, user: Sequence[OutcomeRule], catalogue: Iterable[RuleGroup]
) -> Iterator[str]:
    """Yield all of it; `user` are the rules of `file`, which may be none."""
    yield "how a call ends, and what that counts as"
    ways = [(each.outcome, each.ended_by, each.code, each.when) for each in table.ways]
    yield from _columns(("outcome", "ended by", "code", "when"), ways)
    yield ""
    yield "what an outcome is in histograms, and to objectives"
    heads = ("outcome", "histograms", *INDICATORS)
    yield from _columns(heads, table.outcomes)
    yield ""
    yield "why an event is excluded"
    yield from _columns(("reason", "when"), table.reasons)
    yield ""
    yield "who says otherwise: the first rule that fits counts, and those with words come before those without"
    if user:
        yield from _rules(os.path.basename(file), ["every call, before what catalogues say"], user)
    for group in catalogue:
        yield from _rules(os.path.basename(group.file), group.paths, group.rules)


def _rules(source: str, subjects: Sequence[str], rules: Sequence[OutcomeRule]) -> Iterator[str]:
    """Yield what one source says of some calls."""
    indent = " " * (len(source) + 6)
    yield from textwrap.wrap(
        f"  {source} of {', '.join(subjects)}",
        WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    for rule in rules:
        words = f'with "{rule.message}"' if rule.message else ""
        yield f"    {rule.outcome.value:<12}  {rule.code:<17}  {words}".rstrip()


def _columns(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield aligned columns; what is wider than its column goes on below."""
    cells = [heads, *rows]
    widths = [
        min(max(len(row[at]) for row in cells), MOST_OF_A_COLUMN) for at in range(len(heads) - 1)
    ]
    widths.append(WIDTH - sum(widths) - 2 * len(heads))
    for row in cells:
        wrapped = [
            textwrap.wrap(cell, width, break_long_words=False, break_on_hyphens=False) or [""]
            for cell, width in zip(row, widths, strict=True)
        ]
        for line in range(max(map(len, wrapped))):
            parts = [each[line] if line < len(each) else "" for each in wrapped]
            shown = (part.ljust(width) for part, width in zip(parts, widths, strict=True))
            yield f"  {'  '.join(shown)}".rstrip()
