"""bench/RESULTS.md: the machine, the aims, one table per load, resident memory, and what was left out."""

from __future__ import annotations

import datetime
import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.aims import aims
from bench.contenders import CONTENDERS, Contender, NotHereError, program, said_version
from bench.ends import own_tmp
from bench.figures import Results, Spread, cpu, own_cpu, p50, p99
from bench.instructions import AIMS, TOLERANCE, WHAT
from bench.loads import Load, request
from bench.metrics_page import told
from bench.token_server import CHUNKS, STEP_SECONDS

FLOOR = "haproxy-tcp"
HEAD = """# What Wayside costs, beside its peers

Written by `make bench`, whole; change bench/ instead of this page.

One run: every contender is up all the time, one is measured after the other, round by round, and each round begins
with another one. The contender stands on one core, the client (h2load) and the server share another. CPU is processor
time of the contender's process tree per call, from schedstat. Latencies are from h2load's own log; *added* is what they
are above those of the direct way in the same round. Every figure is the median over the rounds; a ratio is the median
of the ratios within each round, with the smallest and the largest. A cell counts only if every call succeeded, every
byte came back, and an open loop held its rate; one that did not is made again, three times at most.
"""

INSTRUCTIONS_HEAD = f"""## Instructions

What the parser executes, and then the ledger with it, replayed under callgrind: the same on a busy machine as on a
quiet one. A test fails where it is {100 * TOLERANCE:.0f} % above the committed count (bench/instructions.json).
"""


@dataclass(frozen=True)
class Run:
    """How the run was made."""

    loads: list[Load]
    rounds: int
    seconds: float


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: bool = True) -> str:
    """Return a Markdown table, numbers to the right."""
    rule = ["---", *("---:" if numbers else "---" for _ in head[1:])]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *rows))


def number(value: float | None, digits: int = 1) -> str:
    """Write a number; a dash where there is none."""
    return "–" if value is None else f"{value:,.{digits}f}"  # noqa: RUF001


def ratio(value: Spread | None) -> str:
    """Write a ratio with its spread."""
    if value is None:
        return number(None)
    return f"{value.median:.2f} ({value.smallest:.2f}..{value.largest:.2f})"


def processor() -> str:
    """Return the processor's name."""
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return found.group(1).strip() if found else platform.machine()


def priority() -> str:
    """Tell the priority of the run where it is not the usual one."""
    nice = os.nice(0)
    return f"; at nice {nice}" if nice else ""


def machine(run: Run, results: Results) -> str:
    """Name everything that was measured on and with."""
    day = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    versions = list(dict.fromkeys(text for text in results.versions.values() if text))
    try:
        ends = f"h2load and nghttpd of nghttp2 {said_version(program('h2load'), '--version')}"
    except NotHereError:
        ends = "h2load and nghttpd"
    ends += "; for token streams bench/token_server.py"
    files = "in memory" if own_tmp() else "on disk, which makes it slower with every call"
    return "\n".join(
        [
            f"- {day}; {run.rounds} rounds in {run.seconds / 60:.1f} minutes; load average before: "
            f"{results.load_before:.2f}{priority()}",
            f"- {os.cpu_count()} cores, {processor()}; Linux {platform.release()}",
            f"- {'; '.join(versions)}",
            f"- client and server: {ends}; the server's files {files}",
        ]
    )


def aims_table(results: Results) -> str:
    """Set each aim beside its measured ratio."""
    rows = []
    for aim in aims(results):
        row = [aim.text, f"≤ {aim.at_most:.3g}", ratio3(aim.measured), aim.verdict()]
        rows.append(row)
    return table(["aim", "at most", "measured", "verdict"], rows, numbers=False)


def instructions_table(results: Results) -> str:
    """Set what reading costs in instructions beside its aim and the committed count."""
    if results.not_counted:
        return f"Not counted here: {results.not_counted}"
    rows = []
    for one in results.instructions:
        counted, known = number(one.instructions, 0), number(one.baseline, 0)
        rows.append([WHAT[one.what], f"≤ {AIMS[one.what]:,}", counted, known, one.verdict()])
    head = ["to read", "at most", "counted", "committed", "verdict"]
    return table(head, rows, numbers=False)


def ratio3(value: Spread | None) -> str:
    """Write a ratio that may be small."""
    if value is None:
        return number(None)
    return f"{value.median:.3f} ({value.smallest:.3f}..{value.largest:.3f})"


