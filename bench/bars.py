"""bench/results.svg: CPU per call at 64 in flight, as bars.

The scale is linear. A slowest one far beyond the rest would leave the others no width: its bar is cut, and shown so.
"""

from __future__ import annotations

from html import escape

from bench.contenders import CONTENDERS
from bench.figures import Results, cpu

LOAD = "busy"
WIDTH, LEFT, RIGHT, ROW, TOP = 760, 250, 90, 30, 48
CUT_RATIO = 3.0  # beyond the second slowest
OURS, OTHERS, INK = "#0b7a75", "#b8c4cc", "#1f2933"


def draw(results: Results) -> str:
    """Return the picture; contenders without a figure are not in it."""
    bars = [
        (one, value)
        for one in CONTENDERS
        if (value := results.median(LOAD, one.name, cpu)) and one.name != "direct"
    ]
    values = sorted(value for _, value in bars) or [1.0]
    most = values[-1]
    if len(values) > 1 and most > CUT_RATIO * values[-2]:
        most = values[-2]
    scale = (WIDTH - LEFT - RIGHT) / most
    height = TOP + ROW * len(bars) + 12
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="system-ui, sans-serif" font-size="13" fill="{INK}">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        '<text x="12" y="26" font-size="15" font-weight="600">'
        "CPU of the proxy per call, 64 calls in flight, µs</text>",
    ]
    for place, (one, value) in enumerate(bars):
        y = TOP + place * ROW
        wide = scale * min(value, most)
        mark = " (cut)" if value > most else ""
        colour = OURS if one.name.startswith("wayside") else OTHERS
        lines += [
            f'<text x="{LEFT - 10}" y="{y + 15}" text-anchor="end">{escape(one.title)}</text>',
            f'<rect x="{LEFT}" y="{y}" width="{wide:.1f}" height="20" rx="2" fill="{colour}"/>',
            f'<text x="{LEFT + wide + 8:.1f}" y="{y + 15}">{value:,.1f}{mark}</text>',
        ]
    return "\n".join([*lines, "</svg>"]) + "\n"
