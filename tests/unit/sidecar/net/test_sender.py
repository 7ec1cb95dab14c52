"""Pushing: in order, bounded, tried again, and nothing lost without a count."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from sidecar.model.server_metrics import PollFailure
from sidecar.net import sender
from sidecar.net.http_client import FetchError
from sidecar.net.sender import (
    MAX_ATTEMPTS,
    MAX_QUEUED,
    MAX_QUEUED_BYTES,
    Sender,
    Sent,
    pause_seconds,
)

DOWN = FetchError(PollFailure.UNREACHABLE, "refused")


class Other:
    """The other side: what it answers next, and what it has been sent."""

    def __init__(self, *answers: int | Exception) -> None:
        self.answers = list(answers)
        self.got: list[bytes] = []
        self.asked = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def post(self, payload: bytes) -> int:
        self.asked += 1
        await self.may_answer.wait()
        self.got.append(payload)
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return answer


async def until(found: Callable[[], bool]) -> None:
    """Let the task run until a condition holds."""

    async def wait() -> None:
        while not found():
            await asyncio.sleep(0)

    await asyncio.wait_for(wait(), 60)


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await scenario()

    asyncio.run(whole())


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "FIRST_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(sender, "LAST_PAUSE_SECONDS", 0.0)


def test_payloads_arrive_in_their_order() -> None:
    async def scenario() -> None:
        other = Other()
        one = Sender(other.post)
        for payload in (b"a", b"b", b"c"):
            one.offer(payload)
        await until(lambda: one.counts.sent == 3)
        one.offer(b"d")
        await until(lambda: one.counts.sent == 4)
        assert other.got == [b"a", b"b", b"c", b"d"]
        one.stop()

    run(scenario)


@pytest.mark.parametrize("failure", [DOWN, RuntimeError("a bug"), 500, 503, 429])
def test_what_may_help_is_tried_again(failure: int | Exception) -> None:
    async def scenario() -> None:
        other = Other(failure, failure)
        one = Sender(other.post)
        one.offer(b"a")
        one.offer(b"b")
        await until(lambda: one.counts.sent == 2)
        assert other.got == [b"a", b"a", b"a", b"b"]
        assert one.counts == Sent(sent=2, failures=2)
        one.stop()

    run(scenario)


@pytest.mark.parametrize("status", [301, 400, 404, 413])
def test_what_is_refused_is_not_tried_again(status: int) -> None:
    async def scenario() -> None:
        other = Other(status)
        one = Sender(other.post)
        one.offer(b"a")
        one.offer(b"b")
        await until(lambda: one.counts.sent == 1)
        assert (other.got, one.counts) == ([b"a", b"b"], Sent(sent=1, refused=1))
        one.stop()

    run(scenario)


def test_the_oldest_make_room_and_are_counted_but_not_what_is_under_way() -> None:
    async def scenario() -> None:
        other = Other()
        other.may_answer.clear()
        one = Sender(other.post)
        one.offer(b"under way")
        await until(lambda: other.asked == 1)
        for n in range(MAX_QUEUED + 5):
            one.offer(b"%d" % n)
        assert one.counts.dropped == 5
        other.may_answer.set()
        await until(lambda: one.counts.sent == 1 + MAX_QUEUED)
        assert other.got == [b"under way", *(b"%d" % n for n in range(5, MAX_QUEUED + 5))]
        one.stop()

    run(scenario)


def test_one_that_never_arrives_holds_the_others_up_only_so_long() -> None:
    async def scenario() -> None:
        other = Other(*[500] * MAX_ATTEMPTS)
        one = Sender(other.post)
        one.offer(b"a")
        one.offer(b"b")
        await until(lambda: one.counts.sent == 1)
        assert other.got == [b"a"] * MAX_ATTEMPTS + [b"b"]
        assert one.counts == Sent(sent=1, dropped=1, failures=MAX_ATTEMPTS)
        one.stop()

    run(scenario)


def test_bytes_are_bounded_too() -> None:
    async def scenario() -> None:
        other = Other()
        other.may_answer.clear()
        one = Sender(other.post)
        third = bytes(MAX_QUEUED_BYTES // 3)
        for _ in range(4):
            one.offer(third)
        one.offer(bytes(MAX_QUEUED_BYTES + 1))
        assert one.counts.dropped == 2, "one of four thirds, and what is larger than all"
        one.stop()

    run(scenario)


def test_pauses_double_up_to_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "FIRST_PAUSE_SECONDS", 0.5)
    monkeypatch.setattr(sender, "LAST_PAUSE_SECONDS", 30.0)
    assert [pause_seconds(n) for n in (1, 2, 3, 7, 1000)] == [0.5, 1, 2, 30, 30]
