"""Calls of every kind that grpcio makes, in cases: each makes them on an address, and returns what the client saw.

A case checks that it was what it is meant to be: two equal results may be equally wrong.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeAlias

from tests.e2e.grpc_calls import (
    BIDI,
    CLIENT_STREAM,
    INFER,
    SERVER_STREAM,
    UNARY,
    Metadata,
    Seen,
    connected,
    inference,
)
from tests.fakes.oip import ECHO, STATUS_BY_NUMBER

Case: TypeAlias = Callable[[str], list[Seen]]
CASES: list[Case] = []

ALL_KINDS = (UNARY, SERVER_STREAM, CLIENT_STREAM, BIDI)
MANY = 2_000
RANDOM = random.Random(2)
# Around HTTP/2's frame and window sizes, and beyond every buffer there is.
SIZES = (1, 16_379, 16_384, 65_535, 1_000_003, 64_000_000)
MESSAGES = [RANDOM.randbytes(size) for size in SIZES]
EVERY_BYTE = bytes(range(256))
COMPRESSIBLE = bytes(1_000_000)
HEADER_BYTES = 65_536
NOISE = RANDOM.randbytes(HEADER_BYTES * 3 // 4)  # as long as the others once it is base64


def case(function: Case) -> Case:
    """Have a case run by tests/e2e/test_grpc.py."""
    CASES.append(function)
    return function


def codes(calls: list[Seen]) -> set[str]:
    """Name the codes that occur."""
    return {seen.code for seen in calls}


@case
def all_kinds_with_messages_of_all_sizes(address: str) -> list[Seen]:
    """Nothing, little, and 64 MB."""
    with connected(address) as client:
        calls = [client.call(method, b"") for method in ALL_KINDS]
        calls += [client.call(method, message) for message in MESSAGES for method in (UNARY, BIDI)]
        calls += [client.call(method, *MESSAGES[:-1]) for method in (CLIENT_STREAM, BIDI)]
        calls += [client.call(SERVER_STREAM, MESSAGES[-2], metadata=[("x-count", "5")])]
    assert codes(calls) == {"OK"}
    assert calls[-1].answers == calls[-1].answers[:1] * 5
    return calls


@case
def all_kinds_with_many_messages(address: str) -> list[Seen]:
    """Many at once, and none at all."""
    messages = [b"%d" % number for number in range(MANY)]
    with connected(address) as client:
        calls = [
            client.call(SERVER_STREAM, b"again", metadata=[("x-count", str(MANY))]),
            client.call(CLIENT_STREAM, *messages),
            client.call(BIDI, *messages),
            client.call(SERVER_STREAM, b"never", metadata=[("x-count", "0")]),
            client.call(CLIENT_STREAM),
            client.call(BIDI),
        ]
    assert [len(seen.answers) for seen in calls] == [MANY, 1, MANY, 0, 1, 0]
    return calls


@case
def metadata_of_every_kind(address: str) -> list[Seen]:
    """Every byte in -bin values, repeated keys in their order, empty values, odd lengths of base64."""
    metadata: Metadata = (
        ("x-echo-all-bin", EVERY_BYTE),
        ("x-echo-twice", "first"),
        *((f"x-echo-{length}-bin", EVERY_BYTE[-length:]) for length in (1, 2, 3, 4)),
        ("x-echo-twice", "second"),
        ("x-echo-empty", ""),
        ("x-echo-empty-bin", b""),
        ("x-echo-twice-bin", b"\x00,\x00"),
        ("x-echo-twice", "first"),
        ("x-echo-twice-bin", b"\xff"),
        ("x-echo-printable", "".join(map(chr, range(0x20, 0x7F))).strip()),
    )
    with connected(address) as client:
        calls = [client.call(method, b"m", metadata=metadata) for method in ALL_KINDS * 3]
    trailing = dict(calls[0].trailing)
    assert trailing["x-trail-all-bin"] == EVERY_BYTE
    assert [value for key, value in calls[0].initial if key == "x-echo-twice"] == [
        "first",
        "second",
        "first",
    ]
    return calls


@case
def headers_of_64_kib(address: str, **options: int) -> list[Seen]:
    """One value as long as that, and as many short ones, each way, then small ones that use the same tables."""
    one = [("x-echo-long", "y" * HEADER_BYTES)]
    many = [(f"x-echo-{number:03}", f"{number:0128}") for number in range(HEADER_BYTES // 128)]
    noise = [("x-echo-noise-bin", NOISE)]
    small = [("x-echo-small", "s")]
    with connected(address, **options) as client:
        calls = [
            client.call(method, b"m", metadata=metadata)
            for metadata in (one, many, noise, small, many, one)
            for method in (UNARY, BIDI)
        ]
    assert [len(seen.trailing) for seen in calls] == [1, 1, 512, 512, 1, 1, 1, 1, 512, 512, 1, 1]
    return calls


@case
def every_status(address: str) -> list[Seen]:
    """Each code that a server can send, after a good answer has made the model known."""
    with connected(address) as client:
        calls = [client.infer("statuses")]
        calls += [client.infer("statuses", status=number) for number in range(1, 17)]
    assert [seen.code for seen in calls] == [STATUS_BY_NUMBER[at].name for at in range(17)]
    assert calls[5].details == "status 5, as asked for"
    return calls


@case
def what_the_server_does_not_have(address: str) -> list[Seen]:
    """An unknown method of a known service, and an unknown service."""
    with connected(address) as client:
        calls = [client.call(f"{ECHO}/Nothing", b"m"), client.call("no.Service/Nothing", b"m")]
    assert codes(calls) == {"UNIMPLEMENTED"}
    return calls


@case
def cancelled_before_the_first_answer(address: str) -> list[Seen]:
    """Each kind given up while the server works, and with much time left: not a timeout."""
    calls = []
    with connected(address) as client:
        for method in (UNARY, CLIENT_STREAM, BIDI, SERVER_STREAM):
            metadata = [("x-wait", "1"), ("x-count", "0")]
            kind = "unary_stream" if method == UNARY else ""
            sent = [b"sent"] if method in (UNARY, SERVER_STREAM) else []
            call = client.start(method, *sent, metadata=metadata, held=True, kind=kind)
            call.cancel()
            calls.append(call.seen(ended_by="client"))
        calls.append(client.call(UNARY, b"the connection is still good"))
    assert [seen.code for seen in calls] == ["CANCELLED"] * 4 + ["OK"]
    return calls


@case
def cancelled_after_some_answers(address: str) -> list[Seen]:
    """Streams given up in the middle."""
    with connected(address) as client:
        metadata = [("x-wait", "1"), ("x-count", "3")]
        down = client.start(SERVER_STREAM, b"three", metadata=metadata)
        both = client.start(BIDI, b"one", b"two", held=True)
        for call, count in ((down, 3), (both, 2)):
            call.read_answers(count)
            call.cancel()
        calls = [down.seen(ended_by="client"), both.seen(ended_by="client")]
        calls.append(client.call(UNARY, b"the connection is still good"))
    assert [len(seen.answers) for seen in calls] == [3, 2, 1]
    assert [seen.code for seen in calls] == ["CANCELLED"] * 2 + ["OK"]
    return calls


@case
def a_thousand_calls_on_one_channel(address: str) -> list[Seen]:
    """One after the other; the model has no name until its first good answer."""
    with connected(address) as client:
        calls = [client.infer("one-by-one", status=13)]
        calls += [client.infer("one-by-one") for _ in range(1_000)]
    assert [seen.code for seen in calls] == ["INTERNAL"] + ["OK"] * 1_000
    return calls


@case
def a_thousand_calls_a_hundred_at_a_time(address: str) -> list[Seen]:
    """Answers overtake each other: each call still has its own."""
    calls = []
    with connected(address) as client:
        for _ in range(10):
            requests = [
                inference("together", id=str(at), sleep_us=(at % 10) * 1_000) for at in range(100)
            ]
            started = [client.start(INFER, request) for request in requests]
            calls += [call.seen(model="together") for call in started]
    assert codes(calls) == {"OK"}
    assert len({seen.answers for seen in calls[:100]}) == 100
    return calls
