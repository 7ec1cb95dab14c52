"""One Alertmanager: what is tried again and what is not, in which order, and that its task outlives whatever comes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from exporters.alertmanager import pusher
from exporters.alertmanager.access import Access, AccessError
from exporters.alertmanager.deliver import Deliveries
from exporters.alertmanager.pusher import Pusher
from sidecar.model.delivery import Alertmanager, Tls
from sidecar.model.sections.alerts import Alert
from sidecar.model.server_metrics import PollFailure
from sidecar.net import sender
from sidecar.net.http_client import Answer, FetchError, Headers, Peer
from tests.fakes.lines import Lines

NOW = 1_000
TO = Alertmanager("http://am:9093")
DOWN = FetchError(PollFailure.UNREACHABLE, "refused")


def alert(name: str, ends_at: int = 2_000, resolved: bool = False) -> Alert:
    """An alert of this name."""
    return Alert((("alertname", name),), (), 1, ends_at, resolved)


class Other:
    """The other side: what it answers next, and what it has been sent."""

    def __init__(self, *answers: int | Exception) -> None:
        self.answers = list(answers)
        self.got: list[list[str]] = []
        self.headers: Headers = ()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def post(
        self, peer: Peer, target: str, body: bytes, headers: Headers, timeout_seconds: float
    ) -> Answer:
        self.headers = headers
        self.got.append([each["labels"]["alertname"] for each in json.loads(body)])
        await self.may_answer.wait()
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return Answer(answer, "why")


def run(
    monkeypatch: pytest.MonkeyPatch,
    scenario: Callable[[Other, Pusher], Awaitable[None]],
    *answers: int | Exception,
    to: Alertmanager = TO,
) -> Lines:
    """Run a scenario without pauses; return what the log was told."""
    monkeypatch.setattr(sender, "FIRST_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(sender, "LAST_PAUSE_SECONDS", 0.0)
    log = Lines()

    async def whole() -> None:
        other = Other(*answers)
        monkeypatch.setattr(pusher, "post", other.post)
        one = Pusher(to, "", log, lambda: NOW)
        await scenario(other, one)
        one.stop()

    asyncio.run(whole())
    return log


async def until(found: Callable[[], bool]) -> None:
    """Let the task run until a condition holds."""

    async def wait() -> None:
        while not found():
            await asyncio.sleep(0)

    await asyncio.wait_for(wait(), 60)


@pytest.mark.parametrize("failure", [500, 503, 429, DOWN, RuntimeError("a fault of ours")])
def test_what_may_pass_is_tried_until_it_has(
    failure: int | Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(other: Other, one: Pusher) -> None:
        one.offer([alert("a"), alert("b")])
        await until(lambda: one.reading().sent == 2)
        found = one.reading()
        assert other.got == [["a", "b"]] * 4
        assert (found.errors, found.dropped, found.queued, found.last_error) == (6, 0, 0, "")
        assert found.last_success_unix_nanos == NOW

    log = run(monkeypatch, scenario, failure, failure, failure)
    assert log.lines == ["alerts were not taken", "alerts are taken again"], "and not at each"


@pytest.mark.parametrize("status", [302, 400, 401, 404])
def test_what_is_refused_is_not_tried_again(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(other: Other, one: Pusher) -> None:
        one.offer([alert("a")])
        await until(lambda: one.reading().errors == 1)
        one.offer([alert("b")])
        await until(lambda: one.reading().sent == 1)
        assert other.got == [["a"], ["b"]]

    log = run(monkeypatch, scenario, status)
    assert log.fields[0] == {"alertmanager": "http://am:9093", "reason": f"answered {status}: why"}


def test_a_later_word_waits_for_the_one_under_way_and_replaces_it_where_that_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario(other: Other, one: Pusher) -> None:
        other.may_answer.clear()
        one.offer([alert("a"), alert("b")])
        await until(lambda: len(other.got) == 1)
        one.offer([alert("a", 5, resolved=True), alert("c")])
        assert one.reading().queued == 2
        other.may_answer.set()
        await until(lambda: one.reading().sent == 3)
        assert other.got == [["a", "b"], ["a", "b", "c"]]

    run(monkeypatch, scenario, DOWN)


def test_a_secret_that_cannot_be_read_is_waited_for_and_read_each_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    token = tmp_path / "token"

    async def scenario(other: Other, one: Pusher) -> None:
        one.offer([alert("a")])
        await until(lambda: one.reading().errors > 0)
        assert other.got == [], "nothing is sent without it"
        assert one.reading().last_error == f"{token} cannot be read: No such file or directory"
        token.write_text(" one\n")
        await until(lambda: one.reading().sent == 1)
        assert ("authorization", "Bearer one") in other.headers
        token.write_text("two")
        one.offer([alert("a")])
        await until(lambda: one.reading().sent == 2)
        assert ("authorization", "Bearer two") in other.headers

    run(monkeypatch, scenario, to=Alertmanager("http://a", credentials_file=str(token)))


@pytest.mark.parametrize("content", [b"", b" \n", b"a\nb", b"\xff\xfe", b"x" * 20_000])
def test_what_is_no_secret_is_never_sent_nor_shown(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_bytes(content)
    access = Access(Alertmanager("http://a", "me", str(file)))
    with pytest.raises(AccessError) as caught:
        access.headers()
    assert str(file) in str(caught.value)
    assert "xx" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_certificates_that_cannot_be_used_are_told_by_their_files(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("no certificate")
    for path in (str(file), str(tmp_path / "gone.pem")):
        access = Access(Alertmanager("https://a", tls=Tls(ca_file=path)))
        with pytest.raises(AccessError, match=path):
            asyncio.run(access.peer())


def test_who_is_as_before_goes_on_and_who_is_gone_is_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> None:
        other = Other()
        monkeypatch.setattr(pusher, "post", other.post)
        one, two = Alertmanager("http://a"), Alertmanager("http://b")
        all_of_them = Deliveries(Lines())
        all_of_them.follow((one, two), "")
        all_of_them.offer((alert("x", 2**62),))
        await until(lambda: [each.sent for each in all_of_them.readings()] == [1, 1])
        all_of_them.follow((two,), "")
        all_of_them.offer((alert("y", 2**62),))
        await until(lambda: [each.sent for each in all_of_them.readings()] == [2])
        assert [each.url for each in all_of_them.readings()] == ["http://b"]
        assert len(other.got) == 3
        all_of_them.stop()
        assert all_of_them.readings() == ()

    asyncio.run(scenario())
