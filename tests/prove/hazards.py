"""What each attack costs: processor time of reading beside that of relaying the same bytes, and memory."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from tests.harness.wayside import running_wayside
from tests.hazards.attacks import ATTACKS, HONEST, ROWS
from tests.hazards.measure import RELAY_ONLY, cost, play_once
from tests.hazards.passage import upstream
from tests.prove.proof import Outcome, Proof, UsageError

MOST_CPU_RATIO = 1.5
MOST_MEMORY_BYTES = 16_000_000
# What a network delivers at once, at the least; an attacker with a fast path delivers more, which costs the relay less.
PACKET_BYTES = 1400
HEAD = (
    "| row | attack | MB | memory | reading, ns/byte | CPU, 16 KiB at once | CPU, packets | counted |",
    "|--:|---|--:|--:|--:|--:|--:|---|",
)


def rows_of(arguments: Sequence[str]) -> set[int]:
    """Read the numbers of rows; none means all. Raises UsageError."""
    wrong = [word for word in arguments if not word.isdigit() or int(word) not in ROWS]
    if wrong:
        raise UsageError(
            f"hazards takes rows of the table in docs/how-it-works.md, not {wrong[0]!r}"
        )
    return {int(word) for word in arguments}


def run(arguments: Sequence[str]) -> Outcome:
    """Measure every attack, or those of some rows."""
    rows = rows_of(arguments)
    lines, failures = list(HEAD), []
    print("\n".join(HEAD))
    with ExitStack() as stack:
        server = stack.enter_context(upstream())
        reads = stack.enter_context(running_wayside(server.address))
        relays = stack.enter_context(running_wayside(server.address, config=RELAY_ONLY))
        for attack in (HONEST, *ATTACKS):
            if rows and attack.row not in rows:
                continue
            played = play_once(server, reads, attack)
            bulk = cost(server, reads, relays, attack, attack.write_bytes)
            packets = cost(server, reads, relays, attack, min(PACKET_BYTES, attack.write_bytes))
            over = bulk.ratio > MOST_CPU_RATIO or played.memory_bytes > MOST_MEMORY_BYTES
            if over and attack is not HONEST:
                memory = played.memory_bytes / 1e6
                failures.append(f"row {attack.row}: {bulk.ratio:.2f}x, {memory:+.1f} MB")
            lines.append(
                f"| {attack.row} | {attack.name} | {played.bytes / 1e6:.2f} "
                f"| {played.memory_bytes / 1e6:+.1f} MB | {bulk.reading_nanos_per_byte:.1f} "
                f"| {bulk.ratio:.2f}x{' OVER' if over else ''} | {packets.ratio:.2f}x "
                f"| {', '.join(played.wanted)} |"
            )
            print(lines[-1], flush=True)
    bounds = (
        f"Bounds: +{MOST_MEMORY_BYTES / 1e6:.0f} MB, {MOST_CPU_RATIO}x; missed by {len(failures)}."
    )
    return Outcome("\n".join([*lines, "", bounds]), tuple(failures))


PROOF = Proof(
    word="hazards",
    claim=(
        f"Reading an attack costs at most {MOST_CPU_RATIO} times what relaying its bytes does, "
        f"and {MOST_MEMORY_BYTES / 1e6:.0f} MB."
    ),
    minutes=2,
    run=run,
    arguments="[ROW...]",
)
