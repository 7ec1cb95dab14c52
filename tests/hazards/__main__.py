"""Plays every attack and prints what it cost: `python -m tests.hazards [ROW...]`."""

from __future__ import annotations

import sys
from contextlib import ExitStack

from tests.harness.wayside import running_wayside
from tests.hazards.attacks import ATTACKS, HONEST
from tests.hazards.measure import RELAY_ONLY, cost, play_once
from tests.hazards.passage import upstream

MOST_CPU_RATIO = 1.5
MOST_MEMORY_BYTES = 16_000_000
# What a network delivers at once, at the least; an attacker with a fast path delivers more, which costs the relay less.
PACKET_BYTES = 1400
HEAD = """| row | attack | MB | memory | reading, ns/byte | CPU, 16 KiB at once | CPU, packets | counted |
|--:|---|--:|--:|--:|--:|--:|---|"""


def main() -> int:
    """Measure; exit with 1 where a bound is missed."""
    rows = {int(word) for word in sys.argv[1:]}
    missed = 0
    print(HEAD)
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
            missed += over and attack is not HONEST
            print(
                f"| {attack.row} | {attack.name} | {played.bytes / 1e6:.2f} "
                f"| {played.memory_bytes / 1e6:+.1f} MB | {bulk.reading_nanos_per_byte:.1f} "
                f"| {bulk.ratio:.2f}x{' OVER' if over else ''} | {packets.ratio:.2f}x "
                f"| {', '.join(played.wanted)} |",
                flush=True,
            )
    print(f"bounds: +{MOST_MEMORY_BYTES / 1e6:.0f} MB, {MOST_CPU_RATIO}x; missed by {missed}")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
