"""Writes the tables in docs/outcomes.md: what the tap decides, and what the catalogues say otherwise.

`--check` only compares, and fails on a difference. It asks `wayside-tap outcomes`, so the tap must have been built.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sidecar.cli.outcome_table import INDICATORS, ask_tap
from sidecar.servers.table import rule_groups, shipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sidecar.cli.outcome_table import OutcomeTable
    from sidecar.model.outcomes import OutcomeRule

PAGE = Path(__file__).resolve().parent.parent / "docs" / "outcomes.md"


def ways(table: OutcomeTable) -> str:
    """Return how calls end."""
    rows = (
        (each.when, _codes(each.code), each.ended_by, f"`{each.outcome}`") for each in table.ways
    )
    return _table(("how it ends", "code", "ended by", "outcome"), rows)


def meanings(table: OutcomeTable) -> str:
    """Return what outcomes are elsewhere."""
    heads = ("outcome", "histograms", *(f"`{each}`" for each in INDICATORS))
    return _table(heads, ((f"`{each.outcome}`", *each[1:]) for each in table.outcomes))


def reasons(table: OutcomeTable) -> str:
    """Return why events are excluded."""
    return _table(("reason", "when"), ((f"`{each.word}`", each.meaning) for each in table.reasons))


def rules(_: OutcomeTable) -> str:
    """Return what the shipped catalogues say of codes."""
    rows = (
        (
            f"[{Path(each.file).stem}](../sidecar/servers/{Path(each.file).name})",
            "<br>".join(f"`{path}`" for path in each.paths),
            "<br>".join(map(_rule, each.rules)),
        )
        for each in rule_groups(shipped())
    )
    return _table(("catalogue", "methods and routes", "code, words: outcome"), rows)


def _rule(rule: OutcomeRule) -> str:
    words = f", *{rule.message}*" if rule.message else ""
    return f"`{rule.code}`{words}: `{rule.outcome.value}`"


# Each table lies between two comments.
TABLES = {"ways": ways, "meanings": meanings, "reasons": reasons, "rules": rules}


def current(page: str, table: OutcomeTable) -> str:
    """Return the page with the tables as they should be."""
    for name, rows in TABLES.items():
        begin, end = f"<!-- {name}: written by make gen -->\n", f"<!-- end of {name} -->\n"
        before, _, rest = page.partition(begin)
        after = rest.partition(end)[2]
        page = f"{before}{begin}{rows(table)}{end}{after}"
    return page


def _codes(codes: str) -> str:
    """Write codes as code, and whatever else stands in their place as it is."""
    each = codes.split(", ")
    return ", ".join(f"`{code}`" for code in each) if " " not in "".join(each) else codes


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> int:
    """Write or compare; return the exit status."""
    page = PAGE.read_text()
    new = current(page, ask_tap())
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(new)
    elif page != new:
        print(f"{PAGE.name} is not what the tap decides: run make gen and commit the result")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
