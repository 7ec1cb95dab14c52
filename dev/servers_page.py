"""Writes the two tables in docs/servers.md. `--check` only compares, and fails on a difference."""

from __future__ import annotations

import sys
from pathlib import Path

from sidecar.servers.table import markdown, numbers_markdown

PAGE = Path(__file__).resolve().parent.parent / "docs" / "servers.md"
# Each table lies between two comments.
TABLES = {
    ("<!-- rows: written by make gen -->\n", "<!-- end of rows -->\n"): markdown,
    ("<!-- numbers: written by make gen -->\n", "<!-- end of numbers -->\n"): numbers_markdown,
}


def current(page: str) -> str:
    """Return the page with the tables as they should be."""
    for (begin, end), table in TABLES.items():
        before, _, rest = page.partition(begin)
        after = rest.partition(end)[2]
        page = f"{before}{begin}{table()}{end}{after}"
    return page


def main() -> int:
    """Write or compare; return the exit status."""
    page = PAGE.read_text()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(current(page))
    elif page != current(page):
        print(f"{PAGE.name} is not what the catalogues say: run make gen and commit the result")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
