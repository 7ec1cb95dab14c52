"""All attacks, in the order of their rows, and the rows that are tested elsewhere."""

from __future__ import annotations

from tests.hazards.floods import FLOODS
from tests.hazards.heads import HEADS
from tests.hazards.meanings import MEANINGS

ATTACKS = tuple(sorted((*FLOODS, *HEADS, *MEANINGS), key=lambda attack: attack.row))
ROWS = range(1, 34)
ELSEWHERE = {
    7: "test_slow_readers_hold_no_more_than_the_budget_and_harm_nobody",
    9: "test_a_thousand_stalled_streams_are_shown_and_cost_little",
    32: "test_at_the_cap_accepting_pauses_and_resumes",
    33: "test_others_have_their_turn_beside_bytes_that_are_dear_to_read",
}
"""Row: what tests/e2e/test_limits.py has on it."""
