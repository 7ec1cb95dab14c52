"""Writes the table in docs/servers.md. `--check` only compares, and fails on a difference."""

from __future__ import annotations

import sys
from pathlib import Path

from sidecar.servers.table import markdown

PAGE = Path(__file__).resolve().parent.parent / "docs" / "servers.md"
BEGIN, END = "<!-- rows: written by make gen -->\n", "<!-- end of rows -->\n"


def current(page: str) -> str:
    """Return the page with the table as it should be."""
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}{markdown()}{END}{after}"


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
