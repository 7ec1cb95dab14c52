"""The newest word of each alert waits, and no other."""

from __future__ import annotations

from exporters.alertmanager.mailbox import MAX_BATCH, MAX_QUEUED, Mailbox
from sidecar.model.sections.alerts import Alert


def alert(name: str, ends_at: int = 100, resolved: bool = False) -> Alert:
    """An alert of this name."""
    return Alert((("alertname", name),), (), 1, ends_at, resolved)


def test_a_later_word_replaces_an_earlier_one() -> None:
    box = Mailbox()
    box.put([alert("a", 100), alert("b", 100)])
    box.put([alert("a", 7, resolved=True)])
    assert box.take(50) == [alert("a", 7, resolved=True), alert("b", 100)]
    assert (len(box), box.dropped) == (0, 0)


def test_what_could_not_be_sent_stands_before_all_else_but_not_before_a_later_word() -> None:
    box = Mailbox()
    box.put([alert("a", 100), alert("b", 100)])
    batch = box.take(50)
    box.put([alert("c", 100), alert("a", 200)])
    box.put_back(batch)
    assert box.take(50) == [alert("a", 200), alert("b", 100), alert("c", 100)]


def test_one_that_fires_is_not_sent_when_its_end_has_passed_as_that_would_end_it() -> None:
    box = Mailbox()
    box.put([alert("old", 50), alert("new", 51), alert("ended", 3, resolved=True)])
    assert box.take(50) == [alert("new", 51), alert("ended", 3, resolved=True)]
    assert box.dropped == 1


def test_batches_are_as_large_as_prometheus_has_them() -> None:
    box = Mailbox()
    box.put([alert(f"a{n}") for n in range(MAX_BATCH + 1)])
    assert [len(box.take(50)), len(box.take(50)), len(box.take(50))] == [256, 1, 0]


def test_there_is_room_for_so_many_and_the_oldest_go() -> None:
    box = Mailbox()
    box.put([alert(f"a{n}") for n in range(MAX_QUEUED + 3)])
    assert (len(box), box.dropped) == (MAX_QUEUED, 3)
    batch = box.take(50)
    assert batch[0] == alert("a3")
    box.put([alert(f"b{n}") for n in range(MAX_BATCH)])
    box.put_back(batch)
    assert (len(box), box.dropped) == (MAX_QUEUED, 3 + MAX_BATCH)
