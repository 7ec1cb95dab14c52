"""What objectives of each kind make of calls whose every step is known: frozen, slowly read, and in parts."""

from __future__ import annotations

import json

from sidecar.model.duration import HOUR, MINUTE
from sidecar.model.indicator import (
    All,
    Available,
    FirstTokenBelow,
    Indicator,
    LatencyBelow,
    LongestGapBelow,
    TokenTimeBelow,
)
from sidecar.model.objective import Objective
from tests.e2e.judged_place import judged
from tests.e2e.outcome_calls import DONE, HELLO, Http1, event, token
from tests.harness.compiled import grpc_frame
from tests.harness.conversation import Passes, Step, client, conversation, converse, server
from tests.hazards import frames as h2
from tests.hazards.passage import WRITE_BYTES, carry, fill

MS, SECOND = 1_000_000, 1_000_000_000
HTTP = Http1()
# Larger than what any two sockets hold between them.
LARGE_BYTES = 24 * 1024 * 1024
SLOW_SECONDS = 4.0
"""A client does not read for longer than a request may take, which is more than any machine takes by itself."""


def objective(name: str, indicator: Indicator, *, per_model: bool = False) -> Objective:
    """Promise something of all calls."""
    return Objective(name, indicator, "0.99", per_model=per_model)


def chat(*pieces: bytes, after: float = 0.0) -> list[Step]:
    """Ask for a chat; its pieces come with so much time between."""
    steps: list[Step] = [client(HTTP.asks()), server(HTTP.begins())]
    for piece in pieces:
        steps += [Passes(after), server(HTTP.goes_on(piece))]
    return [*steps, server(HTTP.finishes())]


def usage(prompt: int, completion: int, cached: int = 0) -> bytes:
    """State the tokens of a chat."""
    told = {"prompt_tokens": prompt, "completion_tokens": completion}
    return event({"usage": {**told, "prompt_tokens_details": {"cached_tokens": cached}}})


def test_a_stream_that_freezes_burns_while_it_is_frozen_and_once() -> None:
    flows = objective("flows", LongestGapBelow(300 * MS))
    starts = objective("starts", FirstTokenBelow(HOUR))
    steps = [client(HTTP.asks()), server(HTTP.begins()), server(HTTP.goes_on(token()))]
    with judged(flows, starts) as it:
        with conversation(it.server, it.address, steps) as frozen:
            it.wait_for(flows, {"bad": 1})
            assert it.events(starts) == {}, "it is still open"
            rest = HTTP.goes_on(token()) + HTTP.goes_on(DONE) + HTTP.finishes()
            carry(frozen.server, frozen.client, rest, WRITE_BYTES)
            it.wait_for(starts, {"good": 1})
        assert it.events(flows) == {"bad": 1}


def test_who_does_not_read_over_http_burns_nothing() -> None:
    parts = (
        objective("fast", LatencyBelow(round(SLOW_SECONDS * SECOND))),
        objective("flows", LongestGapBelow(round(SLOW_SECONDS * SECOND))),
    )
    big = HTTP.goes_on(token("a" * 10_000)) * (LARGE_BYTES // 10_000)
    steps = [client(HTTP.asks()), server(HTTP.begins()), server(HTTP.goes_on(token()))]
    with judged(*parts) as it, conversation(it.server, it.address, steps) as slow:
        taken = fill(slow.server, big, WRITE_BYTES)
        assert taken < len(big), "back-pressure has reached the server"
        it.let_pass(SLOW_SECONDS + 1)
        assert [it.events(each) for each in parts] == [{}, {}], "it is not bad meanwhile"
        carry(slow.server, slow.client, big, WRITE_BYTES, taken)
        end = HTTP.goes_on(DONE) + HTTP.finishes()
        carry(slow.server, slow.client, end, WRITE_BYTES)
        for each in parts:
            it.wait_for(each, {"client_slow": 1})


def test_who_does_not_read_over_grpc_burns_nothing() -> None:
    fast = objective("fast", LatencyBelow(round(SLOW_SECONDS * SECOND)))
    message = grpc_frame(bytes(LARGE_BYTES))
    size = 16_384
    frames = [h2.data(1, message[at : at + size]) for at in range(0, len(message), size)]
    answer = h2.headers(1, h2.ANSWER_HEAD) + b"".join(frames)
    asked = h2.request(1, h2.asking("resnet50"))
    steps: list[Step] = [*HELLO, client(asked)]
    with judged(fast) as it, conversation(it.server, it.address, steps) as slow:
        taken = fill(slow.server, answer, WRITE_BYTES)
        assert taken < len(answer)
        it.let_pass(SLOW_SECONDS + 1)
        assert it.events(fast) == {}
        carry(slow.server, slow.client, answer, WRITE_BYTES, taken)
        carry(slow.server, slow.client, h2.headers(1, h2.TRAILERS, end=True), WRITE_BYTES)
        it.wait_for(fast, {"client_slow": 1})


def test_goodput_is_as_good_as_all_of_its_parts() -> None:
    tokens = TokenTimeBelow(1 * MS)
    both = objective("both", All((FirstTokenBelow(HOUR), tokens, LongestGapBelow(HOUR))))
    alone = objective("alone", tokens)
    with judged(both, alone) as it:
        for pieces in (
            (token(), token(), usage(1, 2)),  # bad: 10 ms for one token more
            (token(), token(), usage(1, 1_000_000)),  # good
            (token(), token()),  # nobody knows
        ):
            converse(it.server, it.address, chat(*pieces, DONE, after=0.01))
        converse(it.server, it.address, [client(HTTP.asks()), server(HTTP.answers(500))])
        for each in (both, alone):
            it.wait_for(each, {"bad": 2, "good": 1, "no_tokens": 1})


def test_a_threshold_grows_with_the_prompt_as_far_as_that_is_told_and_was_computed() -> None:
    starts = objective("starts", FirstTokenBelow(1 * MS, MINUTE, HOUR))
    with judged(starts) as it:
        for told in ([usage(2, 1)], [usage(2, 1, cached=2)], []):
            converse(it.server, it.address, chat(token(), *told, DONE, after=0.01))
        it.wait_for(starts, {"good": 1, "bad": 1, "no_length": 1})


def test_each_model_has_its_own_counts_and_unknown_is_there_from_the_start() -> None:
    answers = objective("answers", Available(), per_model=True)
    with judged(answers) as it:
        it.wait_for(answers, {}, "unknown")
        for model, status in (("llama", 200), ("llama", 500), ("bert", 200), ("never", 500)):
            body = json.dumps({"model": model}).encode()
            head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
            answer = HTTP.answers(status, {"choices": []})
            converse(it.server, it.address, [client(head.encode() + body), server(answer)])
        it.wait_for(answers, {"good": 1, "bad": 1}, "llama")
        it.wait_for(answers, {"good": 1}, "bert")
        it.wait_for(answers, {"bad": 1}, "unknown")
        assert it.newest().tap.slo_models_capped == 0