def load_row(load: Load, contender: Contender, results: Results) -> list[str]:
    """Return one contender's row in a load's table."""
    cell = (load.name, contender.name)
    if reason := results.failed.get(cell) or results.not_run.get(contender.name):
        kind = "failed" if cell in results.failed else "not run"
        return [contender.title, f"{kind}: {reason}", *[number(None)] * 6]
    in_path = contender.name != "direct"
    return [
        contender.title,
        number(results.median(*cell, cpu), 2) if in_path else number(None),
        ratio(results.ratio(load.name, contender.name, FLOOR, cpu)) if in_path else number(None),
        number(results.median(*cell, p50), 0),
        number(results.added(*cell, p50) if in_path else None, 0),
        number(results.median(*cell, p99), 0),
        number(results.added(*cell, p99) if in_path else None, 0),
        number(results.median(*cell, lambda one: one.latency.calls_per_second * load.parts), 0),
    ]


def load_table(load: Load, results: Results) -> str:
    """Return one load's section."""
    unit = load.unit
    head = ["in the path", f"CPU/{unit}, µs", "CPU to HAProxy TCP"]
    head += ["p50, µs", "added", "p99, µs", "added", f"{unit}s/s"]
    present = [one for one in CONTENDERS if one.only in (None, load.name)]
    rows = [load_row(load, one, results) for one in present]
    lines = [f"## {load.title}", "", calls_line(load, present), ""]
    lines += [table(head, rows), "", halves(load, results)]
    return "\n".join(lines)


def calls_line(load: Load, present: Sequence[Contender]) -> str:
    """Say how many calls of what size a cell is made of."""
    size = len(request(load.input_bytes))
    text = f"{load.calls:,} calls a round, {size:,} bytes each way"
    if load.chunks:
        step = f"one every {STEP_SECONDS * 1000:g} ms"
        text = (
            f"{load.calls:,} calls a round, each answered with {load.chunks} chunks, {step}: "
            f"{load.calls * load.chunks:,} chunks. p50 and p99 are of whole calls, "
            f"{CHUNKS * STEP_SECONDS * 1000:g} ms at best"
        )
    if load.fewest < load.calls:
        slow = ", ".join(one.title for one in present if one.share < 1)
        text += f"; fewer for {slow}, which is too slow for more" if slow else ""
    return text + "."


def halves(load: Load, results: Results) -> str:
    """Say which half of Wayside the cost is, and how it compares with Envoy."""
    own = results.median(load.name, "wayside", own_cpu)
    control = results.median(load.name, "wayside", lambda one: one.children_cpu_us)
    off = results.median(load.name, "wayside-relay", own_cpu)
    lines = [
        f"Wayside's CPU is {number(own, 2)} µs in the tap and {number(control, 2)} µs in control, whose cost is per "
        f"second and not per {load.unit}; with the observer off the tap takes {number(off, 2)} µs."
    ]
    if to_envoy := results.ratio(load.name, "wayside", "envoy", cpu):
        part = f"1/{1 / to_envoy.median:.1f}"
        lines.append(f"Wayside to Envoy: {ratio3(to_envoy)}, that is {part}.")
    if to_relay := results.ratio(load.name, "wayside", "wayside-relay", cpu):
        lines.append(f"Observer on to observer off: {ratio(to_relay)}.")
    return "\n".join(lines)


def memory_table(results: Results) -> str:
    """Return what each contender keeps in memory after all rounds."""
    rows = []
    for one in CONTENDERS:
        if found := results.resident_bytes.get(one.name):
            rows.append(
                [one.title, number(sum(found) / 1e6), *(number(part / 1e6) for part in found)]
            )
    return table(["in the path", "resident, MB", "first process", "its children"], rows)


def not_run(results: Results) -> str:
    """List what is missing here, and what this benchmark does not do yet."""
    titles = {one.name: one.title for one in CONTENDERS}
    lines = [f"- {titles[name]}: not run: {why}" for name, why in results.not_run.items()]
    lines += [
        "- An open loop of h2load is 64 timers, each on its own connection, 64 ms apart: even, and not random.",
        "- At 64 in flight client and server fill their core, so latency there is mostly theirs; CPU per call is not.",
        "- Loopback, no TLS, one machine: ratios travel, microseconds do not.",
    ]
    return "\n".join(lines)


def results_page(run: Run, results: Results) -> str:
    """Return the whole page."""
    parts = [
        HEAD,
        machine(run, results),
        "\n![CPU per call at 64 in flight](results.svg)\n",
        "## The aims\n\nA verdict is about the median; Wayside is both halves.\n",
        aims_table(results) + "\n",
        INSTRUCTIONS_HEAD,
        instructions_table(results) + "\n",
        *(load_table(load, results) + "\n" for load in run.loads),
        "## The page of metrics\n",
        (told(results.page) if results.page else "Not measured.") + "\n",
        "## Resident memory after the run\n",
        memory_table(results) + "\n",
        "## What this leaves out\n",
        not_run(results),
    ]
    return "\n".join(parts) + "\n"
