"""README's table of costs, taken from bench/RESULTS.md: `python -m bench.readme` writes it again."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README, RESULTS = ROOT / "README.md", ROOT / "bench" / "RESULTS.md"

# How README calls a contender: its row in RESULTS.md.
ROWS = {
    "HAProxy, TCP mode (sees nothing)": "HAProxy, TCP mode",
    "Wayside, both halves": "Wayside",
    "HAProxy, HTTP/2 mode": "HAProxy, HTTP/2 mode",
    "nginx grpc_pass": "nginx, grpc_pass",
    "Envoy with gRPC statistics": "Envoy, gRPC statistics filter",
}

# How README calls a load: how its section begins.
COLUMNS = {
    "64 in flight": "64 in flight",
    "one in flight": "One in flight",
    "1,000 calls/s": "Open loop",
    "600 KB messages": "600 KB messages",
    "streamed chunk": "Token streams",
}
MEMORY = "Resident memory"


def first_figures(page: str, section: str) -> dict[str, float]:
    """Return the first figure of each row in a section's table; rows without one are left out, as is a section."""
    found = re.search(rf"^## {re.escape(section)}.*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    lines = found[0].splitlines() if found else []
    cells = [re.split(r"\s*\|\s*", line.strip("| ")) for line in lines]
    return {
        row[0]: float(row[1].replace(",", ""))
        for row in cells
        if len(row) > 1 and re.fullmatch(r"[\d,.]+", row[1])
    }


def short(value: float | None) -> str:
    """Write a figure with two digits or all before the point; a dash where there is none."""
    if value is None:
        return "–"  # noqa: RUF001
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def costs(page: str) -> str:
    """Return README's lines for a page of results: the table, and the sentence on memory."""
    every = {title: first_figures(page, section) for title, section in COLUMNS.items()}
    told = {title: figures for title, figures in every.items() if figures}
    lines = [f"| in the path | {' | '.join(told)} |", "|---" * (len(told) + 1) + "|"]
    for title, row in ROWS.items():
        lines.append(f"| {title} | {' | '.join(short(one.get(row)) for one in told.values())} |")
    memory = first_figures(page, MEMORY)
    ours, theirs = memory.get("Wayside"), memory.get(ROWS["Envoy with gRPC statistics"])
    said = f"After it both halves together held {short(ours)} MB; Envoy held {short(theirs)} MB."
    return "\n".join([*lines, "", said])


def rewritten(readme: str, page: str) -> str:
    """Return README with the costs of a page of results."""
    pattern = r"^\| in the path \|.*?Envoy held [^\n]* MB\.$"
    found = re.findall(pattern, readme, re.MULTILINE | re.DOTALL)
    if len(found) != 1:
        raise ValueError("README.md has no table of costs, or more than one")
    return readme.replace(found[0], costs(page))


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text(), RESULTS.read_text()))
