"""All attacks, in the order of their rows, and the rows that are tested elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import hpack

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.e2e.crowd import ANSWER, REQUEST, TRAILERS
from tests.harness.compiled import grpc_frame
from tests.hazards import frames as h2
from tests.hazards.attack import AFTER, Attack, calls, down, h2_script, up
from tests.hazards.floods import BATCH, FLOODS
from tests.hazards.heads import HEADS
from tests.hazards.meanings import MEANINGS
from tests.hazards.passage import Step

ATTACKS = tuple(sorted((*FLOODS, *HEADS, *MEANINGS), key=lambda attack: attack.row))
ROWS = range(1, 34)
ELSEWHERE = {
    7: "test_slow_readers_hold_no_more_than_the_budget_and_harm_nobody",
    9: "test_a_thousand_stalled_streams_are_shown_and_cost_little",
    32: "test_at_the_cap_accepting_pauses_and_resumes",
    33: "test_others_have_their_turn_beside_bytes_that_are_dear_to_read",
}
"""Row: what tests/e2e/test_limits.py has on it."""

HONEST_CALLS = 5 * BATCH


def honest_calls() -> Sequence[Step]:
    """Unary calls of 256 bytes each way, with header blocks as a real client and a real server encode them."""
    client, server = hpack.Encoder(), hpack.Encoder()
    steps = []
    for first in range(0, HONEST_CALLS, BATCH):
        asked, said = [], []
        for n in range(first, first + BATCH):
            stream, tensor = 2 * n + 1, bytes(230)
            ask = oip.ModelInferRequest(model_name=AFTER, id=f"{n:08}", raw_input_contents=[tensor])
            answer = oip.ModelInferResponse(
                model_name=AFTER, id=f"{n:08}", raw_output_contents=[tensor]
            )
            asked += [
                h2.headers(stream, client.encode(REQUEST)),
                h2.data(stream, grpc_frame(ask.SerializeToString()), end=True),
            ]
            said += [
                h2.headers(stream, server.encode(ANSWER)),
                h2.data(stream, grpc_frame(answer.SerializeToString())),
                h2.headers(stream, server.encode(TRAILERS), end=True),
            ]
        steps += [up(b"".join(asked)), down(b"".join(said))]
    return h2_script(*steps)


HONEST = Attack(0, "none: honest calls", honest_calls, [calls(HONEST_CALLS + 1, model=AFTER)])
"""What reading costs beside relaying where nobody attacks: what an attack is to be compared with."""
